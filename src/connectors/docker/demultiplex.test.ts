import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demultiplex } from './demultiplex.ts';

function frame(kind: number, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 }).map(Buffer.from)));

test('each stream gets its bytes in order, however the input is split', async () => {
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), async (all, sizes) => {
      const socket = new PassThrough();
      const errors: Buffer[] = [];
      const { stdout, ended } = demultiplex(socket, (chunk) => errors.push(chunk));
      const bytes = Buffer.concat(all.map(([kind, content]) => frame(kind, content)));
      for (let at = 0, turns = 0; at < bytes.length; turns += 1) {
        const size = sizes[turns % sizes.length] ?? 1;
        socket.write(bytes.subarray(at, at + size));
        at += size;
      }
      socket.end();
      const out: Buffer[] = [];
      for await (const chunk of stdout) out.push(chunk as Buffer);
      await ended;
      const expected = (kind: number): string =>
        Buffer.concat(all.flatMap(([one, content]) => (one === kind ? [content] : []))).toString('hex');
      expect(Buffer.concat(out).toString('hex')).toBe(expected(1));
      expect(Buffer.concat(errors).toString('hex')).toBe(expected(2));
    }),
    { numRuns: 200 },
  );
});

test('a slow reader holds the connection back, and a closed one lets it flow', async () => {
  const socket = new PassThrough({ highWaterMark: 16 });
  const { stdout } = demultiplex(socket, () => {});
  const block = frame(1, Buffer.alloc(64 * 1024));
  let written = 0;
  while (written < 100 && socket.write(block)) {
    written += 1;
    await turn();
  }
  await turn();
  for (let turns = 0; turns < 50; turns += 1) await turn();
  expect(socket.writableNeedDrain || socket.isPaused() || written < 100).toBe(true);
  expect(stdout.readableLength).toBeLessThan(400 * 1024);
  stdout.destroy();
  for (let turns = 0; turns < 50; turns += 1) await turn();
  expect(socket.writableNeedDrain).toBe(false);
});

const complete = frame(1, Buffer.from('{"type":"LOG"}\n'));
test.each([
  ['ends between two messages', complete, (socket: PassThrough) => socket.end(), 'complete'],
  [
    'ends in the middle of a header',
    Buffer.concat([complete, complete.subarray(0, 3)]),
    (socket: PassThrough) => socket.end(),
    'cut',
  ],
  ['ends in the middle of a message', complete.subarray(0, 12), (socket: PassThrough) => socket.end(), 'cut'],
  ['breaks', complete, (socket: PassThrough) => socket.destroy(new Error('ECONNRESET')), 'cut'],
  ['is closed without its end', complete, (socket: PassThrough) => socket.destroy(), 'cut'],
])('a connection that %s', async (_what, bytes, close, how) => {
  const socket = new PassThrough();
  const { stdout, ended } = demultiplex(socket, () => {});
  stdout.resume();
  socket.write(bytes);
  await turn();
  close(socket);
  expect(await ended).toBe(how);
});
