import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryResult } from '../types.ts';
import { runQuery } from './query.ts';
import { openShop, type Shop } from './query-shop.fixture.ts';

let shop: Shop;

const never = new AbortController().signal;
const run = (sql: string, limit = 100, offset = 0): Promise<QueryResult> =>
  runQuery(shop.database, sql, { limit, offset, signal: never });
const cells = async (sql: string): Promise<unknown> => (await run(sql)).rows;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.remove());

describe('allowed queries', () => {
  test.each([
    ['SELECT count(*) FROM shop.orders', [[50000]]],
    ['SELECT count(*) FROM cache.shop.orders;', [[50000]]],
    ['select n from BARE -- a comment', [[7]]],
    ['FROM bare', [[7]]],
    ['TABLE bare', [[7]]],
    ['VALUES (1), (2)', [[1], [2]]],
    ['(SELECT 1) UNION ALL (SELECT 2)', [[1], [2]]],
    ['WITH x AS (SELECT 1 AS a), y AS (SELECT a + 1 AS a FROM x) SELECT * FROM y', [[2]]],
    ['WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT max(n) FROM r', [[3]]],
    ['WITH bare AS (SELECT n + 1 AS n FROM bare) FROM bare', [[8]]],
    ['SELECT "a b" FROM shop."Odd Name"', [[1]]],
    ['SELECT count(*) FROM shop.big', [[49933]]],
    ['DESCRIBE bare', [['n', 'INTEGER', 'YES', null, null, null]]],
    ['SELECT column_name FROM (SUMMARIZE bare)', [['n']]],
    ['SELECT sum(i)::INT FROM generate_series(1, 3) r(i)', [[6]]],
    ['SELECT unnest([1, 2])', [[1], [2]]],
    ['SELECT x FROM (SELECT 2 AS k), LATERAL (SELECT unnest(range(k)) AS x) ORDER BY x', [[0], [1]]],
    [`SELECT key FROM json_each('{"a": 1}')`, [['a']]],
    ["PIVOT (SELECT 'a' AS k, 1 AS v) ON k IN ('a', 'b') USING max(v)", [[1, null]]],
    ['SELECT list_transform([1, 2], lambda x: x + 1)', [[[2, 3]]]],
    [
      "SELECT repeat('ab', 2), lpad('1', 3, '0'), replace('aXa', 'X', '-'), regexp_replace('aaa', 'a', 'b', 'g')",
      [['abab', '001', 'a-a', 'bbb']],
    ],
    ["SELECT printf('%05.2f', 1.5), format('{:>4}', 7)", [['01.50', '   7']]],
    ["SELECT count(*) FROM information_schema.tables WHERE table_schema = 'shop'", [[9]]],
    ["SELECT len(generate_series(DATE '2024-01-01', DATE '2024-01-10', INTERVAL 1 DAY))", [[10]]],
  ])('%s', async (sql, rows) => {
    expect(await cells(sql)).toEqual(rows);
  });

  test('SHOW lists the tables', async () => {
    expect((await run('SHOW ALL TABLES')).columns.map(({ name }) => name)).toContain('schema');
    expect(await cells('SHOW TABLES')).toEqual([['bare']]);
    expect((await cells('SHOW TABLES FROM shop')) as unknown[]).toContainEqual(['orders']);
  });
});

