/** Queries of few words that DuckDB would make huge are refused before it plans them; what people write is not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../errors.ts';
import { checkParsedSize } from './growth-text.ts';
import { runQuery } from './query.ts';
import { openShop, type Shop } from './query-shop.fixture.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.remove());

const signal = new AbortController().signal;
const rowsOf = async (sql: string): Promise<unknown> =>
  (await runQuery(shop.database, sql, { limit: 10, offset: 0, signal })).rows;

/** `step` applied to a name, each step over the one before. */
const aliases = (count: number, step: (name: string) => string, start = '1'): string => {
  const steps = Array.from({ length: count }, (_, at) => `${step(`a${at}`)} AS a${at + 1}`);
  return `SELECT a${count} AS r FROM (SELECT ${[`${start} AS a0`, ...steps].join(', ')})`;
};
const nested = (count: number, step: (query: string) => string, start = 'SELECT 1 AS a'): string =>
  Array.from({ length: count }).reduce<string>((query) => step(query), start);
const ctes = (count: number, step: (name: string) => string, how = ''): string => {
  const steps = Array.from({ length: count }, (_, at) => `x${at + 1} AS ${how} (${step(`x${at}`)})`);
  return `WITH ${['x0 AS (SELECT 1 AS i)', ...steps].join(', ')} SELECT count(*) FROM x${count}`;
};

const HUGE: Readonly<Record<string, string>> = {
  'structs behind names': aliases(30, (a) => `{'x': ${a}, 'y': ${a}}`),
  'sums behind names': aliases(30, (a) => `${a} + ${a}`),
  'texts behind names': aliases(30, (a) => `${a}::VARCHAR || ${a}`),
  'CASE behind names': aliases(20, (a) => `CASE WHEN ${a} > 0 THEN ${a} ELSE ${a} + 1 END`),
  'names in WHERE': `SELECT 1 AS a0, ${Array.from({ length: 30 }, (_, at) => `a${at} + a${at} AS a${at + 1}`)} WHERE a30 > 1`,
  'names in GROUP BY ALL': `SELECT i AS a0, ${Array.from({ length: 30 }, (_, at) => `a${at} + a${at} AS a${at + 1}`)}, count(*) FROM range(3) t(i) GROUP BY ALL`,
  'names through other letters': aliases(30, (a) => `${a.toUpperCase()} * "${a}"`),
  'structs in structs': nested(30, (q) => `SELECT {'x': a, 'y': a} AS a FROM (${q})`),
  'rows in rows': nested(30, (q) => `SELECT row(a, a) AS a FROM (${q})`),
  'maps in maps': nested(30, (q) => `SELECT map {a: a} AS a FROM (${q})`),
  'structs of whole tables': nested(30, (q) => `SELECT t AS a, t AS b FROM (${q}) t`),
  'structs of tables without a name': nested(
    30,
    (q) => `SELECT unnamed_subquery AS a, unnamed_subquery AS b FROM (${q})`,
  ),
  'structs of renamed columns': nested(30, (q) => `SELECT row(z, z) FROM (${q}) AS t(z)`),
  'structs in lambdas': nested(
    30,
    (q) => `SELECT list_transform(a, lambda v: {'x': v, 'y': v}) AS a FROM (${q})`,
    'SELECT [1] AS a',
  ),
  'lambdas in lambdas': `SELECT ${nested(30, (q) => `list_transform(${q}, lambda v: row(v, v))`, '[1]')}`,
  'structs in a union': nested(30, (q) => `SELECT row(a, a) AS a FROM (${q} UNION ALL SELECT NULL)`),
  'structs by a subquery': nested(30, (q) => `SELECT row((SELECT a), (SELECT a)) AS a FROM (${q})`),
  'structs by a lateral join': nested(30, (q) => `SELECT b AS a FROM (${q}) s, LATERAL (SELECT row(s.a, s.a) AS b)`),
  'structs by a recursion': ctes(30, (x) => `SELECT row(i, i) AS i FROM ${x}`),
  'lists of lists of groups': nested(30, (q) => `SELECT list(a) AS a FROM (${q})`),
  'a deep type': `SELECT list(NULL::INT${'[]'.repeat(30)})`,
  'a deep type in a text': `SELECT list(from_json('1', '${'['.repeat(40)}"INT"${']'.repeat(40)}'))`,
  'columns twice': nested(30, (q) => `SELECT *, * FROM (${q})`),
  'columns of both sides': ctes(30, (x) => `SELECT * FROM ${x} a, ${x} b`),
  'columns computed': nested(30, (q) => `SELECT COLUMNS(*), COLUMNS(*) + 1 FROM (${q})`),
  'columns into rows': nested(30, (q) => `SELECT row(*COLUMNS(*)) AS a, row(*COLUMNS(*)) AS b FROM (${q})`),
  'columns unnested': nested(30, (q) => `SELECT unnest(row(t, t)) FROM (${q}) t`),
  'joins not materialized': ctes(30, (x) => `SELECT a.i FROM ${x} a, ${x} b`, 'NOT MATERIALIZED'),
  'unions not materialized': ctes(30, (x) => `SELECT i FROM ${x} UNION ALL SELECT i FROM ${x}`, 'NOT MATERIALIZED'),
  'columns of a pivot': `FROM (PIVOT (SELECT 1 a, 2 b, 3 c, 4 v) ON ${['a', 'b', 'c'].map((name) => `${name} IN (${Array.from({ length: 60 }, (_, at) => at)})`)} USING sum(v))`,
  'CASE compared with CASE': `SELECT ${nested(12, (q) => `CASE ${q} WHEN 1 THEN 2 WHEN 3 THEN 4 WHEN 5 THEN 6 WHEN 7 THEN 8 END`, '1')}`,
  'a long text compared': `SELECT CASE ${'1 + '.repeat(5000)}1 ${'WHEN 1 THEN 2 '.repeat(3000)} END`,
  'many cubes': nested(16, (q) => `${q} UNION ALL SELECT count(*) FROM (SELECT 1 a, 2 b, 3 c) GROUP BY CUBE (a, b, c)`),
  'joins by names': `SELECT 1 FROM (SELECT 1 AS i) t ${Array.from({ length: 60 }, (_, at) => `JOIN (SELECT 1 AS i) t${at} USING (i)`).join(' ')}`,
  'natural joins': `SELECT 1 FROM (SELECT 1 AS i) t ${Array.from({ length: 60 }, (_, at) => `NATURAL JOIN (SELECT 1 AS i) t${at}`).join(' ')}`,
  'many tables': `SELECT 1 FROM ${Array.from({ length: 800 }, (_, at) => `bare b${at}`)}`,
  'a field called as': `SELECT ${nested(14, (q) => `CASE ({'as': ${q}}).as WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 END`, '1')}`,
  'columns in WHERE': `SELECT 1 FROM (SELECT ${Array.from({ length: 3000 }, (_, at) => `0 AS c${at}`)}) WHERE concat(COLUMNS(*), ${Array(2000).fill(0)}) <> 'a'`,
  'columns in ORDER BY': `SELECT 1 FROM (SELECT ${Array.from({ length: 3000 }, (_, at) => `0 AS c${at}`)}) ORDER BY concat(COLUMNS(*), ${Array(2000).fill(0)})`,
  'a name of an outer query': `SELECT (SELECT 1 FROM ${nested(22, (q) => `(SELECT {'x': a, 'y': a} FROM ${q} AS t(a))`, "(SELECT {'x': 1, 'y': 2})")} AS t(a) WHERE a IS NOT NULL) FROM (SELECT 1 AS a) o`,
  'columns replaced': nested(30, (q) => `SELECT * REPLACE (row(a, a) AS a) FROM (${q})`),
  'columns renamed': nested(30, (q) => `SELECT row(b, b) AS a FROM (SELECT * RENAME (a AS b) FROM (${q}))`),
  'fields of structs': nested(30, (q) => `SELECT unnest({'a': row(a, a)}) FROM (${q})`),
  'macros of DuckDB': `SELECT ${nested(22, (q) => `nullif(${q}, 2)`, '1')}`,
  'other macros of DuckDB': `SELECT ${nested(12, (q) => `round_even(${q}, 2)`, '1.5')}`,
  'functions with a check': `SELECT ${nested(14, (q) => `repeat(${q}, length('a'))`, "'a'")}`,
};

