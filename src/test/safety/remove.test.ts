/** `remove` and `sluice-mcp remove`: what goes, what stays, what safe mode lets through, and that a next sync starts over. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace, namesIn, waitUntil } from '../harness/machine.ts';
import { startOnTerminal, startTyped } from '../harness/terminal.ts';
import { MEADOW, TURNSTILE, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
let meadow: string;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace(
    "MEADOW_API_KEY='a-key-of-the-meadow-77'\nTURN_TOKEN='turn-the-first-token-0001'\n",
  );
  meadow = await copyConnector(workplace, MEADOW);
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

interface Removed {
  readonly removed: string[];
  readonly kept: string[];
}
interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { stream: string; records: number; rows: number }[];
}

const save = (name = 'meadow', more: object = {}): Promise<unknown> =>
  server.call('save_source', {
    name,
    connector: meadow,
    runtime: 'executable',
    config: { api_key: 'secret_reference::MEADOW_API_KEY', count: 40, ...more },
  });
const sync = (source = 'meadow', more: object = {}): Promise<Sync & { text: string }> =>
  server.call<Sync>('start_sync', { source, streams: ['users', 'notes'], wait_seconds: 38, ...more });
const remove = (kind: string, name: string): Promise<Removed & { text: string }> =>
  server.call('remove', { kind, name });
const datasets = async (): Promise<string[]> =>
  (
    await server.call<{ datasets: { dataset: string; tables: { table: string }[] }[] }>('describe_data', {
      detail: 'names',
    })
  ).datasets.flatMap(({ dataset, tables }) => tables.map(({ table }) => `${dataset}.${table}`));
/** A server of another session: it has created nothing of what is there. */
async function anotherSession(environment: Record<string, string> = {}): Promise<void> {
  await server.close();
  server = await startServer({ workplace, environment });
}

describe('what a session has created goes', () => {
  test('a table: its stream is re-read, the others continue', async () => {
    await save();
    await sync();
    const { removed, kept } = await remove('table', 'meadow.users');
    expect(removed.join()).toContain('meadow.users');
    expect(kept.join()).toContain('meadow');
    expect(await datasets()).toEqual(['meadow.notes']);
    const again = await sync('meadow', { streams: ['users'] });
    expect(again.streams).toMatchObject([{ stream: 'users', records: 40, rows: 40 }]);
    expect((await sync('meadow', { streams: ['users'] })).streams[0]?.records).toBe(0);
  });

  test('a dataset: tables, states and mapping; the next sync begins as the first did', async () => {
    await save();
    await sync();
    const { removed } = await remove('dataset', 'meadow');
    expect(removed.join()).toMatch(/dataset "meadow".*meadow\.notes.*meadow\.users/);
    expect(await datasets()).toEqual([]);
    expect((await sync()).streams.map(({ records }) => records)).toEqual([40, 40]);
    expect((await datasets()).sort()).toEqual(['meadow.notes', 'meadow.users']);
  });

  test('a source: what its connector changed goes with it, its dataset stays', async () => {
    const connector = await copyConnector(workplace, TURNSTILE);
    const config = {
      store: join(workplace.open, 'up'),
      credentials: { refresh_token: 'secret_reference::TURN_TOKEN' },
    };
    await server.call('save_source', { name: 'gate', connector, runtime: 'executable', config });
    await sync('gate', { streams: ['visits'] });
    expect(await namesIn(join(workplace.project, 'updates'))).toContain('gate.json');
    const { removed, kept } = await remove('source', 'gate');
    expect(removed.join()).toContain('configuration changes that its connector');
    expect(kept.join()).toContain('kind "dataset" and name "gate"');
    expect(await namesIn(join(workplace.project, 'updates'))).not.toContain('gate.json');
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual([]);
    expect((await namesIn(join(workplace.project, 'catalogs'))).filter((name) => name.startsWith('catalog-'))).toEqual(
      [],
    );
    expect(await datasets()).toEqual(['gate.visits']);
    expect(await server.fail('start_sync', { source: 'gate' })).toMatchObject({ code: 'unknown_source' });
    // Nothing is said of a source that is gone.
    expect((await remove('dataset', 'gate')).kept).toEqual([]);
  });

  test('a sync: its log and status; its rows stay', async () => {
    await save();
    const { sync_id: id } = await sync();
    expect((await remove('sync', id)).kept.join()).toContain('rows');
    expect(await namesIn(join(workplace.project, 'syncs'))).toEqual([]);
    expect(await server.fail('get_sync', { sync_id: id })).toMatchObject({ code: 'unknown_sync' });
    expect(await server.call('query', { sql: 'SELECT count(*) FROM meadow.users' })).toMatchObject({ rows: [[40]] });
    await server.close();
    const instance = await DuckDBInstance.create(join(workplace.project, 'cache', 'cache.duckdb'));
    const connection = await instance.connect();
    const rows = (await connection.runAndReadAll('SELECT count(*)::INT FROM _sluice.syncs')).getRowsJson();
    expect(rows).toEqual([[0]]);
    connection.closeSync();
    instance.closeSync();
    server = await startServer({ workplace });
  });
});

