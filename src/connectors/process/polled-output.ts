/**
 * A program's stdout as a named pipe that this process polls. A connector that flushes each record would otherwise
 * wake this process for each one; a pipe gathers what was written between two reads.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { systemCode } from '../../errors.ts';
import type { ProgramOutput } from './output.ts';

/** A read ends at this: what a pipe holds on Linux. */
const PIPE_BYTES = 64 * 1024;
/** A reader that waits does so for about this much: a writer must not find the pipe full. */
const WANTED_BYTES = 24 * 1024;
/** Bytes that may wait for the reader here, besides those in the pipe. */
const WAITING_BYTES = 256 * 1024;
/** Small pieces are copied out of the buffer, which is used again. */
const MAX_COPIED_BYTES = 16 * 1024;
const MIN_WAIT_MS = 1;
const MAX_WAIT_MS = 10;

export interface PolledPipe {
  readonly output: ProgramOutput & { readonly wake: () => void };
  /** The end to be given to the program. */
  readonly writeEnd: number;
  /** Closes this process's copy of that end: the output ends when the program's copies are closed. */
  closeWriteEnd(): void;
}

/**
 * Makes the pipe, and leaves nothing of it in the file system.
 * @param path of a file that does not exist
 * @returns undefined where the system or the file system has no named pipes
 */
export async function openPolledPipe(path: string): Promise<PolledPipe | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch {
    return undefined;
  }
  // With O_NONBLOCK, opening does not wait for the other end; the program's end must block.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openOther(path, readEnd);
  await unlink(path);
  let closed = false;
  return {
    output: outputOf(new PolledStream(readEnd)),
    writeEnd,
    closeWriteEnd() {
      if (!closed) closeSync(writeEnd);
      closed = true;
    },
  };
}

function openOther(path: string, readEnd: number): number {
  try {
    return openSync(path, constants.O_WRONLY);
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}

function outputOf(stream: PolledStream): PolledPipe['output'] {
  return {
    stream,
    received: stream.received,
    bytes: () => stream.bytesRead,
    isHeld: () => !stream.isWanted,
    end: () => stream.finish(),
    wake: () => stream.wake(),
  };
}

/** Ends when all writers have closed their end and everything is read. Destroying it closes the read end. */
class PolledStream extends Readable {
  /** Bytes read from the pipe so far. */
  bytesRead = 0;
  /** Whether the reader takes more. */
  isWanted = false;
  readonly received: Promise<void>;
  #settle: () => void = () => {};
  readonly #readEnd: number;
  #scratch = Buffer.allocUnsafeSlow(PIPE_BYTES);
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #waitMs = MIN_WAIT_MS;
  #polledAt = performance.now();
  #isFinished = false;

  constructor(readEnd: number) {
    super({ highWaterMark: WAITING_BYTES });
    this.#readEnd = readEnd;
    this.received = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Reads now: something is known to have happened at the other end. */
  wake(): void {
    if (this.#timer) this.#poll();
  }

  /** Ends the stream after what was read so far. */
  finish(): void {
    this.#cancel();
    this.#settle();
    if (!this.destroyed && !this.readableEnded && !this.#isFinished) this.push(null);
    this.#isFinished = true;
  }

  override _read(): void {
    this.isWanted = true;
    if (!this.#timer && !this.#immediate && !this.#isFinished) this.#immediate = setImmediate(() => this.#poll());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancel();
    this.#settle();
    closeSync(this.#readEnd);
    done(error);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }

  #poll(): void {
    this.#cancel();
    const now = performance.now();
    const bytes = this.#readOnce();
    if (bytes === 'ended') this.finish();
    if (bytes === 'ended' || this.destroyed || this.#isFinished) return;
    this.#waitMs = nextWait(bytes, now - this.#polledAt, this.#waitMs);
    this.#polledAt = now;
    if (!this.isWanted || this.#immediate) return;
    if (bytes === PIPE_BYTES) this.#immediate = setImmediate(() => this.#poll());
    else this.#timer = setTimeout(() => this.#poll(), this.#waitMs);
  }

  /** @returns how many bytes there were; 0 where the pipe is empty */
  #readOnce(): number | 'ended' {
    let bytes: number;
    try {
      bytes = readSync(this.#readEnd, this.#scratch, 0, PIPE_BYTES, null);
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return 0;
      this.destroy(error as Error);
      return 0;
    }
    if (bytes === 0) return 'ended';
    this.bytesRead += bytes;
    this.isWanted = false;
    // `push` asks for more at once where the reader is ready.
    const wantsMore = this.push(this.#take(bytes));
    this.isWanted ||= wantsMore;
    return bytes;
  }

  #take(bytes: number): Buffer {
    const read = this.#scratch.subarray(0, bytes);
    if (bytes <= MAX_COPIED_BYTES) return Buffer.from(read);
    this.#scratch = Buffer.allocUnsafeSlow(PIPE_BYTES);
    return read;
  }
}

/** @returns the milliseconds in which a program that continues like this writes what is wanted; longer and longer where it is silent */
export function nextWait(bytes: number, elapsedMs: number, lastMs: number): number {
  const wanted = bytes === 0 ? lastMs * 2 : (elapsedMs * WANTED_BYTES) / bytes;
  return Math.max(MIN_WAIT_MS, Math.min(MAX_WAIT_MS, wanted));
}
