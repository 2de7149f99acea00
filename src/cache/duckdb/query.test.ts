import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedactor } from '../../secrets/index.ts';
import type { QueryResult } from '../types.ts';
import { openDatabase } from './database.ts';
import { dryRun, runQuery } from './query.ts';
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

describe('the answer', () => {
  test('limit and offset keep the order of the query', async () => {
    const sql = 'SELECT id FROM shop.orders ORDER BY hash(id), id';
    const all = (await run(sql, 50000)).rows.flat();
    expect(all.length).toBeLessThan(50000);
    const parts: unknown[] = [];
    for (let offset = 0, more = true; more && offset < 4000; ) {
      const part = await run(sql, 1000, offset);
      parts.push(...part.rows.flat());
      more = part.truncated;
      offset = part.nextOffset ?? 0;
    }
    expect(parts.slice(0, 4000)).toEqual(all.slice(0, 4000));
    const insertion = await run('FROM shop.orders', 3, 40_000);
    expect(insertion.rows.map((row) => row[0])).toEqual([40000, 40001, 40002]);
  });

  test('the last page is reported', async () => {
    expect(await run('FROM shop.orders', 10, 49_990)).toMatchObject({ truncated: false, cellsCut: 0 });
    expect(await run('FROM shop.orders', 10, 49_989)).toMatchObject({ truncated: true, nextOffset: 49_999 });
    expect((await run('FROM shop.orders', 10, 60_000)).rows).toEqual([]);
  });

  test('long cells and long answers are cut, and the cut is reported', async () => {
    const wide = await run('SELECT id, text FROM shop.wide', 200);
    expect(wide.rows[0]?.[1]).toBe(`${'é'.repeat(2000)}…`);
    expect(wide).toMatchObject({ truncated: true, cellsCut: wide.rows.length, nextOffset: wide.rows.length });
    expect(wide.rows.length).toBeGreaterThan(18);
    expect(JSON.stringify(wide.rows).length).toBeLessThan(45_000);
    const row = `SELECT ${Array.from({ length: 100 }, (_, at) => `repeat('x', 1999) AS c${at}`).join(', ')}`;
    expect((await run(`${row} FROM range(3)`)).rows).toHaveLength(1);
  });

  test('nested cells are cut too', async () => {
    const nested = await run(
      "SELECT range(50000) AS l, {'a': repeat('x', 5000), 'b': 1} AS s, repeat('x', 9000)::BLOB AS b",
    );
    expect(nested.cellsCut).toBe(3);
    expect(JSON.stringify(nested.rows).length).toBeLessThan(12_000);
    expect(nested.rows[0]?.[0]).toContain('…');
  });

  test('half a character is never shown', async () => {
    const { rows } = await run("SELECT 'x' || repeat('😀', 2000) AS text");
    expect(/\p{Surrogate}|\ufffd/u.test(String(rows[0]?.[0]))).toBe(false);
  });

  test.each(['', ';', ' ; -- the end', '\n-- the end', ' /* ; */ ;'])('whatever is after it: %j', async (end) => {
    const sql = `SELECT id FROM shop.orders ORDER BY id DESC${end}`;
    expect(await run(sql, 2, 1)).toMatchObject({ rows: [[49998], [49997]], truncated: true, nextOffset: 3 });
    expect(await run(sql, 2, 49_998)).toMatchObject({ rows: [[1], [0]], truncated: false });
  });

  test('an order, a limit and a set operation of its own stay', async () => {
    expect((await run('SELECT id FROM shop.orders ORDER BY id DESC LIMIT 3', 2)).rows).toEqual([[49999], [49998]]);
    expect((await run('SELECT id FROM shop.orders ORDER BY id DESC LIMIT 3', 5, 2)).rows).toEqual([[49997]]);
    expect((await run('SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a DESC', 1)).rows).toEqual([[2]]);
  });

  test('wide rows and large sorts stay within bounds', async () => {
    const started = Date.now();
    expect((await run('SELECT text FROM shop.wide, range(100000)', 10)).rows).toHaveLength(10);
    expect((await run('SELECT i FROM range(20000000) r(i) ORDER BY hash(i)', 10)).rows).toHaveLength(10);
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test('two columns of one name', async () => {
    expect(await run('SELECT 1 AS a, 2 AS a')).toMatchObject({
      columns: [{ name: 'a' }, { name: 'a' }],
      rows: [[1, 2]],
    });
  });
});

describe('limits', () => {
  test('an endless join ends when the caller gives up, and the next query works', async () => {
    const signal = AbortSignal.timeout(500);
    const started = Date.now();
    await expect(
      runQuery(shop.database, 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b', {
        limit: 1,
        offset: 0,
        signal,
      }),
    ).rejects.toMatchObject({ kind: 'limit', code: 'cancelled' });
    expect(Date.now() - started).toBeLessThan(4_000);
    expect(await cells('FROM bare')).toEqual([[7]]);
  });

  test.each([
    "WITH RECURSIVE r(s, n) AS (SELECT repeat('x', 1000), 0 UNION ALL SELECT s || s, n + 1 FROM r WHERE n < 40) SELECT max(length(s)) FROM r",
    "SELECT length(string_agg(i::VARCHAR, ',')) FROM range(1000000000) t(i)",
    'SELECT len(list(i)) FROM range(1000000000) t(i)',
  ])('memory: %s', async (sql) => {
    const before = process.memoryUsage.rss();
    await expect(run(sql)).rejects.toMatchObject({ kind: 'limit', code: 'query_memory' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(3_000_000_000);
    expect(await cells('FROM bare')).toEqual([[7]]);
  });

  test('the first rows of an endless result are returned at once', async () => {
    const { rows, truncated } = await run('FROM range(1000000000000)', 5);
    expect(rows).toEqual([[0], [1], [2], [3], [4]]);
    expect(truncated).toBe(true);
  });
});

describe('a dry run', () => {
  const dry = (sql: string) => dryRun(shop.database, sql, never);

  test('returns columns, tables and plan, and runs nothing', async () => {
    const answer = await dry(
      'SELECT o.customer, sum(o.total) AS s FROM shop.big b JOIN shop.orders o USING (id) GROUP BY ALL',
    );
    expect(answer.columns).toEqual([
      { name: 'customer', type: 'VARCHAR' },
      { name: 's', type: 'DECIMAL(38,1)' },
    ]);
    expect(answer.tables).toEqual(['shop.big', 'shop.orders']);
    expect(answer.plan).toContain('shop.orders');
    const started = Date.now();
    await dry('SELECT count(*) FROM range(1000000000) a, range(1000000000) b');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  test.each(['(SELECT 1)', '(SELECT 1) UNION (SELECT 2)', 'DESCRIBE bare', '-- x\nSELECT 1;', 'VALUES (1)'])(
    '%s',
    async (sql) => {
      expect((await dry(sql)).plan).not.toBe('');
    },
  );

  test('is guarded like a run', async () => {
    await expect(dry("SELECT * FROM read_text('/etc/passwd')")).rejects.toMatchObject({ code: 'sql_table_function' });
    await expect(dry('ANALYZE SELECT 1')).rejects.toMatchObject({ kind: 'input' });
  });
});

test('without a file there is no data yet', async () => {
  const empty = openDatabase({
    redactor: createRedactor(),
    file: async () => `${shop.folder}/none.duckdb`,
    stagingDirectory: async () => shop.folder,
  });
  await expect(runQuery(empty, 'SELECT 1', { limit: 1, offset: 0, signal: never })).rejects.toMatchObject({
    code: 'no_data_yet',
  });
  await empty.close();
});

test('a plan shows no part of a secret in a view', async () => {
  const secret = 'hst_live_9fK2xQ7vB4nT8zR1wY6uAfterwardsMoreAndMoreOfIt';
  const redactor = createRedactor();
  redactor.add('TOKEN', secret, { sensitive: true });
  const other = await openShop(redactor);
  try {
    await other.database.use('make', async (connection) => {
      await connection.run(
        `CREATE VIEW shop.marked AS SELECT id, customer AS c FROM shop.orders WHERE concat(customer, id) <> '${secret}'`,
      );
    });
    const sql = 'SELECT a.c, b.c FROM shop.marked a JOIN shop.marked b USING (id)';
    const { plan } = await dryRun(other.database, sql, new AbortController().signal);
    expect(plan).toContain('[secret:TOKEN]');
    for (let at = 0; at + 8 <= secret.length; at += 1) expect(plan).not.toContain(secret.slice(at, at + 8));
  } finally {
    await other.remove();
  }
});