describe('safe mode', () => {
  test.each([
    ['source', 'meadow'],
    ['dataset', 'meadow'],
    ['table', 'meadow.users'],
    ['sync', 'the latest'],
  ])('refuses a %s that this session did not create, and names the way of a person', async (kind, name) => {
    await save();
    const { sync_id: id } = await sync();
    await anotherSession();
    const error = await server.fail('remove', { kind, name: kind === 'sync' ? id : name });
    expect(error).toMatchObject({
      kind: 'refused',
      code: 'safe_mode',
      next: expect.stringContaining('sluice-mcp remove'),
    });
    expect((await datasets()).length).toBe(2);
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual(['meadow.json']);
  });

  test('refuses a dataset of its own with a table that is not: every target counts', async () => {
    await save();
    await sync('meadow', { streams: ['users'] });
    const other = await startServer({ workplace });
    await other.call('start_sync', { source: 'meadow', streams: ['notes'], wait_seconds: 38 });
    expect(await server.fail('remove', { kind: 'dataset', name: 'meadow' })).toMatchObject({ code: 'safe_mode' });
    expect(await server.fail('remove', { kind: 'table', name: 'meadow.notes' })).toMatchObject({ code: 'safe_mode' });
    expect(await other.call('remove', { kind: 'table', name: 'meadow.notes' })).toHaveProperty('removed');
    await other.close();
    expect((await remove('dataset', 'meadow')).removed.join()).toContain('meadow.users');
  });

  test('switched off, another session’s goes too; in read-only mode nothing does', async () => {
    await save();
    await sync();
    await anotherSession({ SLUICE_READONLY_MODE: '1' });
    expect(await server.fail('remove', { kind: 'source', name: 'meadow' })).toMatchObject({ code: 'read_only_mode' });
    await anotherSession({ SLUICE_SAFE_MODE: '0' });
    expect((await remove('dataset', 'meadow')).removed.join()).toContain('meadow.users');
  });

  test('what is gone is not the session’s any more', async () => {
    await save();
    await remove('source', 'meadow');
    const { created_this_session: created } = await server.call<{ created_this_session: unknown[] }>('get_status');
    expect(created).toEqual([]);
  });
});

