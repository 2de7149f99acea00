import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedactor } from '../secrets/index.ts';
import { openSyncLog } from './sync-log.ts';

const SECRET = 'hst_live_9fK2xQ7vB4nT8zR1wY6u';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function logOf(pieces: readonly (string | number)[]): Promise<string> {
  const redactor = createRedactor();
  redactor.add('TOKEN', SECRET, { sensitive: true });
  const path = join(folder, 'sync.log');
  const log = await openSyncLog(path, redactor);
  for (const piece of pieces) {
    if (typeof piece === 'number') await sleep(piece);
    else log.write('stderr', piece);
  }
  await log.close();
  return readFile(path, 'utf8');
}

test.each([12, 14, 20])(
  'a secret that is printed in two halves is hidden, also with a pause after %i characters',
  async (at) => {
    const text = await logOf(['before ', SECRET.slice(0, at), 1_300, `${SECRET.slice(at)} after\n`, 1_300, 'more\n']);
    expect(text).toContain('before [secret:TOKEN] after');
    expect(text).toContain('more');
    expect(text).not.toContain(SECRET.slice(0, 8));
    expect(text).not.toContain(SECRET.slice(-8));
  },
);

test('a whole line is written while its writer continues', async () => {
  const redactor = createRedactor();
  const path = join(folder, 'sync.log');
  const log = await openSyncLog(path, redactor);
  log.write('connector', 'a line\nand a half');
  await sleep(1_300);
  await log.flush();
  const text = await readFile(path, 'utf8');
  expect(text).toContain('connector: a line\n');
  expect(text).not.toContain('half');
  await log.close();
  expect(await readFile(path, 'utf8')).toContain('and a half');
});