describe('a query that would become huge', () => {
  test.each(Object.keys(HUGE))('%s', async (name) => {
    const sql = HUGE[name] ?? '';
    expect(sql.length).toBeLessThan(100_000);
    const error = await rowsOf(sql).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: expect.stringMatching(/^sql_too_(wide|deep)$/) });
  });
});

const DEEP = `replace(repeat('a', 1000), 'a', '${'['.repeat(100)}') || replace(repeat('a', 1000), 'a', '${']'.repeat(100)}')`;
const OVERRUNNING: readonly (readonly [sql: string, code: string])[] = [
  [`SELECT from_json('[]', ${DEEP})`, 'sql_function'],
  [`SELECT json_transform_strict('[]', '[' || '"INT"' || ']')`, 'sql_function'],
  [`SELECT json_structure(${DEEP})`, 'sql_too_large_value'],
  [`SELECT json_structure(json_group_array(x)) FROM (SELECT ${DEEP} AS x)`, 'sql_too_large_value'],
  ["SELECT damerau_levenshtein(repeat('x', 40000), repeat('y', 40000))", 'sql_too_large_value'],
  ["SELECT bin(bin(repeat('x', 90000)))", 'sql_too_large_value'],
  [`SELECT json_contains(${DEEP}, '1')`, 'sql_too_large_value'],
  [`SELECT json_contains('1', ${DEEP})`, 'sql_too_large_value'],
  [`SELECT json_merge_patch(${DEEP}, ${DEEP})`, 'sql_too_large_value'],
  [`SELECT (${DEEP})::JSON::VARIANT`, 'sql_refused'],
  ['SELECT x::STRUCT(a VARIANT) FROM (SELECT 1 AS x)', 'sql_refused'],
  [`SELECT variant_typeof((${DEEP})::JSON)`, 'sql_refused'],
  [`SELECT from_json('[]', '["VARIANT"]')`, 'sql_refused'],
  [`SELECT json_serialize_sql('SELECT 1')`, 'sql_function'],
  ['SELECT\u00a01', 'sql_characters'],
  [`SELECT ${'/*'.repeat(8000)}${'*/'.repeat(8000)} 1`, 'sql_too_deep'],
  [
    Array.from({ length: 180 }, (_, at) => `SELECT ${Array.from({ length: 40 }, (_, no) => `1 AS c${at}_${no}`)}`).join(
      ' UNION ALL BY NAME ',
    ),
    'sql_too_wide',
  ],
  ['SELECT CASE\u2003WHEN true THEN 1 END', 'sql_characters'],
];

