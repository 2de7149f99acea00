/** Large files, written in large pieces and identified by their hash. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';

const PIECE = 4 * 1024 * 1024;

export interface Writer {
  line(text: string): void;
  /** Closes the file. @returns its SHA-256 */
  end(): string;
}

export function hashedWriter(path: string): Writer {
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  let lines: string[] = [];
  let length = 0;
  const flush = (): void => {
    const bytes = Buffer.from(lines.join(''), 'utf8');
    hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    lines = [];
    length = 0;
  };
  return {
    line(text) {
      lines.push(text, '\n');
      length += text.length;
      if (length >= PIECE) flush();
    },
    end() {
      flush();
      closeSync(file);
      return hash.digest('hex');
    },
  };
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: PIECE })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Puts a file into the page cache, so that no engine pays for the disk. */
export async function warm(path: string): Promise<void> {
  for await (const _ of createReadStream(path, { highWaterMark: PIECE }));
}
