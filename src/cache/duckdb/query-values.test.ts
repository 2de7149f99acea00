import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runQuery } from './query.ts';
import { openShop, type Shop } from './query-shop.fixture.ts';

let shop: Shop;
const never = new AbortController().signal;
const one = async (sql: string): Promise<unknown> =>
  (await runQuery(shop.database, sql, { limit: 1, offset: 0, signal: never })).rows[0]?.[0];

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.remove());

test.each([
  ['NULL', null],
  ['true', true],
  ['9007199254740991::BIGINT', 9007199254740991],
  ['9007199254740993::BIGINT', '9007199254740993'],
  ['-9007199254740993::BIGINT', '-9007199254740993'],
  ['18446744073709551615::UBIGINT', '18446744073709551615'],
  ['170141183460469231731687303715884105727::HUGEINT', '170141183460469231731687303715884105727'],
  ['1::HUGEINT', '1'],
  ['123::TINYINT', 123],
  ['1.10::DECIMAL(10,2)', '1.10'],
  ["'12345678901234567890.123456789'::DECIMAL(38,9)", '12345678901234567890.123456789'],
  ['1.5::DOUBLE', 1.5],
  ['0.1::FLOAT', 0.1],
  ['16777216::FLOAT', 16777216],
  ["'nan'::DOUBLE", 'NaN'],
  ["'inf'::DOUBLE", 'Infinity'],
  ["'-inf'::FLOAT", '-Infinity'],
  ["DATE '2024-02-29'", '2024-02-29'],
  ["TIME '12:34:56.5'", '12:34:56.5'],
  ["TIMESTAMP '2024-02-29 12:34:56.123456'", '2024-02-29T12:34:56.123456'],
  ["TIMESTAMPTZ '2024-02-29 12:34:56+02'", '2024-02-29T10:34:56Z'],
  ["'2024-02-29 12:34:56'::TIMESTAMP_S", '2024-02-29T12:34:56'],
  ["'2024-02-29 12:34:56.123456789'::TIMESTAMP_NS", '2024-02-29T12:34:56.123456789'],
  ["'infinity'::TIMESTAMPTZ", 'infinity'],
  ["INTERVAL '1 year 2 days 3 seconds'", '1 year 2 days 00:00:03'],
  ["'\\x00\\xFF'::BLOB", 'AP8='],
  [`'{"b": 1, "a": [1.10]}'::JSON`, '{"b": 1, "a": [1.10]}'],
  ["'e0c3a1b2-0000-4000-8000-000000000001'::UUID", 'e0c3a1b2-0000-4000-8000-000000000001'],
  ["'b'::ENUM('a', 'b')", 'b'],
  ["'0101'::BIT", '0101'],
  [
    "{'id': 9007199254740993, 'at': TIMESTAMPTZ '2024-01-01 00:00:00+00', 'none': NULL}",
    {
      id: '9007199254740993',
      at: '2024-01-01T00:00:00Z',
      none: null,
    },
  ],
  ['[1, NULL, 3]', [1, null, 3]],
  ['[[1.5::DOUBLE], []]', [[1.5], []]],
  ['array_value(1, 2)', [1, 2]],
  ["MAP {'a': 1, 'b': 2}", { a: 1, b: 2 }],
  ["MAP {1: DATE '2024-01-01'}", [{ key: 1, value: '2024-01-01' }]],
  ['union_value(n := 9007199254740993)', '9007199254740993'],
  ["[{'m': MAP {'k': [1.10]}}]", [{ m: { k: ['1.10'] } }]],
  ["{'__proto__': 1}", JSON.parse('{"__proto__": 1}')],
])('%s', async (sql, value) => {
  expect(await one(`SELECT ${sql}`)).toEqual(value);
});

test('types have their SQL names', async () => {
  const sql = `SELECT 1::BIGINT, 1.5::DECIMAL(4,1), now(), '{}'::JSON, [1], {'a': 'x'}, MAP {'k': 1}, 'a'::ENUM('a', 'b')`;
  const { columns } = await runQuery(shop.database, sql, { limit: 1, offset: 0, signal: never });
  expect(columns.map(({ type }) => type)).toEqual([
    'BIGINT',
    'DECIMAL(4,1)',
    'TIMESTAMP WITH TIME ZONE',
    'JSON',
    'INTEGER[]',
    'STRUCT("a" VARCHAR)',
    'MAP(VARCHAR, INTEGER)',
    "ENUM('a', 'b')",
  ]);
});

test('any text is returned unchanged, or as its beginning', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 3000 }), async (text) => {
      const literal = text.replaceAll('\0', '').replaceAll("'", "''");
      const sent = literal.replaceAll("''", "'");
      const found = await one(`SELECT '${literal}'`);
      if (sent.length <= 2000) expect(found).toBe(sent);
      else expect(sent.startsWith(String(found).slice(0, -1)) && String(found).length <= 2001).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('any integer and any double is returned exactly', async () => {
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.double(), async (integer, double) => {
      expect(BigInt(String(await one(`SELECT '${integer}'::BIGINT`)))).toBe(integer);
      expect(Number(await one(`SELECT '${double}'::DOUBLE`))).toBe(double === 0 ? 0 : double);
    }),
    { numRuns: 60 },
  );
});
