/** What query and describe give and refuse on a real Postgres. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from '../cache/cache.ts';
import { postgresCache } from '../cache/postgres/postgres-cache.ts';
import type { DryRun, QueryResult } from '../cache/types.ts';
import { createRedactor } from '../secrets/index.ts';
import { startPostgres, type TestPostgres } from './harness/postgres.ts';
import { describeWith } from './harness/requirements.ts';

let postgres: TestPostgres;
let database: string;
let cache: Cache;
let staging: string;
const never = new AbortController().signal;
const run = (sql: string, limit = 100, offset = 0): Promise<QueryResult> =>
  cache.query(sql, { limit, offset, signal: never });
const cells = async (sql: string): Promise<unknown> => (await run(sql)).rows;
const dry = (sql: string): Promise<DryRun> => cache.dryRun(sql, never);
const open = (url: string, redactor = createRedactor()): Cache =>
  postgresCache({ redactor, url: (use) => use(url), stagingDirectory: async () => staging });

const SHOP = `CREATE SCHEMA shop AUTHORIZATION plain; CREATE SCHEMA _sluice AUTHORIZATION plain; SET ROLE plain;
  CREATE TABLE shop.orders AS SELECT i::bigint AS id, 'c' || i % 10 AS customer, (i % 7)::double precision AS total FROM generate_series(0, 49999) AS i;
  CREATE TABLE shop.wide AS SELECT i AS id, repeat('é', 5000) AS text FROM generate_series(1, 200) AS i;
  CREATE TABLE shop.keyed (a bigint, b text, PRIMARY KEY (b, a)); COMMENT ON COLUMN shop.keyed.a IS 'the first';
  CREATE VIEW shop.good AS SELECT id FROM shop.orders WHERE total > 3;
  CREATE TABLE _sluice.secretive (a int); CREATE TABLE shop._sluice_new__orders (a int); CREATE SEQUENCE shop.numbers;
  CREATE FUNCTION shop.writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.orders; RETURN 1; END $$;
  CREATE FUNCTION shop.doubled(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$; RESET ROLE`;

describeWith(['postgres'], 'queries on Postgres', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
    staging = await mkdtemp(join(tmpdir(), 'sluice-query-'));
    database = await postgres.makeDatabase();
    await postgres.run(database, SHOP);
    await postgres.run(database, 'CREATE EXTENSION dblink').catch(() => undefined);
    cache = open(postgres.url(database));
  });
  afterAll(async () => {
    await cache.close();
    await postgres.stop();
    await rm(staging, { recursive: true });
  });

  describe('the answer', () => {
    it('has limit and offset, in the order of the query, and says where it ends', async () => {
      const sql = 'SELECT id FROM shop.orders ORDER BY id DESC';
      expect(await run(sql, 2, 1)).toMatchObject({ rows: [[49998], [49997]], truncated: true, nextOffset: 3 });
      expect(await run(sql, 2, 49_998)).toMatchObject({ rows: [[1], [0]], truncated: false });
      expect(await run(sql, 2, 60_000)).toMatchObject({ rows: [], truncated: false });
      expect((await run(sql, 1000)).rows).toHaveLength(1000);
      expect(await run('SELECT 1 AS a, 2 AS a')).toMatchObject({
        columns: [
          { name: 'a', type: 'integer' },
          { name: 'a', type: 'integer' },
        ],
        rows: [[1, 2]],
      });
    });

    it.each(['', ';', ' ; -- the end', '\n-- the end', ' /* ; */ ;'])('whatever stands after it: %j', async (end) => {
      expect(await run(`SELECT id FROM shop.orders ORDER BY id${end}`, 1)).toMatchObject({ rows: [[0]] });
      expect((await dry(`SELECT id FROM shop.orders${end}`)).tables).toEqual(['shop.orders']);
    });

    it.each([
      ['(SELECT 1) UNION ALL (SELECT 2)', [[1], [2]]],
      ['VALUES (1), (2)', [[1], [2]]],
      ['TABLE shop.good LIMIT 1', [[4]]],
      ['WITH a AS (SELECT 1 AS x) SELECT x, shop.doubled(x) FROM a', [[1, 2]]],
      ['SELECT ROW(1, NULL)', [['(1,)']]],
      [
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = 'wide'",
        [['wide']],
      ],
      ['SELECT count(*), sum(total), max(customer) FROM shop.orders', [[50000, 149997, 'c9']]],
      ["SELECT 'a; b', $$c; d$$, E'\\'; e'", [['a; b', 'c; d', "'; e"]]],
    ])('works: %s', async (sql, rows) => {
      expect(await cells(sql)).toEqual(rows);
    });

    it('has the JSON forms of a DuckDB cache', async () => {
      expect(
        await cells(`SELECT 9007199254740991::bigint, 9007199254740993::bigint, 1.10::numeric, 0.1::real, 'NaN'::float8, '-Infinity'::float8,
          true, '2024-01-02 03:04:05.5+02'::timestamptz, '2024-01-02 03:04:05'::timestamp, '\\x00ff'::bytea, '{"a": 1.10}'::jsonb,
          ARRAY[[1, NULL], [3, 4]], ARRAY['a"b', NULL, '{,}', ''], 'infinity'::timestamptz, '2024-01-02'::date, NULL`),
      ).toEqual([
        [
          ...[9007199254740991, '9007199254740993', '1.10', 0.1, 'NaN', '-Infinity', true],
          ...['2024-01-02T01:04:05.5Z', '2024-01-02T03:04:05', 'AP8=', '{"a": 1.10}'],
          [
            [1, null],
            [3, 4],
          ],
          ['a"b', null, '{,}', ''],
          ...['infinity', '2024-01-02', null],
        ],
      ]);
    });

    it('cuts long cells and long answers, and says so', async () => {
      const wide = await run('SELECT id, text FROM shop.wide', 200);
      expect(wide.rows[0]?.[1]).toBe(`${'é'.repeat(2000)}…`);
      expect(wide).toMatchObject({ truncated: true, cellsCut: wide.rows.length, nextOffset: wide.rows.length });
      expect(JSON.stringify(wide.rows).length).toBeLessThan(101_000);
      expect((await run("SELECT ARRAY(SELECT repeat('x', 100) FROM generate_series(1, 5000))")).cellsCut).toBe(1);
    });

    it('seals what is secret, before it is cut', async () => {
      const redactor = createRedactor();
      redactor.add('TOKEN', 'a-token-that-nobody-sees', { sensitive: true });
      const sealed = open(postgres.url(database), redactor);
      const sql = "SELECT repeat('x', 1990) || 'a-token-that-nobody-sees' AS t, ARRAY['a-token-that-nobody-sees'] AS l";
      const { rows } = await sealed.query(sql, { limit: 1, offset: 0, signal: never });
      expect(JSON.stringify(rows)).not.toContain('a-token');
      expect(JSON.stringify(await sealed.dryRun(sql, never))).not.toContain('a-token-that');
      await sealed.close();
    });
  });

  describe('what does not read', () => {
    it.each([
      ['DELETE FROM shop.orders', 'sql_not_select'],
      ['INSERT INTO shop.keyed VALUES (1, 2) RETURNING a', 'sql_not_select'],
      ['WITH gone AS (DELETE FROM shop.orders RETURNING *) SELECT * FROM gone', 'sql_not_select'],
      ['SELECT * INTO shop.copy FROM shop.orders', 'sql_syntax'],
      ['CREATE TABLE shop.x AS SELECT 1', 'sql_not_select'],
      ['DROP TABLE shop.orders', 'sql_not_select'],
      ['COPY shop.orders TO STDOUT', 'sql_not_select'],
      ["COPY (SELECT 1) TO PROGRAM 'touch /tmp/sluice-was-here'", 'sql_not_select'],
      ['EXPLAIN ANALYZE SELECT 1', 'sql_not_select'],
      ['ANALYZE SELECT 1', 'sql_not_select'],
      ['SET statement_timeout = 0', 'sql_not_select'],
      ['BEGIN', 'sql_not_select'],
      ['COMMIT; SELECT 1', 'sql_not_select'],
      ['DO $$ BEGIN PERFORM 1; END $$', 'sql_not_select'],
      ['SELECT 1; SELECT 2', 'sql_many_statements'],
      ['SELECT 1; END; DROP TABLE shop.orders; --', 'sql_many_statements'],
      ['SELECT 1; COMMIT; DROP TABLE shop.orders', 'sql_not_select'],
      ['SELECT id FROM shop.orders FOR UPDATE', 'sql_not_select'],
      ['SELECT * FROM (SELECT id FROM shop.orders FOR SHARE) AS t', 'sql_not_select'],
      ['', 'sql_empty'],
      [' ; -- nothing', 'sql_empty'],
      ['SELECT $1', 'sql_error'],
      ['SELEC 1', 'sql_not_select'],
      ['SELECT FROM WHERE', 'sql_syntax'],
      ['SELECT 1 WITH HOLD', 'sql_syntax'],
      ['SELECT nme FROM shop.orders', 'unknown_column'],
      ['SELECT * FROM shop.order', 'unknown_table'],
      ['SELECT * FROM orders', 'unknown_table'],
      ['SELECT 1/0', 'sql_error'],
      ['SELECT * FROM _sluice.secretive', 'sql_refused'],
      ['SELECT * FROM shop._sluice_new__orders', 'sql_refused'],
      ['SELECT query FROM pg_stat_activity', 'sql_refused'],
      ['SELECT * FROM pg_catalog.pg_user_mappings', 'sql_refused'],
      ['SELECT * FROM information_schema.applicable_roles', 'sql_refused'],
      [`SELECT '\0'`, 'sql_characters'],
      [`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`, 'sql_too_deep'],
    ])('%s', async (sql, code) => {
      await expect(run(sql)).rejects.toMatchObject({ kind: 'input', code });
      await expect(dry(sql)).rejects.toMatchObject({ kind: 'input' });
      expect(await cells('SELECT count(*) FROM shop.orders')).toEqual([[50000]]);
    });

    it.each([
      "pg_read_file('/etc/passwd')",
      "pg_ls_dir('/')",
      "lo_import('/etc/passwd')",
      'lo_create(0)',
      "set_config('transaction_read_only', 'off', true)",
      "set_config('statement_timeout', '0', false)",
      "current_setting('data_directory')",
      'pg_sleep(0)',
      'pg_terminate_backend(1)',
      'pg_cancel_backend(1)',
      'pg_advisory_lock(1)',
      'pg_try_advisory_lock(1)',
      "nextval('shop.numbers')",
      "setval('shop.numbers', 5)",
      "query_to_xml('DELETE FROM shop.orders', true, true, '')",
      "database_to_xml(true, true, '')",
      "ts_stat('SELECT 1')",
      "pg_notify('a', 'b')",
      "pg_logical_emit_message(false, 'a', 'b')",
      'pg_export_snapshot()',
      'shop.writes()',
      'inet_server_addr()',
      'pg_stat_get_activity(NULL)',
      'pg_show_all_settings()',
      'txid_current()',
      'pg_current_xact_id()',
      'current_query()',
      'pg_catalog.pg_sleep(1.0 + 0)',
    ])('does not call %s', async (call) => {
      for (const sql of [
        `SELECT ${call}`,
        `SELECT 1 WHERE EXISTS (SELECT ${call})`,
        `WITH a AS (SELECT ${call} AS x) SELECT 1`,
      ]) {
        await expect(run(sql), sql).rejects.toMatchObject({ code: 'sql_function' });
      }
      await expect(dry(`SELECT ${call}`)).rejects.toMatchObject({ code: 'sql_function' });
    });

    it('does not call dblink', async () => {
      await expect(run("SELECT * FROM public.dblink('host=127.0.0.1', 'SELECT 1') AS t(a int)")).rejects.toMatchObject({
        code: 'sql_function',
      });
    });

    it('says where and what instead', async () => {
      await expect(run('SELECT id\nFROM shop.orders\nWHERE nme = 1')).rejects.toMatchObject({
        code: 'unknown_column',
        message: expect.stringContaining('line 3, column 7'),
      });
      await expect(run('SELECT * FROM shop.order')).rejects.toMatchObject({
        next: expect.stringContaining('shop.orders'),
        message: expect.stringContaining('"shop.order"'),
      });
      await expect(run('FROM shop.orders')).rejects.toMatchObject({ next: expect.stringContaining('SELECT * FROM') });
      await expect(run('SELECT upper(1)')).rejects.toMatchObject({ code: 'sql_error' });
    });

    it('a view that writes writes nothing: the transaction reads only', async () => {
      await postgres.run(database, 'SET ROLE plain; CREATE VIEW shop.bad AS SELECT shop.writes() AS w');
      await expect(run('SELECT * FROM shop.bad')).rejects.toMatchObject({
        code: 'sql_error',
        message: expect.stringContaining('read-only transaction'),
      });
      expect(await cells('SELECT count(*) FROM shop.orders')).toEqual([[50000]]);
      await postgres.run(database, 'DROP VIEW shop.bad');
    });

    it('another role keeps its tables to itself', async () => {
      await postgres.run(database, 'CREATE SCHEMA others; CREATE TABLE others.t AS SELECT 1 AS a');
      await expect(run('SELECT * FROM others.t')).rejects.toMatchObject({
        message: expect.stringContaining('permission denied'),
      });
      expect(JSON.stringify(await cache.describe({ detail: 'names' }))).not.toContain('others');
    });
  });

  describe('bounds', () => {
    it('the first rows of an endless result come at once', async () => {
      expect(await run('SELECT * FROM shop.orders AS a, shop.orders AS b, shop.orders AS c', 5)).toMatchObject({
        truncated: true,
      });
    });

    it('a query ends when the caller gives up, on the server too', async () => {
      const endless = 'SELECT count(*) FROM shop.orders AS a, shop.orders AS b, shop.orders AS c';
      await expect(
        cache.query(endless, { limit: 1, offset: 0, signal: AbortSignal.timeout(700) }),
      ).rejects.toMatchObject({
        code: 'cancelled',
      });
      const left =
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'sluice%' AND state = 'active'";
      await expect.poll(async () => (await postgres.run(database, left))[0]?.n, { timeout: 5_000 }).toBe('0');
    });

    it('rows that are too large do not take our memory', async () => {
      const before = process.memoryUsage.rss();
      await expect(run("SELECT repeat('x', 300000000)")).rejects.toMatchObject({ code: 'query_too_large' });
      expect(process.memoryUsage.rss() - before).toBeLessThan(700_000_000);
      expect((await run("SELECT repeat('x', 30000000) FROM generate_series(1, 50)", 3)).rows).toHaveLength(3);
    });

    it('memory that the server does not give is told so', async () => {
      await expect(run("SELECT length(repeat(repeat('x', 1000000), 2000))")).rejects.toMatchObject({
        code: 'query_memory',
      });
    });
  });

  describe('the role', () => {
    it('of a superuser, or one that may become more, is not asked; the statements for another are given', async () => {
      const owner = open(postgres.url(database, 'owner'));
      const refused = expect.objectContaining({
        kind: 'setup',
        code: 'cache_role',
        next: expect.stringContaining('CREATE ROLE sluice LOGIN'),
      });
      await expect(owner.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rejects.toEqual(refused);
      await expect(owner.dryRun('SELECT 1', never)).rejects.toEqual(refused);
      expect((await owner.describe({ detail: 'names' })).datasets.map(({ dataset }) => dataset)).toContain('shop');
      await owner.close();
      await postgres.run(
        database,
        'CREATE ROLE between NOLOGIN; GRANT pg_read_server_files TO between; GRANT between TO plain; ALTER ROLE plain NOINHERIT',
      );
      await expect(run('SELECT 1')).rejects.toEqual(refused);
      await postgres.run(database, 'REVOKE between FROM plain; ALTER ROLE plain INHERIT; GRANT owner TO plain');
      await expect(run('SELECT 1')).rejects.toEqual(refused);
      await postgres.run(database, 'REVOKE owner FROM plain');
      expect(await cells('SELECT 1')).toEqual([[1]]);
    });

    it('that may make nothing temporary is told what to grant; one that reads only by default may ask', async () => {
      const other = await postgres.makeDatabase();
      await postgres.run(
        other,
        `REVOKE TEMPORARY ON DATABASE ${other} FROM public; ALTER DATABASE ${other} OWNER TO owner`,
      );
      const shared = open(postgres.url(other));
      await expect(shared.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rejects.toMatchObject({
        code: 'cache_not_permitted',
        next: expect.stringContaining('GRANT TEMPORARY'),
      });
      await postgres.run(
        other,
        `GRANT TEMPORARY ON DATABASE ${other} TO plain; ALTER ROLE plain SET default_transaction_read_only = on`,
      );
      expect((await shared.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rows).toEqual([[1]]);
      await postgres.run(other, 'ALTER ROLE plain RESET ALL');
      await shared.close();
    });

    it('made by the statements that are given may ask', async () => {
      const other = await postgres.makeDatabase();
      const owner = open(postgres.url(other, 'owner'));
      const error = (await owner
        .query('SELECT 1', { limit: 1, offset: 0, signal: never })
        .catch((thrown: unknown) => thrown)) as {
        next: string;
      };
      await owner.close();
      await postgres.run(other, error.next.slice(error.next.indexOf('CREATE ROLE')));
      const sluice = open(postgres.url(other).replace(/\/\/[^@]*@/, '//sluice:a%20long%20password@'));
      expect((await sluice.query('SELECT 1', { limit: 1, offset: 0, signal: never })).rows).toEqual([[1]]);
      await sluice.close();
    });
  });

  it('a dry run gives columns, tables and plan, and runs nothing', async () => {
    const answer = await dry(
      'SELECT o.customer, sum(o.total) AS s FROM shop.good g JOIN shop.orders o USING (id) GROUP BY 1',
    );
    expect(answer.columns).toEqual([
      { name: 'customer', type: 'text' },
      { name: 's', type: 'double precision' },
    ]);
    expect(answer.tables).toEqual(['shop.good', 'shop.orders']);
    expect(answer.plan).toContain('orders');
    await dry('SELECT count(*) FROM shop.orders AS a, shop.orders AS b, shop.orders AS c');
  });

  it('describes datasets, tables, keys and samples', async () => {
    const { datasets, fileBytes } = await cache.describe({ dataset: 'shop', detail: 'full' });
    expect(fileBytes).toBeGreaterThan(1_000_000);
    expect(datasets).toMatchObject([
      {
        dataset: 'shop',
        tableCount: 4,
        tables: [
          { table: 'good', view: true },
          {
            table: 'keyed',
            rows: 0,
            primaryKey: ['b', 'a'],
            columns: [{ name: 'a', type: 'bigint', description: 'the first' }, { name: 'b' }],
          },
          { table: 'orders', rows: 50_000, samples: expect.arrayContaining([[0, 'c0', 0]]) },
          { table: 'wide', rows: 200, samples: expect.arrayContaining([[1, expect.stringMatching(/^é{120}…$/)]]) },
        ],
      },
    ]);
    await expect(cache.describe({ table: 'ordes', detail: 'names' })).rejects.toMatchObject({ code: 'unknown_table' });
  });

  it.each(['csv', 'jsonl', 'parquet'] as const)('exports as %s', async (format) => {
    const file = join(staging, `out.${format}`);
    const sql =
      "SELECT id, '' AS empty, NULL::text AS none, 9007199254740993 AS large FROM shop.orders ORDER BY id LIMIT 3;";
    const exported = await cache.exportQuery(sql, { format, file, signal: never });
    expect(exported).toMatchObject({
      rows: 3,
      firstRows: [
        [0, '', null, '9007199254740993'],
        [1, '', null, '9007199254740993'],
        [2, '', null, '9007199254740993'],
      ],
    });
    const bytes = await readFile(file, 'latin1');
    if (format === 'csv')
      expect(bytes).toBe(
        'id,empty,none,large\n0,"",,9007199254740993\n1,"",,9007199254740993\n2,"",,9007199254740993\n',
      );
    if (format === 'jsonl')
      expect(bytes.split('\n')[0]).toBe('{"id":0,"empty":"","none":null,"large":9007199254740993}');
    if (format === 'parquet') expect(bytes.slice(0, 4)).toBe('PAR1');
    await expect(cache.exportQuery('SELECT pg_sleep(1)', { format, file, signal: never })).rejects.toMatchObject({
      code: 'sql_function',
    });
  });
});
