/** describe_data and query, as an assistant uses them on a cache that is there. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;

beforeAll(async () => {
  workplace = await makeWorkplace();
  const folder = join(workplace.project, 'cache');
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(join(folder, 'cache.duckdb'));
  const connection = await instance.connect();
  await connection.run(`CREATE SCHEMA shop; CREATE TABLE shop.orders AS
    SELECT i AS id, 'customer ' || (i % 3) AS customer, i * 2 AS total FROM range(5000) r(i);
    COMMENT ON COLUMN shop.orders.total IS 'In cents.'`);
  connection.closeSync();
  instance.closeSync();
  server = await startServer({ workplace });
});

afterAll(async () => {
  await server.close();
  await workplace.remove();
});

test('what is there, from the names to samples', async () => {
  const all = await server.call<{ datasets: object[] }>('describe_data');
  expect(all.datasets).toMatchObject([
    {
      dataset: 'shop',
      table_count: 1,
      tables: [
        { table: 'orders', rows: 5000, columns: [{ name: 'id' }, { name: 'customer' }, { description: 'In cents.' }] },
      ],
    },
  ]);
  expect(all.text).toContain('shop.orders: 5,000 rows');
  const table = { dataset: 'shop', table: 'orders' };
  const summary = await server.call('describe_data', table);
  expect(summary.text).not.toContain('customer 0');
  // A storage block is 262 kB: some 130 kB of text take less than one.
  for (const detail of ['names', 'summary', 'full']) {
    const { total, text } = await server.call<{ total: { bytes: number } }>('describe_data', { ...table, detail });
    expect(total).toMatchObject({ datasets: 1, tables: 1, rows: 5000 });
    expect(total.bytes).toBeGreaterThan(50_000);
    expect(total.bytes).toBeLessThan(250_000);
    expect(text).toContain('Total: 1 dataset, 1 table, 5,000 rows, about ');
  }
  const full = await server.call('describe_data', { ...table, detail: 'full' });
  expect(full.text).toContain('id | customer | total\n0 | customer 0 | 0\n1 | customer 1 | 2');
  expect((await server.call('describe_data', { detail: 'names' })).text).not.toContain('customer');
  expect(await server.fail('describe_data', { dataset: 'shpo' })).toMatchObject({
    code: 'unknown_dataset',
    next: expect.stringContaining('shop'),
  });
});

test('rows, page by page', async () => {
  const sql = 'SELECT id, customer FROM shop.orders ORDER BY id DESC';
  const first = await server.call('query', { sql, limit: 2 });
  expect(first).toMatchObject({
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'customer', type: 'VARCHAR' },
    ],
    rows: [
      [4999, 'customer 1'],
      [4998, 'customer 0'],
    ],
    truncated: true,
    next_offset: 2,
  });
  expect(first.text).toContain('4999 | customer 1');
  expect(first.text).toContain('offset 2');
  expect(await server.call('query', { sql, limit: 1000, offset: 4999 })).toMatchObject({
    rows: [[0, 'customer 0']],
    truncated: false,
  });
  for (const wrong of [{ sql, limit: 0 }, { sql, limit: 1001 }, { sql, offset: -1 }, { sql, ofset: 1 }, {}]) {
    expect((await server.fail('query', wrong)).kind).toBe('input');
  }
});

test('a dry run reports what would be read', async () => {
  const answer = await server.call('query', { sql: 'SELECT sum(total) AS s FROM shop.orders', dry_run: true });
  expect(answer).toMatchObject({ columns: [{ name: 's', type: 'HUGEINT' }], tables: ['shop.orders'] });
  expect(answer).not.toHaveProperty('rows');
  expect(answer.text).toContain('Not executed. Reads shop.orders.');
});

describe('bad SQL is refused, and the server stays up', () => {
  test.each([
    ['EXPLAIN ANALYZE DELETE FROM shop.orders', 'sql_not_select'],
    ["COPY shop.orders TO '/tmp/never.csv'", 'sql_not_select'],
    ["ATTACH '/tmp/never.duckdb'", 'sql_not_select'],
    ["SELECT * FROM read_text('/etc/passwd')", 'sql_table_function'],
    ["SELECT * FROM glob('/*')", 'sql_table_function'],
    ["SELECT * FROM query('SELECT 1')", 'sql_table_function'],
    ["SELECT * FROM '/etc/passwd'", 'unknown_table'],
    ['SELECT 1; DELETE FROM shop.orders', 'sql_many_statements'],
    ["SET memory_limit = '64GB'", 'sql_not_select'],
    ['PRAGMA show_tables', 'sql_not_select'],
    ['CHECKPOINT', 'sql_not_select'],
    ['INSTALL httpfs', 'sql_not_select'],
    ['LOAD httpfs', 'sql_not_select'],
    ['CREATE TEMP TABLE x AS SELECT 1', 'sql_not_select'],
    ['PREPARE p AS SELECT 1', 'sql_not_select'],
    ['CALL pragma_version()', 'sql_not_select'],
  ])('%s', async (sql, code) => {
    expect(await server.fail('query', { sql })).toMatchObject({ kind: 'input', code });
    expect(await server.fail('query', { sql, dry_run: true })).toMatchObject({ kind: 'input', code });
    expect(await server.call('query', { sql: 'SELECT count(*) FROM shop.orders' })).toMatchObject({ rows: [[5000]] });
  });

  test('a value of gigabytes is not created', async () => {
    const sql = "SELECT repeat('x', 2000000000)";
    expect(await server.fail('query', { sql })).toMatchObject({ kind: 'input', code: 'sql_too_large_value' });
  });

  test('a query that runs for minutes is stopped at the limit', async () => {
    const sql = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b';
    const started = Date.now();
    expect(await server.fail('query', { sql })).toMatchObject({ kind: 'limit', code: 'query_timeout' });
    expect(Date.now() - started).toBeLessThan(40_000);
    expect(await server.call('query', { sql: 'SELECT 1 AS one' })).toMatchObject({ rows: [[1]] });
  });
});

test('a second client gets in when the first is idle', async () => {
  const second = await startServer({ workplace });
  try {
    await server.call('query', { sql: 'SELECT 1' });
    expect(await second.call('query', { sql: 'SELECT max(id) FROM shop.orders' })).toMatchObject({ rows: [[4999]] });
  } finally {
    await second.close();
  }
});

test('before the first sync the answer is what to do', async () => {
  const fresh = await startServer();
  try {
    for (const [tool, args] of [
      ['query', { sql: 'SELECT 1' }],
      ['describe_data', {}],
    ] as const) {
      expect(await fresh.fail(tool, args)).toMatchObject({
        code: 'no_data_yet',
        next: expect.stringContaining('start_sync'),
      });
    }
    expect([...(await fresh.workplace.files()).keys()].filter((path) => path.endsWith('.duckdb'))).toEqual([]);
  } finally {
    await fresh.close();
  }
});

describe('names that need quotes', () => {
  let other: TestServer;
  let otherWorkplace: Workplace;
  beforeAll(async () => {
    otherWorkplace = await makeWorkplace();
    const folder = join(otherWorkplace.project, 'cache');
    await mkdir(folder, { recursive: true });
    const instance = await DuckDBInstance.create(join(folder, 'cache.duckdb'));
    const connection = await instance.connect();
    await connection.run(`CREATE SCHEMA "all"; CREATE TABLE "all"."order" AS SELECT 1 AS "select", 2 AS plain, '{"a":"open"}'::JSON AS status;
      CREATE TABLE "all"."Line items" AS SELECT DATE '2026-01-02' AS day, 7 AS "\ufeffNumber"`);
    connection.closeSync();
    instance.closeSync();
    other = await startServer({ workplace: otherWorkplace });
  });
  afterAll(async () => {
    await other.close();
    await otherWorkplace.remove();
  });

  test('are shown as they are written in SQL: datasets, tables, columns, in the text and in the data', async () => {
    const shown = await other.call<{ datasets: object[] }>('describe_data', { detail: 'full' });
    expect(shown.text).toContain('Dataset "all"');
    expect(shown.text).toContain('"all"."order": 1 row');
    expect(shown.text).toContain('    "select" INTEGER');
    expect(shown.text).toContain('    plain INTEGER');
    expect(shown.text).toContain('"select" | plain');
    expect(shown.datasets).toMatchObject([
      {
        dataset: 'all',
        sql: '"all"',
        tables: [
          { table: 'Line items', sql: '"all"."Line items"', columns: [{ name: 'day' }, { sql: '"\\ufeffNumber"' }] },
          {
            table: 'order',
            sql: '"all"."order"',
            columns: [{ name: 'select', sql: '"select"' }, { name: 'plain' }, {}],
          },
        ],
      },
    ]);
    expect(JSON.stringify(shown.datasets)).not.toContain('"sql":"plain"');
    expect(await other.call('query', { sql: 'SELECT "select" FROM "all"."order"' })).toMatchObject({ rows: [[1]] });
  });

  test('are taken as they are shown', async () => {
    for (const table of ['order', '"order"', '"all"."order"', 'all.order']) {
      const { datasets } = await other.call<{ datasets: { tables: object[] }[] }>('describe_data', {
        dataset: '"all"',
        table,
      });
      expect(datasets[0]?.tables).toHaveLength(1);
    }
  });

  test('with hidden characters are taken as they are shown', async () => {
    const { text = '' } = await other.call('describe_data', { table: 'Line items' });
    const [shown] = /"[^"]*Number"/.exec(text) ?? [];
    expect(shown).toBe('"\\ufeffNumber"');
    const answer = await other.call('query', { sql: `SELECT ${shown} FROM "all"."Line items"` });
    expect(answer).toMatchObject({ columns: [{ name: '\\ufeffNumber' }], rows: [[7]] });
  });

  test('are quoted the same way in errors', async () => {
    expect((await other.fail('describe_data', { dataset: 'al' })).next).toContain('Did you mean "all"?');
    expect((await other.fail('describe_data', { table: 'ordr' })).next).toContain('"all"."order"');
    expect((await other.fail('query', { sql: 'SELECT 1 FROM order_' })).next).toContain('"all"."order"');
    const error = await other.fail('query', { sql: 'SELECT plain FROM all.order' });
    expect(error).toMatchObject({ code: 'sql_syntax', next: expect.stringContaining('write "all" in double quotes') });
    expect((await other.call('query', { sql: 'FROM "all"."order"', dry_run: true })).text).toContain(
      'Reads "all"."order"',
    );
  });

  test.each([
    ['```sql\nSELECT plain FROM "all"."order";\n```', 2],
    ['SELECT plain FROM “all”.“order” WHERE ‘a’ = ‘a’', 2],
    ['SELECT plain FROM "all"."order";;', 2],
  ])('%j is cleaned', async (sql, value) => {
    expect(await other.call('query', { sql })).toMatchObject({ rows: [[value]] });
    expect(await other.call('query', { sql, dry_run: true })).toMatchObject({ tables: ['"all"."order"'] });
  });

  test.each([
    ['SELECT `plain` FROM "all"."order"', 'write "name" instead of `name`'],
    ['SELECT TOP 3 plain FROM "all"."order"', 'write LIMIT 3 at the end'],
    ['SELECT plain FROM "all"."order" LIMIT 5, 10', 'LIMIT 10 OFFSET 5'],
    ['SELECT to_char(day, \'YYYY\') FROM "all"."Line items"', "strftime(value, '%Y-%m-%d')"],
    ['SELECT order FROM "all"."Line items"', 'write "order" in double quotes'],
    ['SELECT getdate()', 'Instead of getdate write now()'],
    ['SELECT isnull(plain, 0) FROM "all"."order"', 'coalesce(value, other)'],
    ['SELECT safe_cast(plain AS int) FROM "all"."order"', 'TRY_CAST(value AS type)'],
    ['SELECT * EXCEPT (plain) FROM "all"."order"', 'SELECT * EXCLUDE (name)'],
    ['SELECT order FROM "all"."order"', 'write "order" in double quotes'],
    ["SELECT to_timestamp('2026', 'YYYY')", "strptime(text, '%Y-%m-%d')"],
    ['SELECT jsonb_extract_path_text(status, \'a\') FROM "all"."order"', "column->>'$.field'"],
    ['SELECT jsonb_array_elements(status) FROM "all"."order"', "unnest(json_extract(column, '$[*]'))"],
    ['SELECT jsonb_agg(plain) FROM "all"."order"', 'json_group_array(value)'],
    ['SELECT datediff(day, day, now()) FROM "all"."Line items"', "date_diff('day', from, to)"],
    ['SELECT plain FROM "all"."order" WHERE status = \'open\'', "column->>'$.field' = 'text'"],
  ])('%s: the error shows the syntax that DuckDB expects', async (sql, hint) => {
    expect((await other.fail('query', { sql })).next).toContain(hint);
  });
});
