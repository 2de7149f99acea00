/** `remove` and `sluice-mcp remove`: what they delete, what they keep, what safe mode allows, and that the next sync starts over. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../harness/client.ts';
import { copyConnector, namesIn, waitUntil } from '../harness/machine.ts';
import { startOnTerminal, startTyped } from '../harness/terminal.ts';
import { GATED_SOURCE, type Workplace } from '../harness/workplace.ts';
import { openRemovalProject, type RemovalProject, type Sync } from './remove.fixture.ts';

let project: RemovalProject;
let workplace: Workplace;
beforeEach(async () => {
  project = await openRemovalProject();
  ({ workplace } = project);
});
afterEach(() => project.close());

describe('remove deletes what its session created', () => {
  test('a table: its stream is re-read, the other streams continue', async () => {
    await project.save();
    await project.sync();
    const { removed, kept } = await project.remove('table', 'meadow.users');
    expect(removed.join()).toContain('meadow.users');
    expect(kept.join()).toContain('meadow');
    expect(await project.tables()).toEqual(['meadow.notes']);
    const again = await project.sync('meadow', { streams: ['users'] });
    expect(again.streams).toMatchObject([{ stream: 'users', records: 40, rows: 40 }]);
    expect((await project.sync('meadow', { streams: ['users'] })).streams[0]?.records).toBe(0);
  });

  test('a dataset with its tables, states and mapping; the next sync starts from the beginning', async () => {
    await project.save();
    await project.sync();
    const { removed } = await project.remove('dataset', 'meadow');
    expect(removed.join()).toMatch(/dataset "meadow".*meadow\.notes.*meadow\.users/);
    expect(await project.tables()).toEqual([]);
    expect((await project.sync()).streams.map(({ records }) => records)).toEqual([40, 40]);
    expect((await project.tables()).sort()).toEqual(['meadow.notes', 'meadow.users']);
  });

  test('a source with the values that its connector changed; its dataset remains', async () => {
    const connector = await copyConnector(workplace, GATED_SOURCE);
    const config = {
      store: join(workplace.open, 'up'),
      credentials: { refresh_token: 'secret_reference::TURN_TOKEN' },
    };
    await project.server.call('save_source', { name: 'gate', connector, runtime: 'executable', config });
    await project.sync('gate', { streams: ['visits'] });
    expect(await namesIn(join(workplace.project, 'updates'))).toContain('gate.json');
    const { removed, kept } = await project.remove('source', 'gate');
    expect(removed.join()).toContain('configuration changes that its connector');
    expect(kept.join()).toContain('kind "dataset" and name "gate"');
    expect(await namesIn(join(workplace.project, 'updates'))).not.toContain('gate.json');
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual([]);
    expect((await namesIn(join(workplace.project, 'catalogs'))).filter((name) => name.startsWith('catalog-'))).toEqual(
      [],
    );
    expect(await project.tables()).toEqual(['gate.visits']);
    expect(await project.server.fail('start_sync', { source: 'gate' })).toMatchObject({ code: 'unknown_source' });
    // A source that was already removed is not listed.
    expect((await project.remove('dataset', 'gate')).kept).toEqual([]);
  });

  test('a sync with its log and status; its rows remain', async () => {
    await project.save();
    const { sync_id: id } = await project.sync();
    expect((await project.remove('sync', id)).kept.join()).toContain('rows');
    expect(await namesIn(join(workplace.project, 'syncs'))).toEqual([]);
    expect(await project.server.fail('get_sync', { sync_id: id })).toMatchObject({ code: 'unknown_sync' });
    expect(await project.server.call('query', { sql: 'SELECT count(*) FROM meadow.users' })).toMatchObject({
      rows: [[40]],
    });
    await project.server.close();
    const instance = await DuckDBInstance.create(join(workplace.project, 'cache', 'cache.duckdb'));
    const connection = await instance.connect();
    const rows = (await connection.runAndReadAll('SELECT count(*)::INT FROM _sluice.syncs')).getRowsJson();
    expect(rows).toEqual([[0]]);
    connection.closeSync();
    instance.closeSync();
    project.server = await startServer({ workplace });
  });
});

describe('safe mode', () => {
  test('refuses a dataset of this session if another session created one of its tables', async () => {
    await project.save();
    await project.sync('meadow', { streams: ['users'] });
    const other = await startServer({ workplace });
    await other.call('start_sync', { source: 'meadow', streams: ['notes'], wait_seconds: 38 });
    expect(await project.server.fail('remove', { kind: 'dataset', name: 'meadow' })).toMatchObject({
      code: 'safe_mode',
    });
    expect(await project.server.fail('remove', { kind: 'table', name: 'meadow.notes' })).toMatchObject({
      code: 'safe_mode',
    });
    expect(await other.call('remove', { kind: 'table', name: 'meadow.notes' })).toHaveProperty('removed');
    await other.close();
    expect((await project.remove('dataset', 'meadow')).removed.join()).toContain('meadow.users');
  });

  test('allows objects of another session when it is off; read-only mode refuses everything', async () => {
    await project.save();
    await project.sync();
    await project.startAnotherSession({ SLUICE_READONLY_MODE: '1' });
    expect(await project.server.fail('remove', { kind: 'source', name: 'meadow' })).toMatchObject({
      code: 'read_only_mode',
    });
    await project.startAnotherSession({ SLUICE_SAFE_MODE: '0' });
    expect((await project.remove('dataset', 'meadow')).removed.join()).toContain('meadow.users');
  });

  test('no longer lists a removed source among the objects of the session', async () => {
    await project.save();
    await project.remove('source', 'meadow');
    const { created_this_session: created } = await project.server.call<{ created_this_session: unknown[] }>(
      'get_status',
    );
    expect(created).toEqual([]);
  });
});

describe('remove keeps', () => {
  test('everything that a running sync uses', async () => {
    await project.save('meadow', { count: 100_000, batch: 10, delay_ms: 50 });
    await project.sync('meadow', { streams: ['users'], wait_seconds: 2 });
    const { sync_id: id } = await project.server.call<Sync>('get_sync');
    await waitUntil(
      async () => ((await project.server.call<Sync>('get_sync', { sync_id: id })).streams[0]?.rows ?? 0) > 0,
      40_000,
    );
    for (const [kind, name] of [
      ['source', 'meadow'],
      ['dataset', 'meadow'],
      ['table', 'meadow.users'],
      ['sync', id],
    ] as const) {
      expect(await project.server.fail('remove', { kind, name }), kind).toMatchObject({ code: 'sync_running' });
    }
    await project.server.call('cancel_sync', { sync_id: id });
    await project.remove('source', 'meadow');
  });

  test('a table that no sync created, and its dataset', async () => {
    await project.save();
    await project.sync();
    await project.server.close();
    const instance = await DuckDBInstance.create(join(workplace.project, 'cache', 'cache.duckdb'));
    const connection = await instance.connect();
    await connection.run('CREATE TABLE meadow.mine AS SELECT 1 AS a; CHECKPOINT');
    connection.closeSync();
    instance.closeSync();
    project.server = await startServer({ workplace, environment: { SLUICE_SAFE_MODE: '0' } });
    expect(await project.server.fail('remove', { kind: 'table', name: 'meadow.mine' })).toMatchObject({
      code: 'unknown_table',
    });
    const { removed, kept } = await project.remove('dataset', 'meadow');
    expect(removed.join()).not.toContain('dataset "meadow"');
    expect(kept.join()).toContain('meadow.mine, which no sync created');
    expect(await project.tables()).toEqual(['meadow.mine']);
  });
});

describe('in a terminal', () => {
  const run = (args: string[], more: Record<string, string> = {}) =>
    startTyped(workplace, ['remove', ...args], { ...workplace.environment, ...more }).ended;

  test('ignores both modes; without a confirmation it removes nothing', async () => {
    await project.save();
    await project.sync();
    await project.server.close();
    const asked = await run(['dataset', 'meadow'], { SLUICE_READONLY_MODE: '1' });
    expect([asked.code, asked.out]).toEqual([2, '']);
    expect(asked.err).toContain('table meadow.users');
    expect(asked.err).toContain('add --yes');
    const done = await run(['dataset', 'meadow', '--yes'], { SLUICE_READONLY_MODE: '1' });
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toMatch(/^Removed: dataset "meadow"; .*\nKept: source "meadow".*\n$/);
    const json = await run(['source', 'meadow', '--yes', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ type: 'removed', exit_status: 0, kind: 'source', name: 'meadow' });
    project.server = await startServer({ workplace });
    expect(await project.server.call('list_sources')).toMatchObject({ total: 0 });
  });

  test('exits with status 2 on a misspelled argument and suggests the right one', async () => {
    await project.save();
    expect(await run(['datset', 'meadow', '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean dataset?'),
    });
    expect(await run(['source', 'medow', '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining('meadow') });
    expect((await run(['source'])).code).toBe(2);
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual(['meadow.json']);
  });

  test('asks for a confirmation and accepts only "y"', async () => {
    await project.save();
    await project.server.close();
    for (const [answer, code] of [
      ['\r', 2],
      ['y\r', 0],
    ] as const) {
      const typed = startOnTerminal(workplace, ['remove', 'source', 'meadow'], workplace.environment);
      typed.child.stdin.write(answer);
      expect((await typed.ended).code, answer).toBe(code);
    }
    expect(await namesIn(join(workplace.project, 'sources'))).toEqual([]);
    project.server = await startServer({ workplace });
    expect(await readFile(workplace.envFile, 'utf8')).toContain('MEADOW_API_KEY');
  });
});
