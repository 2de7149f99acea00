/** Ids and origins of tables, what a sync may not do to them, and a cache that was made before there were any. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../errors.ts';
import { readDataset, readStreams } from '../bookkeeping/index.ts';
import { type LoadContext, openLoadContext, record, stream } from './load-context.fixture.ts';
import type { PrepareRequest } from './prepare-request.ts';

let context: LoadContext;
beforeEach(async () => {
  context = await openLoadContext();
});
afterEach(() => context.close());

const users = stream('users', { id: { type: 'integer' } });
const SAVED = '2026-01-01T00:00:00.000Z';
const origin = (configuration: string, savedAt = SAVED) => ({ sourceId: 'one', configuration, savedAt });
const refuse = (): never => {
  throw new RefusedError('safe_mode', 'refused', 'nothing to do');
};
let made = 0;
const prepare = (more: Partial<PrepareRequest> & { option?: object } = {}) => {
  made += 1;
  const startedAt = new Date().toISOString();
  const facts = { source: 'shop', dataset: 'shop', state: 'running', startedAt, records: 0, rows: 0, streams: [] };
  const { option, ...rest } = more;
  return context.cache.prepareSync({
    sync: { syncId: `o${made}`, ...facts },
    streams: [{ stream: users, mode: 'incremental_append', cursorField: ['id'], primaryKey: [['id']], option }],
    severalNamespaces: false,
    restart: false,
    ...rest,
  });
};
const idOf = async (): Promise<string> => (await context.cache.datasetTables('shop')).tables[0]?.id ?? '';
/** A person has synced the stream from this configuration. */
const synced = async (configuration = 'c1'): Promise<string> => {
  const prepared = await prepare({ origin: origin(configuration) });
  await context.load(prepared, [record({ id: 1 })]);
  return idOf();
};
const HELD = { origin: origin('c1'), owns: () => false, authorize: refuse };

describe('a table of another', () => {
  it('may be loaded from the configuration that its rows came from, and then has no owner', async () => {
    const id = await synced();
    await prepare(HELD);
    expect(await idOf()).not.toBe(id);
    expect(await context.rows('SELECT CAST(count(*) AS VARCHAR) FROM shop.users')).toEqual([['1']]);
  });

  it.each([
    ['from another configuration', { ...HELD, origin: origin('c2') }],
    ['with restart', { ...HELD, restart: true }],
    ['in another mode', { ...HELD, option: { mode: 'full_refresh_overwrite' } }],
    ['by another key', { ...HELD, option: { primaryKey: ['email'] } }],
    ['by another cursor', { ...HELD, option: { cursorField: 'at' } }],
  ] as const)('is not loaded into %s; nothing of it is changed', async (_what, request) => {
    const id = await synced();
    await expect(prepare(request)).rejects.toMatchObject({ code: 'safe_mode' });
    expect(await idOf()).toBe(id);
    const [known] = await context.sql((connection) => readStreams(connection));
    expect(known).toMatchObject({ mode: 'incremental_append', origin: 'c1' });
    // The one that was refused has not begun either: the next sync of the person finds none that runs.
    expect(await context.rows("SELECT CAST(count(*) AS VARCHAR) FROM _sluice.syncs WHERE state = 'running'")).toEqual([
      ['1'],
    ]);
  });

  it('may be loaded with the same options', async () => {
    await synced();
    const option = { mode: 'incremental_append', primaryKey: ['id'], cursorField: 'id' } as const;
    await expect(prepare({ ...HELD, option })).resolves.toMatchObject({ newDataset: false });
  });

  it('gets another id when it is removed and recreated; a dataset too', async () => {
    const id = await synced();
    const { id: dataset } = await context.cache.datasetTables('shop');
    await expect(context.cache.removeTables('shop', refuse)).rejects.toMatchObject({ code: 'safe_mode' });
    const asked: string[] = [];
    await context.cache.removeTables('shop', (targets) => asked.push(...targets.map((target) => target.id)));
    expect(asked.sort()).toEqual([id, dataset].sort());
    await synced();
    expect(await idOf()).not.toBe(id);
    expect((await context.cache.datasetTables('shop')).id).not.toBe(dataset);
  });

  it('keeps its id while its own session loads, replaces and swaps it', async () => {
    const id = await synced();
    const owns = (asked: string): boolean => asked === id;
    for (const restart of [false, true]) {
      const prepared = await prepare({ origin: origin('c2'), owns, restart });
      await context.load(prepared, [record({ id: 2 })]);
      expect(await idOf()).toBe(id);
    }
  });
});

