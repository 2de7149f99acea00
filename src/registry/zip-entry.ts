/** Extracts one file from a zip archive in memory, by its exact name. Nothing is written, so no path in the archive matters. */
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT_LENGTH = 0xffff;
const ENCRYPTED = 1;

/**
 * @param maxBytes of the unpacked file
 * @returns undefined if no such file is in the archive
 * @throws RangeError if the bytes are not an archive, or the file is too large, encrypted, or packed in an unusual way
 */
export function zipEntry(archive: Buffer, name: string, maxBytes: number): Buffer | undefined {
  const end = endOf(archive);
  let at = archive.readUInt32LE(end + 16);
  const count = archive.readUInt16LE(end + 10);
  for (let index = 0; index < count; index += 1) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new RangeError('no list of files');
    const nameBytes = archive.readUInt16LE(at + 28);
    const found = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    if (found === name) return unpacked(archive, at, maxBytes);
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return undefined;
}

function endOf(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - MAX_COMMENT_LENGTH);
  for (let at = archive.length - END_BYTES; at >= first; at -= 1) if (archive.readUInt32LE(at) === END) return at;
  throw new RangeError('no zip archive');
}

function unpacked(archive: Buffer, entry: number, maxBytes: number): Buffer {
  const [flags, method] = [archive.readUInt16LE(entry + 8), archive.readUInt16LE(entry + 10)];
  const [packedBytes, bytes] = [archive.readUInt32LE(entry + 20), archive.readUInt32LE(entry + 24)];
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL) throw new RangeError('no file where one is listed');
  if ((flags & ENCRYPTED) !== 0) throw new RangeError('encrypted');
  if (bytes > maxBytes) throw new RangeError('too large');
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === 0) return packed;
  // The size that an archive tells of itself may be a lie.
  if (method === 8) return inflateRawSync(packed, { maxOutputLength: maxBytes });
  throw new RangeError(`packed by method ${method}`);
}
