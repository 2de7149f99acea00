/** Splits what the engine sends of a container's output: frames of an 8-byte header (stream, 3 zeros, length) and their bytes. */
import { type Duplex, Readable } from 'node:stream';

/** Bytes that may wait for the reader here, besides those in the socket. */
const WAITING_BYTES = 256 * 1024;
const HEADER = 8;
const STDERR = 2;

/** `cut`: the connection broke, or was closed in the middle of a message. */
export type OutputEnd = 'complete' | 'cut';

export interface Demultiplexed {
  /** Not reading it holds the container back. */
  readonly stdout: Readable;
  /** Settles when the engine has sent everything, or the connection has ended. */
  readonly ended: Promise<OutputEnd>;
}

/** @param onStderr gets each piece as it comes; both come on one connection, and stdout that is not read holds it back too */
export function demultiplex(socket: Duplex, onStderr: (chunk: Buffer) => void): Demultiplexed {
  const stdout = new Readable({ highWaterMark: WAITING_BYTES, read: () => void socket.resume() });
  const header = Buffer.alloc(HEADER);
  let headerFilled = 0;
  let kind = 0;
  let left = 0;
  let finish: (how: OutputEnd) => void = () => {};
  const ended = new Promise<OutputEnd>((resolve) => {
    finish = resolve;
  });
  const end = (how: OutputEnd): void => {
    if (!stdout.destroyed && !stdout.readableEnded) stdout.push(null);
    finish(how);
  };

  socket.on('data', (chunk: Buffer) => {
    let at = 0;
    let wantsMore = true;
    while (at < chunk.length) {
      if (left === 0) {
        const copied = chunk.copy(header, headerFilled, at, at + HEADER - headerFilled);
        headerFilled += copied;
        at += copied;
        if (headerFilled < HEADER) break;
        headerFilled = 0;
        kind = header[0] ?? 0;
        left = header.readUInt32BE(4);
        continue;
      }
      const piece = chunk.subarray(at, at + left);
      at += piece.length;
      left -= piece.length;
      if (kind === STDERR) onStderr(piece);
      else if (!stdout.destroyed) wantsMore = stdout.push(piece);
    }
    if (!wantsMore) socket.pause();
  });
  // A closed reader must not block the stream.
  stdout.once('close', () => socket.resume());
  socket.once('end', () => end(left === 0 && headerFilled === 0 ? 'complete' : 'cut'));
  socket.once('close', () => end('cut'));
  socket.on('error', () => end('cut'));
  return { stdout, ended };
}
