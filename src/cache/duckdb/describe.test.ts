import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRedactor } from '../../secrets/index.ts';
import { ensureBookkeeping, saveStream, touchStream } from '../bookkeeping/index.ts';
import type { PreparedStream } from '../load/index.ts';
import { type Database, openDatabase } from './database.ts';
import { describeData } from './describe.ts';
import { loadConnection } from './load-store.ts';

let folder: string;
let database: Database;

const orders: PreparedStream = {
  stream: {
    name: 'Orders',
    jsonSchema: {},
    incremental: false,
    sourceDefinedCursor: false,
    defaultCursorField: [],
    primaryKey: [['order id']],
  },
  mode: 'full_refresh_overwrite',
  cursorField: [],
  primaryKey: [['order id']],
  writeMode: 'append',
  newTable: true,
  resumes: false,
  target: {
    source: 'my-shop',
    dataset: 'my_shop',
    stream: 'Orders',
    table: 'orders',
    columns: [
      { field: 'order id', column: 'order_id', type: 'BIGINT', description: 'Number of the order.' },
      { field: 'total', column: 'total', type: 'DOUBLE' },
    ],
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-describe-'));
  database = openDatabase({
    redactor: createRedactor(),
    file: async () => join(folder, 'cache.duckdb'),
    stagingDirectory: async () => folder,
  });
  await expect(describeData(database, { detail: 'summary' })).rejects.toMatchObject({ code: 'no_data_yet' });
  await database.use('make', async (connection) => {
    const sql = loadConnection(connection);
    await ensureBookkeeping(sql);
    await connection.run(`
      CREATE SCHEMA my_shop; CREATE SCHEMA wide;
      CREATE TABLE my_shop.orders AS SELECT i AS order_id, i * 1.5::DOUBLE AS total FROM range(250000) r(i);
      CREATE TABLE my_shop._sluice_new_orders AS SELECT 1 AS a;
      CREATE TABLE my_shop.notes (id INTEGER PRIMARY KEY, note VARCHAR);
      COMMENT ON COLUMN my_shop.notes.note IS 'What was said.';
      INSERT INTO my_shop.notes VALUES (1, repeat('n', 1000)), (2, NULL);
      CREATE VIEW my_shop.big AS SELECT * FROM my_shop.orders WHERE total > 10;
      CREATE TABLE main."Odd ""Name" AS SELECT 1 AS "a b";
      CHECKPOINT;
    `);
    for (let at = 0; at < 205; at += 1) {
      await connection.run(`CREATE TABLE wide.t${at} (a INT, b INT, c INT, d INT, e INT, f INT, g INT, h INT)`);
    }
    await saveStream(sql, orders);
    await touchStream(sql, orders.target, 'sync_1');
  });
});

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test('names only', async () => {
  const { datasets } = await describeData(database, { detail: 'names' });
  expect(datasets.map(({ dataset, tableCount }) => [dataset, tableCount])).toEqual([
    ['main', 1],
    ['my_shop', 3],
    ['wide', 205],
  ]);
  expect(datasets[1]?.tables.map(({ table, rows, columns }) => [table, rows, columns])).toEqual([
    ['big', undefined, undefined],
    ['notes', 2, undefined],
    ['orders', 250_000, undefined],
  ]);
  expect(datasets[2]?.tables).toHaveLength(200);
});

test('one table in full, by either name of its dataset', async () => {
  for (const dataset of ['my_shop', 'my-shop', 'MY_SHOP']) {
    const answer = await describeData(database, { dataset, table: 'orders', detail: 'full' });
    const [found] = answer.datasets;
    expect(found).toMatchObject({ dataset: 'my_shop', source: 'my-shop', tableCount: 1 });
    expect(found?.lastSyncAt).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
    expect(found?.tables[0]).toMatchObject({
      table: 'orders',
      stream: 'Orders',
      rows: 250_000,
      primaryKey: ['order_id'],
      columns: [
        { name: 'order_id', type: 'BIGINT', description: 'Number of the order.', field: 'order id' },
        { name: 'total', type: 'DOUBLE' },
      ],
      samples: [
        [0, 0],
        [1, 1.5],
        [2, 3],
        [3, 4.5],
        [4, 6],
      ],
    });
    expect(found?.tables[0]?.bytes).toBeGreaterThan(100_000);
    expect(answer.fileBytes).toBeGreaterThan(100_000);
  }
});

test('tables that no sync created: own key, comments, short samples, odd names', async () => {
  const notes = (await describeData(database, { table: 'notes', detail: 'full' })).datasets[0]?.tables[0];
  expect(notes).toMatchObject({
    primaryKey: ['id'],
    columns: [{ name: 'id' }, { name: 'note', description: 'What was said.' }],
  });
  expect(notes?.samples).toEqual([
    [1, `${'n'.repeat(120)}…`],
    [2, null],
  ]);
  const odd = await describeData(database, { dataset: 'main', detail: 'full' });
  expect(odd.datasets[0]?.tables).toMatchObject([{ table: 'Odd "Name', rows: 1, samples: [[1]] }]);
  const view = (await describeData(database, { table: 'my_shop.big', detail: 'full' })).datasets[0]?.tables[0];
  expect(view).toMatchObject({ view: true, columns: [{ name: 'order_id' }, { name: 'total' }] });
  expect(view).not.toHaveProperty('rows');
});

test('too many columns and samples are left out and counted', async () => {
  const { datasets, withoutColumns, withoutSamples } = await describeData(database, {
    dataset: 'wide',
    detail: 'full',
  });
  expect(datasets[0]?.tables).toHaveLength(200);
  expect({ withoutColumns, withoutSamples }).toEqual({ withoutColumns: 75, withoutSamples: 180 });
});

test('unknown names are answered with similar ones', async () => {
  await expect(describeData(database, { dataset: 'my_shpo', detail: 'names' })).rejects.toMatchObject({
    kind: 'input',
    code: 'unknown_dataset',
    next: expect.stringContaining('my_shop'),
  });
  await expect(describeData(database, { table: 'order', detail: 'names' })).rejects.toMatchObject({
    code: 'unknown_table',
    next: expect.stringContaining('my_shop.orders'),
  });
  for (const hidden of ['_sluice', '_SLUICE']) {
    await expect(describeData(database, { dataset: hidden, detail: 'names' })).rejects.toMatchObject({
      code: 'unknown_dataset',
    });
  }
});

test('nothing is written', async () => {
  await database.release();
  const before = await stat(join(folder, 'cache.duckdb'));
  await describeData(database, { detail: 'full' });
  await database.release();
  const after = await stat(join(folder, 'cache.duckdb'));
  expect([after.size, after.mtimeMs]).toEqual([before.size, before.mtimeMs]);
});