describe('refused queries and their errors', () => {
  test.each([
    ['EXPLAIN SELECT 1', 'sql_not_select', /dry_run/],
    ['EXPLAIN ANALYZE DELETE FROM shop.orders', 'sql_not_select', /dry_run/],
    ["COPY shop.orders TO '/tmp/x.csv'", 'sql_not_select', /COPY|no SELECT/],
    ["COPY shop.orders FROM '/etc/passwd'", 'sql_not_select', /COPY|no SELECT/],
    ["ATTACH ':memory:' AS other", 'sql_not_select', /ATTACH/],
    ['DETACH cache', 'sql_not_select', /DETACH/],
    ['SET threads = 1', 'sql_not_select', /SET/],
    ["SET VARIABLE x = 'y'", 'sql_not_select', /SET/],
    ['RESET threads', 'sql_not_select', /SET/],
    ['PRAGMA database_list', 'sql_not_select', /PRAGMA/],
    ["PRAGMA table_info('bare')", 'sql_not_select', /PRAGMA/],
    ['CHECKPOINT', 'sql_not_select', /./],
    ['VACUUM', 'sql_not_select', /VACUUM/],
    ['INSTALL httpfs', 'sql_not_select', /LOAD or INSTALL/],
    ['LOAD httpfs', 'sql_not_select', /LOAD or INSTALL/],
    ['CREATE TEMP TABLE x AS SELECT 1', 'sql_not_select', /WITH name AS/],
    ['CREATE OR REPLACE MACRO m() AS 1', 'sql_not_select', /WITH name AS/],
    ['PREPARE p AS SELECT 1', 'sql_not_select', /PREPARE/],
    ['EXECUTE p', 'sql_not_select', /./],
    ['CALL pragma_version()', 'sql_not_select', /CALL/],
    ['INSERT INTO bare VALUES (1)', 'sql_not_select', /INSERT|no SELECT/],
    ['UPDATE bare SET n = 1', 'sql_not_select', /UPDATE|no SELECT/],
    ['DELETE FROM bare', 'sql_not_select', /DELETE|no SELECT/],
    ['TRUNCATE bare', 'sql_not_select', /./],
    ['DROP TABLE bare', 'sql_not_select', /DROP|no SELECT/],
    ['ALTER TABLE bare ADD COLUMN x INT', 'sql_not_select', /./],
    ["EXPORT DATABASE '/tmp/x'", 'sql_not_select', /./],
    ["IMPORT DATABASE '/tmp/x'", 'sql_not_select', /./],
    ['USE memory', 'sql_not_select', /./],
    ['BEGIN', 'sql_not_select', /transaction/],
    ['COMMIT', 'sql_not_select', /transaction/],
    ['MERGE INTO bare USING bare b ON true WHEN MATCHED THEN DELETE', 'sql_not_select', /./],
    ['PIVOT shop.orders ON customer USING sum(total)', 'sql_many_statements', /PIVOT/],
    ['SELECT 1; SELECT 2', 'sql_many_statements', /one SELECT/],
    ['SELECT 1; DROP TABLE bare', 'sql_many_statements', /one SELECT/],
    ['COMMIT; DROP TABLE bare', 'sql_many_statements', /one SELECT/],
    ['', 'sql_empty', /SELECT/],
    [' ; -- nothing', 'sql_empty', /SELECT/],
    ['SELECT 1\0; DROP TABLE bare', 'sql_characters', /./],
    ['SELECT \ud800', 'sql_characters', /./],
    ['SELECT ?', 'sql_parameter', /value/],
    ['SELECT $name', 'sql_parameter', /value/],
    ["SELECT * FROM read_text('/etc/passwd')", 'sql_table_function', /describe_data/],
    ["SELECT (SELECT content FROM read_text('/etc/passwd'))", 'sql_table_function', /./],
    ["WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT 1", 'sql_table_function', /./],
    ["SELECT 1 FROM bare, LATERAL (SELECT * FROM read_blob('/x'))", 'sql_table_function', /./],
    ["SELECT 1 WHERE EXISTS (FROM glob('*'))", 'sql_table_function', /./],
    ["SELECT 1 UNION ALL (SELECT 2 FROM glob('*') ORDER BY 1)", 'sql_table_function', /./],
    ["SELECT 1 ORDER BY (SELECT count(*) FROM glob('*'))", 'sql_table_function', /./],
    ["SELECT 1 LIMIT (SELECT count(*) FROM glob('*'))", 'sql_table_function', /./],
    ["SELECT sum(n) FILTER (n IN (SELECT 1 FROM glob('*'))) FROM bare", 'sql_table_function', /./],
    ["SELECT sum(n) OVER (ORDER BY (SELECT 1 FROM glob('*'))) FROM bare", 'sql_table_function', /./],
    ["SELECT n FROM bare QUALIFY (SELECT 1 FROM glob('*')) = 1", 'sql_table_function', /./],
    ["SELECT * REPLACE ((SELECT 1 FROM glob('*')) AS n) FROM bare", 'sql_table_function', /./],
    ["SELECT list_transform([1], lambda x: (SELECT 1 FROM glob('*')))", 'sql_table_function', /./],
    ["SELECT [x FOR x IN (SELECT list(file) FROM glob('*'))]", 'sql_table_function', /./],
    ["SELECT * FROM range((SELECT count(*) FROM glob('*')))", 'sql_table_function', /./],
    ["PIVOT (FROM glob('*')) ON file IN ('a') USING count(*)", 'sql_table_function', /./],
    ["DESCRIBE SELECT * FROM read_csv('/etc/passwd')", 'sql_table_function', /./],
    ["SUMMARIZE SELECT * FROM glob('*')", 'sql_table_function', /./],
    ["FROM (DESCRIBE FROM glob('*'))", 'sql_table_function', /./],
    ["VALUES ((SELECT 1 FROM glob('*')))", 'sql_table_function', /./],
    ["SELECT * FROM query('DROP TABLE bare')", 'sql_table_function', /./],
    ["SELECT * FROM query_table('bare')", 'sql_table_function', /./],
    ['SELECT * FROM duckdb_settings()', 'sql_table_function', /./],
    ['SELECT * FROM duckdb_secrets()', 'sql_table_function', /./],
    ["SELECT * FROM json_execute_serialized_sql('{}')", 'sql_table_function', /./],
    ['SELECT * FROM other.main.range(3)', 'sql_table_function', /./],
    ["SELECT * FROM '/etc/passwd'", 'unknown_table', /describe_data/],
    ["SELECT * FROM 'outside.csv'", 'unknown_table', /./],
    ['SELECT * FROM "https://example.org/x.parquet"', 'unknown_table', /./],
    ['SELECT * FROM ordres', 'unknown_table', /shop\.orders/],
    ['SELECT * FROM orders', 'unknown_table', /shop\.orders/],
    ['SELECT * FROM system.main.duckdb_tables', 'unknown_table', /./],
    ['SELECT * FROM duckdb_tables', 'unknown_table', /./],
    ['SELECT * FROM sqlite_master', 'unknown_table', /./],
    ['SELECT * FROM pg_catalog.pg_class', 'unknown_table', /./],
    ['SELECT * FROM temp.main.x', 'unknown_table', /./],
    ['SELECT * FROM (WITH x AS (SELECT 1) FROM x), x', 'unknown_table', /./],
    ['SELECT * FROM _sluice.state', 'sql_refused', /get_sync/],
    ['SELECT * FROM shop._sluice_pending_1', 'sql_refused', /./],
    ['SHOW VARIABLES', 'sql_refused', /SHOW TABLES/],
    ['SHOW DATABASES', 'sql_refused', /SHOW TABLES/],
    ["SELECT nextval('shop.numbers')", 'sql_function', /row_number/],
    ["SELECT current_setting('temp_directory')", 'sql_function', /./],
    ["SELECT main.getvariable('x')", 'sql_function', /./],
    ["SELECT write_log('x')", 'sql_function', /./],
    ["SELECT json_serialize_plan('SELECT 1')", 'sql_function', /./],
    ["SELECT system.main.repeat('x', 3)", 'sql_function', /./],
    ["SELECT list_reduce(['a'], lambda a, b: a || b)", 'sql_function', /recursive/],
    ["SELECT printf('%500000000d', 1)", 'sql_function', /format/],
    ["SELECT format('{:{}d}', 1, 500000000)", 'sql_function', /format/],
    ['SELECT list_transform([1], lambda x: range(100000))', 'sql_function', /unnest/],
    ["SELECT repeat('x', 2000000000)", 'sql_too_large_value', /./],
    ["SELECT length(rpad('x', n::INT, 'y')) FROM (VALUES (2000000000)) t(n)", 'sql_too_large_value', /./],
    ['SELECT len(range(100000000))', 'sql_too_large_value', /FROM range/],
    [
      "SELECT generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '2024-01-01', INTERVAL 1 SECOND)",
      'sql_too_large_value',
      /./,
    ],
    ["SELECT replace(repeat('a', 90000), 'a', repeat('b', 90000))", 'sql_too_large_value', /./],
    ['SELEC 1', 'sql_syntax', /DuckDB dialect/],
    ['SELECT', 'sql_syntax', /./],
    ['SELECT (1', 'sql_syntax', /./],
    [`SELECT ${'('.repeat(20_000)}`, 'sql_too_deep', /WITH/],
    [`SELECT 1${'+1'.repeat(20_000)}`, 'sql_too_deep', /WITH/],
    [`SELECT '${'x'.repeat(100_001)}'`, 'sql_too_long', /./],
    ['SELECT nosuch FROM shop.orders', 'unknown_column', /describe_data/],
    ['SELECT nosuch(1)', 'sql_error', /./],
    ["SELECT 'a'::INT", 'sql_error', /./],
    ["SELECT error('stop')", 'sql_error', /./],
    ['WITH x AS (INSERT INTO bare VALUES (1) RETURNING n) FROM x', 'sql_syntax', /./],
    ['SELECT shop.next_number()', 'sql_error', /./],
    ['FROM shop.staged', 'sql_table_function', /view/],
    ['FROM shop.twice_removed', 'sql_table_function', /view/],
    ['SELECT (SELECT count(*) FROM shop.twice_removed)', 'sql_table_function', /view/],
    ['SELECT shop.peek()', 'sql_table_function', /view/],
    ['FROM shop.settings', 'sql_table_function', /view/],
    ['FROM shop.password', 'sql_error', /disabled by configuration/],
  ])('%s', async (sql, code, next) => {
    await expect(run(sql)).rejects.toMatchObject({ kind: 'input', code, next: expect.stringMatching(/\S/) });
    const error: unknown = await run(sql).catch((thrown: unknown) => thrown);
    expect(`${(error as Error).message} ${(error as { next: string }).next}`).toMatch(next);
    expect(await cells('SELECT n, (SELECT count(*) FROM shop.orders) FROM bare')).toEqual([[7, 50000]]);
  });
});
