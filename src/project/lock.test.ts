import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.ts';
import { identify } from './process-identity.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'));
  path = join(folder, 'locks', 'one');
});
afterEach(() => rm(folder, { recursive: true }));

test('two bodies of one process run one after the other', async () => {
  const order: string[] = [];
  const body = (name: string) => () =>
    withLock(path, { purpose: name, waitMs: 5000 }, async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      order.push(`${name} ends`);
    });
  await Promise.all([body('a')(), body('b')()]);
  expect(order.map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  expect(existsSync(path)).toBe(false);
});

test('a live holder is named to callers that do not wait', async () => {
  const self = await identify(process.ppid);
  await withLock(join(folder, 'locks', 'other'), { purpose: 'makes the folder', waitMs: 0 }, async () => {});
  await writeFile(path, JSON.stringify({ ...self, purpose: 'installing source-x' }));
  await expect(withLock(path, { purpose: 'mine', waitMs: 0 }, async () => {})).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining('installing source-x'),
  });
});

test('the lock of a dead process is taken over by exactly one, each time', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  const dead = await identify(child.pid ?? 0);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('exit', resolve));
  await withLock(join(folder, 'locks', 'other'), { purpose: 'makes the folder', waitMs: 0 }, async () => {});
  let inside = 0;
  let most = 0;
  for (let round = 0; round < 25; round += 1) {
    await writeFile(path, JSON.stringify({ ...dead, purpose: 'died' }));
    await Promise.all(
      [1, 2, 3, 4].map(() =>
        withLock(path, { purpose: 'taken over', waitMs: 5000 }, async () => {
          inside += 1;
          most = Math.max(most, inside);
          expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ purpose: 'taken over' });
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside -= 1;
        }),
      ),
    );
  }
  expect(most).toBe(1);
  expect(await readdir(join(folder, 'locks'))).toEqual([]);
});

test('the lock is free again when its body fails', async () => {
  const failing = withLock(path, { purpose: 'fails', waitMs: 0 }, async () => {
    throw new Error('inside');
  });
  await expect(failing).rejects.toThrow('inside');
  expect(await withLock(path, { purpose: 'next', waitMs: 0 }, async () => 'in')).toBe('in');
});
