/** Archives in the engine's format (POSIX ustar): a few small files with their owner and mode. */

export interface TarEntry {
  /** Path inside the archive, at most 100 bytes; a folder's ends with a slash. */
  readonly path: string;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content?: Buffer;
}

const BLOCK = 512;

export function packTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = entry.content ?? Buffer.alloc(0);
    return [header(entry, content.length), content, Buffer.alloc(padding(content.length))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The content of the first file of an archive; undefined if there is none. */
export function firstFile(archive: Buffer): Buffer | undefined {
  let at = 0;
  // A block of zeros is the end.
  while (at + BLOCK <= archive.length && archive[at] !== 0) {
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136).replace(/[\0 ]/g, ''), 8) || 0;
    const kind = String.fromCharCode(archive[at + 156] ?? 0);
    const start = at + BLOCK;
    if (kind === '0' || kind === '\0') return archive.subarray(start, start + size);
    at = start + size + padding(size);
  }
  return undefined;
}

function header({ path, mode, uid, gid, content }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(path) > 100) throw new RangeError(`too long for an archive: ${path}`);
  block.write(path, 0);
  writeOctal(block, 100, 8, mode);
  writeNumber(block, 108, 8, uid);
  writeNumber(block, 116, 8, gid);
  writeNumber(block, 124, 12, size);
  writeOctal(block, 136, 12, 0);
  block.write(content ? '0' : '5', 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeOctal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

/** Values too large for octal digits use GNU base-256: user namespaces have uids of ten digits. */
function writeNumber(block: Buffer, at: number, length: number, value: number): void {
  if (value < 8 ** (length - 1)) {
    writeOctal(block, at, length, value);
  } else {
    block[at] = 0x80;
    block.writeUIntBE(value, at + length - 6, 6);
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
