/** What query, describe and export give on a real Postgres. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DryRun, QueryResult } from '../../cache/types.ts';
import { createRedactor } from '../../secrets/index.ts';
import { openPostgresShop, type PostgresShop } from '../harness/postgres-shop.ts';
import { describeWith } from '../harness/requirements.ts';

let shop: PostgresShop;
const never = new AbortController().signal;
const run = (sql: string, limit = 100, offset = 0): Promise<QueryResult> =>
  shop.cache.query(sql, { limit, offset, signal: never });
const cells = async (sql: string): Promise<unknown> => (await run(sql)).rows;
const dry = (sql: string): Promise<DryRun> => shop.cache.dryRun(sql, never);

describeWith(['postgres'], 'queries on Postgres', () => {
  beforeAll(async () => {
    shop = await openPostgresShop();
  });
  afterAll(() => shop.close());

  describe('the answer', () => {
    it('applies limit and offset in the order of the query, and reports where it ends', async () => {
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

    it.each(['', ';', ' ; -- the end', '\n-- the end', ' /* ; */ ;'])('whatever follows it: %j', async (end) => {
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

    it('cuts long cells and long answers, and reports it', async () => {
      const wide = await run('SELECT id, text FROM shop.wide', 200);
      expect(wide.rows[0]?.[1]).toBe(`${'é'.repeat(2000)}…`);
      expect(wide).toMatchObject({ truncated: true, cellsCut: wide.rows.length, nextOffset: wide.rows.length });
      expect(JSON.stringify(wide.rows).length).toBeLessThan(101_000);
      expect((await run("SELECT ARRAY(SELECT repeat('x', 100) FROM generate_series(1, 5000))")).cellsCut).toBe(1);
    });

    it('redacts secrets before the text is cut', async () => {
      const redactor = createRedactor();
      redactor.add('TOKEN', 'a-token-that-nobody-sees', { sensitive: true });
      const redacted = shop.open(shop.postgres.url(shop.database), redactor);
      const sql = "SELECT repeat('x', 1990) || 'a-token-that-nobody-sees' AS t, ARRAY['a-token-that-nobody-sees'] AS l";
      const { rows } = await redacted.query(sql, { limit: 1, offset: 0, signal: never });
      expect(JSON.stringify(rows)).not.toContain('a-token');
      expect(JSON.stringify(await redacted.dryRun(sql, never))).not.toContain('a-token-that');
      await redacted.close();
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
        shop.cache.query(endless, { limit: 1, offset: 0, signal: AbortSignal.timeout(700) }),
      ).rejects.toMatchObject({
        code: 'cancelled',
      });
      const left =
        "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name LIKE 'sluice%' AND state = 'active'";
      await expect.poll(async () => (await shop.postgres.run(shop.database, left))[0]?.n, { timeout: 5_000 }).toBe('0');
    });

    it('rows that are too large do not take our memory', async () => {
      const before = process.memoryUsage.rss();
      await expect(run("SELECT repeat('x', 300000000)")).rejects.toMatchObject({ code: 'query_too_large' });
      expect(process.memoryUsage.rss() - before).toBeLessThan(700_000_000);
      expect((await run("SELECT repeat('x', 30000000) FROM generate_series(1, 50)", 3)).rows).toHaveLength(3);
    });

    it('reports memory that the server does not grant', async () => {
      await expect(run("SELECT length(repeat(repeat('x', 1000000), 2000))")).rejects.toMatchObject({
        code: 'query_memory',
      });
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
    const { datasets, fileBytes } = await shop.cache.describe({ dataset: 'shop', detail: 'full' });
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
    await expect(shop.cache.describe({ table: 'ordes', detail: 'names' })).rejects.toMatchObject({
      code: 'unknown_table',
    });
  });

  it('exports JSON lines that are JSON, whatever the number', async () => {
    const file = join(shop.staging, 'numbers.jsonl');
    const sql = "SELECT 'NaN'::float8 AS a, 'Infinity'::float8 AS b, '-Infinity'::real AS c, 1.5::float8 AS d";
    await shop.cache.exportQuery(sql, { format: 'jsonl', file, signal: never });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ a: 'NaN', b: 'Infinity', c: '-Infinity', d: 1.5 });
  });

  it('names no character of ours where the SQL ends too early', async () => {
    await expect(run('SELECT id FROM shop.orders GROUP BY ALL')).rejects.toMatchObject({
      code: 'sql_syntax',
      message: expect.stringMatching(/at its end\.$/),
    });
  });

  it.each(['csv', 'jsonl', 'parquet'] as const)('exports as %s', async (format) => {
    const file = join(shop.staging, `out.${format}`);
    const sql =
      "SELECT id, '' AS empty, NULL::text AS none, 9007199254740993 AS large FROM shop.orders ORDER BY id LIMIT 3;";
    const exported = await shop.cache.exportQuery(sql, { format, file, signal: never });
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
    await expect(shop.cache.exportQuery('SELECT pg_sleep(1)', { format, file, signal: never })).rejects.toMatchObject({
      code: 'sql_function',
    });
  });
});
