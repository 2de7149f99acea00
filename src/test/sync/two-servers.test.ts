/** Two servers on one project, as two clients of one person make them: they share syncs, locks and tables. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  copyConnector,
  expectNothingLeft,
  makeConnectorWorkplace,
  runningConnectors,
  waitUntil,
} from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly records: number;
}

let workplace: Workplace;
let one: TestServer;
let two: TestServer;
let meadow: string;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace();
  meadow = await copyConnector(workplace, MEADOW);
  [one, two] = await Promise.all([startServer({ workplace }), startServer({ workplace })]);
});
afterEach(async () => {
  await Promise.all([one.close(), two.close()]);
  await expectNothingLeft(workplace);
  await workplace.remove();
});

test('the second start_sync of a source answers with the running one, whose progress both see', async () => {
  await saveMeadow({ count: 300, batch: 10, delay_ms: 100 });
  const { sync_id: id } = await one.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
  const joined = await two.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 0 });
  expect(joined).toMatchObject({ sync_id: id, already_running: true, state: 'running' });
  expect(joined.text).toContain('was running already');
  const early = (await two.call<Sync>('get_sync', { sync_id: id })).records;
  await waitUntil(async () => (await two.call<Sync>('get_sync')).records > early);
  expect(await runningConnectors(workplace)).toHaveLength(1);
  const end = await two.call('get_sync', { sync_id: id, wait_seconds: 30 });
  expect(end).toMatchObject({ state: 'complete', records: 300 });
  expect(await rowsIn(two, 'users')).toEqual([300, 300]);
});

test('two that start the same source at the same moment run it once', async () => {
  await saveMeadow({ count: 100, batch: 10, delay_ms: 50 });
  const args = { source: 'meadow', streams: ['users'], wait_seconds: 20 };
  const [a, b] = await Promise.all([one.call<Sync>('start_sync', args), two.call<Sync>('start_sync', args)]);
  expect(a.sync_id).toBe(b.sync_id);
  expect([a, b].map((sync) => (sync as { already_running?: boolean }).already_running).sort()).toEqual([false, true]);
  expect(await rowsIn(one, 'users')).toEqual([100, 100]);
});

test('a sync is cancelled by the server that did not start it only where safe mode is off', async () => {
  await saveMeadow({ count: 300, batch: 10, delay_ms: 200 });
  const { sync_id: id } = await one.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
  expect(await two.fail('cancel_sync', { sync_id: id })).toMatchObject({ kind: 'refused', code: 'safe_mode' });
  expect(await one.call('get_sync', { sync_id: id })).toMatchObject({ state: 'running' });
  await two.close();
  two = await startServer({ workplace, environment: { SLUICE_SAFE_MODE: '0' } });
  expect(await two.call('cancel_sync', { sync_id: id })).toMatchObject({ state: 'cancelled', stopped: true });
  expect(await one.call('get_sync', { sync_id: id })).toMatchObject({ state: 'cancelled' });
  await expectNothingLeft(workplace);
});

test('while one syncs the other queries without pause: it never sees half a table, and does not keep the sync out', async () => {
  await saveMeadow({ count: 2_000, seed: 1 });
  const args = { source: 'meadow', streams: ['notes', 'users'] };
  expect(await one.call('start_sync', { ...args, wait_seconds: 30 })).toMatchObject({ state: 'complete' });
  await saveMeadow({ count: 30_000, seed: 2, batch: 5_000, delay_ms: 300 });
  const { sync_id: id } = await one.call<Sync>('start_sync', { ...args, restart: true, wait_seconds: 0 });
  const seen = new Set<string>();
  let answers = 0;
  for (let running = true; running; answers += 1) {
    running = (await two.call<Sync>('get_sync', { sync_id: id })).state === 'running';
    for (const table of ['notes', 'users']) seen.add(`${table} ${(await rowsIn(two, table)).join(' ')}`);
  }
  expect(answers).toBeGreaterThan(5);
  expect([...seen].sort()).toEqual(
    ['notes 2000 2000', 'notes 30000 30000', 'users 2000 2000', 'users 30000 30000'].sort(),
  );
  expect(await one.call('get_sync', { sync_id: id })).toMatchObject({ state: 'complete' });
});

test('the next sync of an incremental stream, by either server, reads only what is new', async () => {
  const sync = { source: 'meadow', streams: ['users', 'notes'], wait_seconds: 30 };
  const file = join(workplace.project, 'meadow.json');
  const write = (count: number): Promise<void> => writeFile(file, JSON.stringify({ count }));
  await mkdir(workplace.project, { recursive: true });
  await write(100);
  await saveMeadow({}, file);
  expect(await one.call('start_sync', sync)).toMatchObject({ state: 'complete', records: 200 });
  // The person's own file is the same configuration, whatever is in it.
  await write(150);
  expect(await two.call('start_sync', sync)).toMatchObject({
    streams: [
      { stream: 'users', records: 50, rows: 50 },
      { stream: 'notes', records: 150, rows: 150 },
    ],
  });
  expect(await rowsIn(one, 'users')).toEqual([150, 150]);
  expect(await rowsIn(one, 'notes')).toEqual([150, 150]);
  // Both have loaded into the tables: they are neither's alone.
  for (const server of [one, two]) {
    expect(await server.fail('start_sync', { ...sync, restart: true })).toMatchObject({ code: 'safe_mode' });
  }
  expect(await rowsIn(two, 'users')).toEqual([150, 150]);
});

async function saveMeadow(config: Record<string, unknown>, configFile?: string): Promise<void> {
  const full = { api_key: 'secret_reference::MEADOW_API_KEY', ...config };
  const given = { name: 'meadow', connector: meadow, runtime: 'executable', config: full };
  await one.call('save_source', configFile === undefined ? given : { ...given, config_file: configFile });
}

/** Rows and distinct ids. */
async function rowsIn(server: TestServer, table: string): Promise<unknown[]> {
  const sql = `SELECT count(*), count(DISTINCT id) FROM meadow.${table}`;
  return (await server.call<{ rows: unknown[][] }>('query', { sql })).rows[0] ?? [];
}
