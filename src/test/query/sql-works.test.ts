/** The SQL that people write, through the binary, over what a sync has loaded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW } from '../harness/workplace.ts';

interface Rows {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  next_offset?: number;
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 250 };
  await server.call('save_source', { name: 'meadow', connector: MEADOW, config });
  expect(await server.call('start_sync', { source: 'meadow' })).toMatchObject({ state: 'complete' });
});
afterAll(() => server.close());

const ask = (sql: string, args = {}): Promise<Rows & { text: string }> => server.call<Rows>('query', { sql, ...args });

describe('one statement in any of its forms', () => {
  test.each<[string, unknown[][]]>([
    ['WITH a AS (SELECT 1 AS x) SELECT x + 1 FROM a', [[2]]],
    ['FROM meadow.users SELECT count(*)', [[250]]],
    ['VALUES (1), (2)', [[1], [2]]],
    ['(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1', [[1], [2]]],
    ['SELECT 1;', [[1]]],
    ['SELECT 1 ;; -- the end', [[1]]],
    ['SELECT count(*) FROM cache.meadow.users', [[250]]],
    ['SELECT count("ID") FROM meadow."USERS"', [[250]]],
    [
      'SELECT id, row_number() OVER (ORDER BY id DESC) AS r FROM meadow.users QUALIFY r < 3',
      [
        [250, 1],
        [249, 2],
      ],
    ],
    [
      "SELECT sum(open + paid + sent + returned) FROM (PIVOT meadow.orders ON status IN ('open', 'paid', 'sent', 'returned') USING count(*) GROUP BY user_id)",
      [['250']],
    ],
    [
      'UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ["SELECT unnest(['x', 'y']) AS t", [['x'], ['y']]],
    ['WITH RECURSIVE f(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM f WHERE n < 4) SELECT max(n) FROM f', [[4]]],
    ['SELECT list_filter([1, 2, 3], lambda x: x > 1)', [[[2, 3]]]],
    ['SELECT count(*) FROM meadow.users u JOIN meadow.orders o ON o.user_id = u.id', [[250]]],
    ['SELECT count(*) FROM range(5), generate_series(1, 3)', [[15]]],
  ])('%s', async (sql, rows) => {
    expect((await ask(sql)).rows).toEqual(rows);
  });

  test('DESCRIBE, SHOW and SUMMARIZE', async () => {
    for (const sql of ['DESCRIBE meadow.users', 'SHOW meadow.users', 'DESCRIBE SELECT * FROM meadow.users']) {
      expect((await ask(sql)).rows).toContainEqual(expect.arrayContaining(['created_at', 'TIMESTAMP WITH TIME ZONE']));
    }
    const summary = await ask('SUMMARIZE meadow.orders');
    expect(summary.rows.map(([column]) => column)).toContain('total');
    expect((await ask('SHOW ALL TABLES')).rows.map((row) => `${row[1]}.${row[2]}`)).toContain('meadow.users');
    expect((await ask('SUMMARIZE SELECT id FROM meadow.users')).rows[0]).toEqual(expect.arrayContaining(['1', '250']));
  });
});

describe('values', () => {
  test('JSON functions on nested fields', async () => {
    const { rows } =
      await ask(`SELECT address->>'$.city', json_extract_string(address, '$.country'), json_keys(address),
      address.city::VARCHAR FROM meadow.users WHERE address IS NOT NULL ORDER BY id LIMIT 1`);
    expect(rows[0]?.[2]).toEqual(['street', 'city', 'postal_code', 'country']);
    expect(rows[0]?.[1]).toMatch(/^(DE|FR|PL|SE)$/);
    const tags = await ask(
      "SELECT DISTINCT unnest(tags::VARCHAR[]) AS tag FROM meadow.users WHERE tags <> '[]' ORDER BY 1",
    );
    expect(tags.rows.flat()).toContain('Clover');
  });

  test('times keep their zone, and are UTC', async () => {
    const { rows } =
      await ask(`SELECT updated_at, updated_at AT TIME ZONE 'Europe/Berlin', date_trunc('month', updated_at),
      strftime(updated_at, '%Y-%m'), birthday IS NOT NULL, TIMESTAMPTZ '2024-07-01 12:00:00+02:00'
      FROM meadow.users WHERE id = 1`);
    expect(rows).toEqual([
      ['2024-01-01T00:01:00Z', '2024-01-01T01:01:00', '2024-01-01T00:00:00Z', '2024-01', true, '2024-07-01T10:00:00Z'],
    ]);
  });

  test('integers beyond the range of JSON, decimals, NaN and infinity are texts', async () => {
    const { rows } = await ask(
      "SELECT 9007199254740993, 9007199254740991, -9007199254740993, 2::HUGEINT ** 0 IS NOT NULL, 170141183460469231731687303715884105727, 1.10::DECIMAL(10, 2), 'NaN'::DOUBLE, '-inf'::DOUBLE, 0.1",
    );
    expect(rows).toEqual([
      [
        '9007199254740993',
        9007199254740991,
        '-9007199254740993',
        true,
        '170141183460469231731687303715884105727',
        '1.10',
        'NaN',
        '-Infinity',
        '0.1',
      ],
    ]);
  });

  test('line breaks and turned text stay in the data, and are shown as what they are', async () => {
    const answer = await ask("SELECT 'a' || chr(10) || 'b' AS x, 'abc\u202edef' AS y");
    expect(answer.rows[0]?.[0]).toBe('a\nb');
    expect(answer.text).toContain('a\\nb');
    expect(answer.text).not.toContain('\u202e');
  });
});

describe('answers', () => {
  test('page by page, each row once', async () => {
    const seen: unknown[] = [];
    let offset: number | undefined = 0;
    for (let pages = 0; offset !== undefined && pages < 10; pages += 1) {
      const page: Rows = await ask('SELECT id FROM meadow.users ORDER BY id', { limit: 99, offset });
      seen.push(...page.rows.flat());
      expect(page.truncated).toBe(page.next_offset !== undefined);
      offset = page.next_offset;
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    expect((await ask('FROM meadow.users', { offset: 1_000_000 })).rows).toEqual([]);
  });

  test('a dry run names columns and tables, and runs nothing', async () => {
    const answer = await server.call('query', {
      sql: 'SELECT u.name, sum(o.total) AS spent FROM meadow.users u JOIN meadow.orders o ON o.user_id = u.id GROUP BY ALL;',
      dry_run: true,
    });
    expect(answer).toMatchObject({ tables: ['meadow.orders', 'meadow.users'] });
    expect(answer).toMatchObject({ columns: [{ name: 'name' }, { name: 'spent', type: 'DOUBLE' }] });
    expect(answer).not.toHaveProperty('rows');
  });

  test('a mistake in the SQL is reported with its position and its word', async () => {
    expect(await server.fail('query', { sql: 'SELECT 1\n FROM FROM x' })).toMatchObject({
      code: 'sql_syntax',
      message: expect.stringContaining('line 2'),
    });
    expect(await server.fail('query', { sql: "SELECT 'x'::INTEGER" })).toMatchObject({
      code: 'sql_error',
      message: expect.stringContaining("'x'"),
    });
    expect((await server.fail('query', { sql: 'SELECT nam FROM meadow.users' })).message).toContain('"name"');
  });
});

test('the rows of a query end where both its table and its data end, and the offset leads to the next one', async () => {
  let next: number | undefined = 0;
  let pages = 0;
  const seen: number[] = [];
  while (next !== undefined) {
    const args: object = {
      sql: "SELECT i, repeat('a|b', 30) AS text FROM range(1000) AS t(i)",
      limit: 1000,
      offset: next,
    };
    const page = await server.call<{ rows: [string | number, string][]; next_offset?: number }>('query', { ...args });
    const { text, ...data } = page;
    expect(text.length + JSON.stringify(data).length).toBeLessThanOrEqual(96_000);
    expect(text).not.toContain('cut here');
    for (const [id] of page.rows) {
      seen.push(Number(id));
      expect(text).toContain(`\n${id} | `);
    }
    next = page.next_offset;
    pages += 1;
  }
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, at) => at));
  expect(pages).toBeGreaterThan(1);
});
