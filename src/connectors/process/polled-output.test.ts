/** The pipe between a real program and its reader. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextWait, openPolledPipe, type PolledPipe } from './polled-output.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pipe-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(script: string): Promise<{ pipe: PolledPipe; child: ChildProcess }> {
  made += 1;
  const pipe = await openPolledPipe(join(folder, `${made}`));
  if (!pipe) throw new Error('no named pipe can be made here');
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', pipe.writeEnd, 'pipe'] });
  pipe.closeWriteEnd();
  return { pipe, child };
}

const LINES = 20_000;
const LINE = 'x'.repeat(200);
/** One write for each line, as connectors do that flush. */
const FLUSHES = `const { writeSync } = require('node:fs');
  for (let i = 0; i < ${LINES}; i += 1) writeSync(1, i + ' ${LINE}\\n');`;
const EXPECTED = createHash('sha256');
for (let i = 0; i < LINES; i += 1) EXPECTED.update(`${i} ${LINE}\n`);
const SUM = EXPECTED.digest('hex');

describe('the output of a program', () => {
  it('arrives complete and in order, gathered from many small writes', async () => {
    const { pipe } = await start(FLUSHES);
    const sum = createHash('sha256');
    let chunks = 0;
    for await (const chunk of pipe.output.stream as AsyncIterable<Buffer>) {
      chunks += 1;
      sum.update(chunk);
    }
    expect(sum.digest('hex')).toBe(SUM);
    expect(chunks).toBeLessThan(LINES / 10);
    await pipe.output.received;
  });

  it('waits for a reader that pauses', async () => {
    const { pipe } = await start(FLUSHES);
    const { stream } = pipe.output;
    const sum = createHash('sha256');
    let chunks = 0;
    stream.on('data', (chunk: Buffer) => {
      sum.update(chunk);
      chunks += 1;
      if (chunks % 5 > 0) return;
      stream.pause();
      setTimeout(() => stream.resume(), 15);
    });
    await once(stream, 'end');
    expect(sum.digest('hex')).toBe(SUM);
    expect(pipe.output.bytes()).toBeGreaterThan(LINES * LINE.length);
  });

  it('is still there for a reader that starts after the program has ended', async () => {
    const { pipe, child } = await start("process.stdout.write('all of it\\n')");
    await once(child, 'exit');
    pipe.output.wake();
    expect(pipe.output.isHeld()).toBe(true);
    const chunks = await pipe.output.stream.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('all of it\n');
  });

  it('ends after what was read where a stranger holds it open', async () => {
    const { pipe, child } = await start("process.stdout.write('first\\n'); setInterval(() => {}, 1000)");
    const chunks: Buffer[] = [];
    pipe.output.stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
    await once(pipe.output.stream, 'data');
    const ended = once(pipe.output.stream, 'end');
    pipe.output.end();
    await ended;
    expect(Buffer.concat(chunks).toString()).toBe('first\n');
    child.kill('SIGKILL');
  });

  it('is refused to the program when the reader has had enough', async () => {
    const { pipe, child } = await start(`setInterval(() => require('node:fs').writeSync(1, 'more\\n'), 5)`);
    await once(pipe.output.stream, 'data');
    pipe.output.stream.destroy();
    await pipe.output.received;
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(0);
  });

  it('leaves nothing in the file system', async () => {
    await sleep(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it('comes another way where no named pipe can be made', async () => {
    expect(await openPolledPipe(join(folder, 'missing', 'pipe'))).toBeUndefined();
  });
});

it('the wait is between one and ten milliseconds, and longer for an empty pipe than before', () => {
  fc.assert(
    fc.property(
      fc.nat(65_536),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 10 }),
      (bytes, elapsed, last) => {
        const wait = nextWait(bytes, elapsed, last);
        expect(wait).toBeGreaterThanOrEqual(1);
        expect(wait).toBeLessThanOrEqual(10);
        if (bytes === 0) expect(wait).toBe(Math.min(10, last * 2));
      },
    ),
  );
});
