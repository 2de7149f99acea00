/** `sluice-mcp sync NAME --destination NAME`, `syncs` and `remove destination NAME`, as a person and cron see them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../harness/client.ts';
import { copyConnector, expectNothingRuns, makeConnectorWorkplace } from '../harness/machine.ts';
import { type Ended, startTyped } from '../harness/terminal.ts';
import { MEADOW, SHELF, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace();
});
afterEach(() => workplace.remove());

const run = (...args: string[]): Promise<Ended> => startTyped(workplace, args, workplace.environment).ended;

async function saved(behaviour: string, after = 0): Promise<void> {
  const server = await startServer({ workplace });
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 50, batch: 10, delay_ms: 20 };
  const meadow = await copyConnector(workplace, MEADOW);
  const shelf = await copyConnector(workplace, SHELF);
  await server.call('save_source', { name: 'meadow', connector: meadow, runtime: 'executable', config });
  await server.call('save_destination', {
    name: 'shelf',
    connector: shelf,
    runtime: 'executable',
    config: { destination_path: join(workplace.open, 'mine'), behaviour, after },
  });
  await server.close();
}

test('a sync into a destination: one line and status 0; then it is listed, continues, and is removed', async () => {
  await saved('good');
  const first = await run('sync', 'meadow', '--destination', 'shelf', '--stream', 'users');
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(
    /^meadow into shelf: complete, 50 records read, 50 records confirmed, 1 of 1 streams complete/,
  );
  const text = await readFile(join(workplace.open, 'mine', 'users.jsonl'), 'utf8');
  expect(text.trim().split('\n')).toHaveLength(50);
  const second = await run('sync', 'meadow', '--destination', 'shelf', '--json');
  expect(JSON.parse(second.out.trim().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'result',
    state: 'complete',
    destination: 'shelf',
    records: 0,
  });
  const again = await run('sync', 'meadow', '--destination', 'shelf', '--stream', 'users', '--restart');
  expect(again.out).toContain('50 records read, 50 records confirmed');
  expect((await run('syncs')).out).toMatch(/meadow +complete .* shelf$/m);
  const removed = await run('remove', 'destination', 'shelf', '--yes');
  expect(removed).toMatchObject({ code: 0, out: expect.stringContaining('destination "shelf"') });
  const missing = await run('sync', 'meadow', '--destination', 'shelf');
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('no saved destination "shelf"') });
  await expectNothingRuns(workplace);
});

test('a destination that fails is reported as the destination’s fault, with status 3', async () => {
  await saved('fails', 25);
  const { code, err } = await run('sync', 'meadow', '--destination', 'shelf', '--stream', 'users');
  expect(code).toBe(3);
  expect(err).toContain('destination: the disk of this destination is full');
  await expectNothingRuns(workplace);
});