describe('a cache of the second layout', () => {
  /** As the code before ids made it; the rows were loaded at noon. */
  const OLD = [
    'CREATE SCHEMA _sluice',
    `CREATE TABLE _sluice.streams (source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, stream VARCHAR NOT NULL, namespace VARCHAR,
      table_name VARCHAR NOT NULL, mode VARCHAR NOT NULL, columns JSON NOT NULL, primary_key JSON NOT NULL,
      cursor_field JSON NOT NULL, last_sync_id VARCHAR, last_sync_at TIMESTAMPTZ)`,
    `CREATE TABLE _sluice.states (source VARCHAR NOT NULL, kind VARCHAR NOT NULL, stream VARCHAR, namespace VARCHAR, state VARCHAR NOT NULL,
      sync_id VARCHAR NOT NULL, committed_at TIMESTAMPTZ NOT NULL, refresh VARCHAR)`,
    `CREATE TABLE _sluice.syncs (sync_id VARCHAR NOT NULL, source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, state VARCHAR NOT NULL,
      started_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ, records BIGINT, rows BIGINT, streams JSON)`,
    'CREATE TABLE _sluice.layout (version BIGINT NOT NULL)',
    'INSERT INTO _sluice.layout VALUES (2)',
    'CREATE SCHEMA shop',
    'CREATE TABLE shop.users (id BIGINT, _airbyte_extracted_at TIMESTAMPTZ, _airbyte_meta JSON)',
    "INSERT INTO shop.users VALUES (1, '2026-01-02 12:00:00+00', '{}')",
    `INSERT INTO _sluice.streams VALUES ('shop', 'shop', 'users', NULL, 'users', 'incremental_append',
      '[{"field":"id","column":"id","type":"BIGINT"}]', '[["id"]]', '["id"]', 'old', '2026-01-02 12:00:00+00')`,
    `INSERT INTO _sluice.states VALUES ('shop', 'STREAM', 'users', NULL, '{"type":"STREAM"}', 'old', '2026-01-02 12:00:00+00', NULL)`,
  ];
  beforeEach(() =>
    context.sql(async (connection) => {
      for (const statement of OLD) {
        const meta = connection.dialect.typeName('JSON');
        await connection.run(statement.replace('_airbyte_meta JSON', `_airbyte_meta ${meta}`));
      }
    }),
  );

  it('is read unchanged, with ids that no session owns', async () => {
    const { id, tables } = await context.cache.datasetTables('shop');
    expect([id, ...tables.map((table) => table.id)]).toEqual(['before:shop', 'before:shop.users']);
    expect(await context.cache.knownTables('shop')).toMatchObject([
      { id: 'before:shop.users', mode: 'incremental_append' },
    ]);
    expect((await context.cache.describe({ detail: 'names' })).datasets).toMatchObject([{ dataset: 'shop' }]);
    // To read does not bring it up to date.
    expect(await context.rows('SELECT CAST(version AS VARCHAR) FROM _sluice.layout')).toEqual([['2']]);
  });

  it('is brought up to date by a sync of the source that was saved before its rows were loaded', async () => {
    const prepared = await prepare(HELD);
    expect(prepared.streams[0]).toMatchObject({ resumes: true, newTable: false });
    await context.load(prepared, [record({ id: 2 })]);
    expect(await context.rows('SELECT CAST(count(*) AS VARCHAR) FROM shop.users')).toEqual([['2']]);
    expect(await context.rows('SELECT CAST(version AS VARCHAR) FROM _sluice.layout')).toEqual([['3']]);
    expect(await context.sql((connection) => readStreams(connection))).toMatchObject([{ origin: 'c1' }]);
    const { id } = await context.sql((connection) => readDataset(connection, 'shop'));
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not loaded by a source saved later, because the origin of its rows is unknown', async () => {
    const later = origin('c1', '2026-01-03T00:00:00.000Z');
    await expect(prepare({ ...HELD, origin: later })).rejects.toMatchObject({ code: 'safe_mode' });
    // What a person starts is not asked, and settles it.
    await prepare({ origin: later });
    await expect(prepare({ ...HELD, origin: later })).resolves.toBeDefined();
  });

  it('is removed by a person as before', async () => {
    const { tables } = await context.cache.removeTables('shop', () => undefined);
    expect(tables).toEqual(['users']);
  });
});