test.each(OVERRUNNING.map(([sql, code]) => [sql.slice(0, 80), code, sql] as const))(
  '%s is refused: %s',
  async (_shown, code, sql) => {
    expect(await rowsOf(sql).catch((failure: unknown) => failure)).toMatchObject({ code });
  },
);

const WRITTEN: readonly (readonly [name: string, sql: string])[] = [
  ['many replacements', `SELECT ${nested(40, (q) => `replace(${q}, 'a', 'b')`, "'a'")}`],
  ['many patterns', `SELECT ${nested(40, (q) => `regexp_replace(${q}, 'a', 'b', 'g')`, "'a'")}`],
  ['long sums', `SELECT ${'1 + '.repeat(150)}1`],
  ['names used again', aliases(40, (a) => `${a} + 1`)],
  ['names used twice, for some steps', aliases(6, (a) => `${a} + ${a} * 2`)],
  [
    'texts in steps',
    nested(
      40,
      (q) => `SELECT upper(a) || lower(a) || length(a) AS a FROM (SELECT substr(a, 1, 5) AS a FROM (${q}))`,
      "SELECT 'a' AS a",
    ),
  ],
  ['sums in steps', nested(40, (q) => `SELECT (a % 7 + a % 5) AS a FROM (${q})`)],
  ['many steps over one table', ctes(60, (x) => `SELECT i FROM ${x} UNION ALL SELECT i FROM ${x} WHERE false`)],
  [
    'a wide row in steps',
    nested(20, (q) => `SELECT *, a + 1 AS b FROM (SELECT * EXCLUDE (b) FROM (${q}))`, 'SELECT 1 AS a, 2 AS b'),
  ],
  [
    'a report',
    `WITH o AS (SELECT 1 AS id, 'x' AS kind, 3.5 AS price), s AS (SELECT kind, sum(price) AS total, count(*) AS n, total / n AS mean FROM o GROUP BY kind), t AS (SELECT *, total / sum(total) OVER () AS share, CASE kind WHEN 'x' THEN 1 WHEN 'y' THEN 2 ELSE 3 END AS rank FROM s) SELECT {'kind': kind, 'numbers': [total, n, mean]} AS summary, share, rank FROM t ORDER BY share`,
  ],
  [
    'sets of groups',
    `SELECT a, b, count(*), GROUPING(a), GROUPING(b), GROUPING(a, b) FROM (SELECT 1 a, 2 b) GROUP BY CUBE (a, b)`,
  ],
  [
    'a list of values',
    `SELECT count(*) FROM (VALUES ${Array.from({ length: 5000 }, (_, at) => `(${at}, 'x')`)}) t(a, b) WHERE a IN (${Array.from({ length: 5000 }, (_, at) => at)})`,
  ],
  [
    'a CASE of many values',
    `SELECT CASE a ${Array.from({ length: 500 }, (_, at) => `WHEN ${at} THEN 'v${at}'`).join(' ')} END FROM (SELECT 1 AS a)`,
  ],
];

describe('what people write', () => {
  test.each(WRITTEN)('%s', async (_name, sql) => {
    expect(await rowsOf(sql)).not.toEqual([]);
  });
});

describe('words of a text', () => {
  const copied = (operand: string): string => `SELECT CASE ${operand} ${'WHEN 1 THEN 2 '.repeat(4000)} END`;
  const LONG = '1 + '.repeat(300);
  test.each([
    ['a quote in a text with escapes', `${copied(`E'\\'' || ${LONG}1`)}`],
    ['a text that continues', copied(`E'a'\n'\\'' || ${LONG}1`)],
    ['a dollar text', copied(`$a$ ' $$ END $a$ || ${LONG}1`)],
    ['comments in comments', copied(`/* /* */ ' */ ${LONG}1`)],
    ['a name that is a keyword', copied(`(SELECT 1 AS END) + ${LONG}1`)],
    ['a column that is a keyword', copied(`(SELECT t.END + ${LONG}1)`)],
    ['a number before a keyword', copied(`1.+CASE WHEN true THEN 1.END + ${LONG}1`)],
  ])('%s hides nothing', (_name, sql) => {
    expect(() => checkParsedSize(sql)).toThrow(/copied for each/);
  });
});