describe('what does not go', () => {
  test.each([
    ['source', 'medow', 'unknown_source', 'meadow'],
    ['dataset', 'meadows', 'unknown_dataset', 'meadow'],
    ['table', 'meadow.user', 'unknown_table', 'meadow.users'],
    ['table', 'users', 'table_without_dataset', 'dataset.table'],
    ['dataset', '_sluice', 'unknown_dataset', 'meadow'],
    ['connector', 'source-nothing', 'unknown_connector', 'none'],
    ['sync', '20200101-000000-aaaaaa', 'unknown_sync', '20'],
    ['sync', '../sources', 'unknown_sync', '20'],
  ])('a %s named %s', async (kind, name, code, near) => {
    await save();
    await sync();
    const error = await server.fail('remove', { kind, name });
    expect(error).toMatchObject({ code, next: expect.stringContaining(near) });
  });

  test('anything of a sync that runs', async () => {
    await save('meadow', { count: 100_000, batch: 10, delay_ms: 50 });
    await sync('meadow', { streams: ['users'], wait_seconds: 2 });
    const { sync_id: id } = await server.call<Sync>('get_sync');
    await waitUntil(
      async () => ((await server.call<Sync>('get_sync', { sync_id: id })).streams[0]?.rows ?? 0) > 0,
      40_000,
    );
    for (const [kind, name] of [
      ['source', 'meadow'],
      ['dataset', 'meadow'],
      ['table', 'meadow.users'],
      ['sync', id],
    ] as const) {
      expect(await server.fail('remove', { kind, name }), kind).toMatchObject({ code: 'sync_running' });
    }
    await server.call('cancel_sync', { sync_id: id });
    await remove('source', 'meadow');
  });

  test('a table that no sync made: it stays, and so does its dataset', async () => {
    await save();
    await sync();
    await server.close();
    const instance = await DuckDBInstance.create(join(workplace.project, 'cache', 'cache.duckdb'));
    const connection = await instance.connect();
    await connection.run('CREATE TABLE meadow.mine AS SELECT 1 AS a; CHECKPOINT');
    connection.closeSync();
    instance.closeSync();
    server = await startServer({ workplace, environment: { SLUICE_SAFE_MODE: '0' } });
    expect(await server.fail('remove', { kind: 'table', name: 'meadow.mine' })).toMatchObject({
      code: 'unknown_table',
    });
    const { removed, kept } = await remove('dataset', 'meadow');
    expect(removed.join()).not.toContain('dataset "meadow"');
    expect(kept.join()).toContain('meadow.mine, which no sync created');
    expect(await datasets()).toEqual(['meadow.mine']);
  });
});

describe('in a terminal', () => {
  const run = (args: string[], more: Record<string, string> = {}) =>
    startTyped(workplace, ['remove', ...args], { ...workplace.environment, ...more }).ended;

  test('modes do not bind a person; without an answer nothing goes', async () => {
    await save();
    await sync();
    await server.close();
    const asked = await run(['dataset', 'meadow'], { SLUICE_READONLY_MODE: '1' });
    expect([asked.code, asked.out]).toEqual([2, '']);
    expect(asked.err).toContain('table meadow.users');
    expect(asked.err).toContain('say --yes');
    const done = await run(['dataset', 'meadow', '--yes'], { SLUICE_READONLY_MODE: '1' });
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toMatch(/^Removed: dataset "meadow"; .*\nKept: source "meadow".*\n$/);
    const json = await run(['source', 'meadow', '--yes', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ type: 'removed', exit_status: 0, kind: 'source', name: 'meadow' });
    server = await startServer({ workplace });
    expect(await server.call('list_sources')).toMatchObject({ total: 0 });
  });

  test('a mistake: status 2 and the near word', async () => {
    await save();
    expect(await run(['datset', 'meadow', '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean dataset?'),
    });
    expect(await run(['source', 'medow', '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining('meadow') });
    expect((await run(['source'])).code).toBe(2);
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual(['meadow.json']);
  });

  test('a person is asked, and "y" is the only yes', async () => {
    await save();
    await server.close();
    for (const [answer, code] of [
      ['\r', 2],
      ['y\r', 0],
    ] as const) {
      const typed = startOnTerminal(workplace, ['remove', 'source', 'meadow'], workplace.environment);
      typed.child.stdin.write(answer);
      expect((await typed.ended).code, answer).toBe(code);
    }
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual([]);
    server = await startServer({ workplace });
    expect(await readFile(workplace.envFile, 'utf8')).toContain('MEADOW_API_KEY');
  });
});
