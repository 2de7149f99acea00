/** What bad connectors do during a read: what is reported, what is committed, and what is left behind. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyHostileConnector, expectNothingLeft, makeConnectorWorkplace, peakMegabytes } from '../harness/machine.ts';
import type { Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { stream: string; state: string; records: number; rows: number; error?: string }[];
  readonly errors: { message: string; failure_type: string }[];
  readonly warnings: string[];
  readonly log: string[];
}
interface Preview {
  readonly streams: { records: object[] }[];
  readonly errors: string[];
}

let workplace: Workplace;
let server: TestServer;
let hostile: string;

beforeAll(async () => {
  workplace = await makeConnectorWorkplace();
  hostile = await copyHostileConnector(workplace);
  server = await startServer({ workplace });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

describe('a source that misbehaves but delivers is read to its end, and leaves nothing behind', () => {
  test.each(['chatter', 'children', 'hold-stdout', 'huge-noise'])('%s', async (behaviour) => {
    const source = await save(behaviour, { megabytes: 60, pid_file: join(workplace.open, `${behaviour}.pids`) });
    const preview = await server.call<Preview>('preview_stream', { source, streams: ['items'], limit: 3 });
    expect(preview.streams[0]?.records).toHaveLength(3);
    await expectAlive();
    const sync = await server.call<Sync>('start_sync', { source, wait_seconds: 30 });
    expect(sync).toMatchObject({ state: 'complete', errors: [] });
    expect(sync.streams).toMatchObject([
      { stream: 'items', state: 'complete', records: 10, rows: 10 },
      { stream: 'others', state: 'complete', records: 10, rows: 10 },
    ]);
    await expectAlive();
  });
});

describe('a source that fails half-way is reported by stream, with its own message', () => {
  test.each([
    ['die', 'system_error', 'The connector ended with exit code 1'],
    ['kill-self', 'system_error', 'The connector was ended by SIGKILL'],
    ['close-stdout', 'system_error', 'The connector closed its output and did not end; it was ended.'],
  ])('%s: confirmed records are committed, the rest is not', async (behaviour, failureType, message) => {
    const source = await save(behaviour);
    const options = ['items', 'others'].map((stream) => ({ stream, mode: 'incremental_append', cursor_field: 'id' }));
    const sync = await server.call<Sync>('start_sync', { source, options, wait_seconds: 30 });
    expect(sync.state).toBe('incomplete');
    expect(sync.streams).toMatchObject([
      { stream: 'items', state: 'incomplete', records: 5, rows: 5, committed_state: true },
      { stream: 'others', state: 'failed', records: 0, rows: 0, committed_state: false },
    ]);
    expect(sync.errors).toMatchObject([{ failure_type: failureType, message: expect.stringContaining(message) }]);
    expect(sync.text).toContain(message);
    expect(await server.call('get_sync', { sync_id: sync.sync_id })).toMatchObject({ errors: sync.errors });
    expect(await rowsOf(source)).toEqual([[5]]);
    const preview = await server.call<Preview>('preview_stream', { source, streams: ['items'] });
    expect(preview.streams[0]?.records).toHaveLength(5);
    expect(preview.errors).toHaveLength(1);
    await expectAlive();
  });

  test.each([
    ['silent-crash', 'system_error', 'no module named meadow'],
    ['half-line', 'system_error', 'ends in the middle of a message'],
    ['trace-error', 'config_error', 'The account is locked.'],
    ['trace-exit', 'transient_error', 'The account is locked.'],
  ])('%s: nothing was read, so the sync has failed', async (behaviour, failureType, message) => {
    const source = await save(behaviour, { failure_type: failureType });
    const sync = await server.call<Sync>('start_sync', { source, wait_seconds: 30 });
    expect(sync.state).toBe('failed');
    expect(sync.streams.map(({ state, rows }) => ({ state, rows }))).toEqual([
      { state: 'failed', rows: 0 },
      { state: 'failed', rows: 0 },
    ]);
    expect(sync.errors).toMatchObject([{ failure_type: failureType, message: expect.stringContaining(message) }]);
    await expectAlive();
  });
});

describe('a table that is to be replaced stays as it was, and is what readers see, when the source breaks half-way', () => {
  test.each(['die', 'half-line', 'trace-error'])('%s', async (behaviour) => {
    const source = await save('chatter', { count: 40 }, `kept-${behaviour}`);
    expect(await server.call('start_sync', { source, wait_seconds: 30 })).toMatchObject({ state: 'complete' });
    await save(behaviour, { count: 100 }, source);
    const sync = await server.call<Sync>('start_sync', { source, wait_seconds: 30 });
    expect(sync.state).toBe('failed');
    expect(await rowsOf(source)).toEqual([[40]]);
    const { datasets } = await server.call<{ datasets: { tables: { table: string; rows: number }[] }[] }>(
      'describe_data',
      { dataset: source.replaceAll('-', '_') },
    );
    expect(datasets[0]?.tables.map(({ table, rows }) => [table, rows])).toEqual([
      ['items', 40],
      ['others', 40],
    ]);
  });
});

test('a source that has delivered everything and does not exit is stopped, and the sync is complete', async () => {
  const source = await save('linger');
  const sync = await server.call<Sync>('start_sync', { source, wait_seconds: 38 });
  expect(sync).toMatchObject({ state: 'complete', errors: [] });
  expect(await rowsOf(source)).toEqual([[10]]);
  const { log } = await server.call<Sync>('get_sync', { sync_id: sync.sync_id, log_lines: 20 });
  expect(log.join('\n')).toContain('did not end; it was ended');
  await expectAlive();
});

describe('what a source writes besides records is bounded in memory and on the disk', () => {
  test.each([
    ['stderr-flood', 100],
    ['huge-line', 80],
    ['huge-noise', 100],
  ])('%s of %i MB', async (behaviour, megabytes) => {
    const fresh = await startServer({ workplace });
    try {
      const source = await save(behaviour, { megabytes }, `flood-${behaviour}`);
      const sync = await fresh.call<Sync>('start_sync', { source, wait_seconds: 38 });
      expect(sync).toMatchObject({ state: 'complete', errors: [] });
      expect((await peakMegabytes(fresh.pid)) ?? 0).toBeLessThan(400);
      const { log } = await fresh.call<Sync>('get_sync', { sync_id: sync.sync_id, log_lines: 500 });
      expect(log.join('\n').length).toBeLessThan(1_000_000);
      const files = await workplace.files(workplace.project);
      const sizes = [...files].filter(([path]) => path.includes('/syncs/')).map(([, bytes]) => bytes.length);
      expect(Math.max(...sizes)).toBeLessThan(12_000_000);
    } finally {
      await fresh.close();
    }
  });
});

async function save(behaviour: string, more: Record<string, unknown> = {}, name: string = behaviour): Promise<string> {
  const config = { behaviour, verb: 'read', ...more };
  await server.call('save_source', { name, connector: hostile, runtime: 'executable', config });
  return name;
}

async function rowsOf(source: string): Promise<unknown> {
  const sql = `SELECT count(DISTINCT id) FROM ${source.replaceAll('-', '_')}.items`;
  return (await server.call<{ rows: unknown }>('query', { sql })).rows;
}

async function expectAlive(): Promise<void> {
  await expectNothingLeft(workplace);
  expect((await server.call<{ version: string }>('get_status')).version).toMatch(/^\d/);
  expect(server.stderr()).not.toMatch(/unhandled|internal error/);
}
