import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DENIED_FUNCTIONS, GROWING_FUNCTIONS, GROWTH_CAP, TABLE_FUNCTIONS } from './guard-functions.ts';
import { openShop, type Shop } from './query-shop.fixture.ts';

let shop: Shop;
const names = async (where: string): Promise<string[]> =>
  shop.database.use('functions', async (connection) => {
    const sql = `SELECT DISTINCT function_name FROM duckdb_functions() WHERE internal AND ${where} ORDER BY 1`;
    return (await connection.runAndReadAll(sql)).getRows().map((row) => String(row[0]));
  });

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.remove());

test('every function with side effects is denied, or known to be harmless', async () => {
  const harmless = [
    'current_connection_id',
    'current_query',
    'current_query_id',
    'current_transaction_id',
    'error',
    'gen_random_uuid',
    'random',
    'stats',
    'uuid',
    'uuidv4',
    'uuidv7',
  ];
  const volatile = await names("(has_side_effects OR stability = 'VOLATILE')");
  expect(volatile.filter((name) => !DENIED_FUNCTIONS.has(name))).toEqual(harmless);
});

test('the scalar functions are those reviewed when the lists were made', async () => {
  const scalar = await names("function_type IN ('scalar', 'macro', 'aggregate')");
  // A new DuckDB fails here: read what it added (functions that touch files, settings or run SQL), then renew the figure.
  expect([scalar.length, createHash('sha256').update(scalar.join('\n')).digest('hex').slice(0, 16)]).toEqual([
    813,
    'b4292d962e9aa45e',
  ]);
});

test('every listed function exists', async () => {
  const all = new Set(await names('true'));
  const elsewhere = ['getenv'];
  expect([...DENIED_FUNCTIONS.keys()].filter((name) => !all.has(name))).toEqual(elsewhere);
  expect([...GROWING_FUNCTIONS.keys()].filter((name) => !all.has(name))).toEqual([]);
  const tables = await names("function_type = 'table'");
  expect([...TABLE_FUNCTIONS].filter((name) => !tables.includes(name))).toEqual([]);
});

test('every macro covers all forms of its function', async () => {
  for (const [name, macro] of GROWING_FUNCTIONS) {
    const sql = `SELECT DISTINCT len(parameters) FROM duckdb_functions() WHERE internal AND function_name = '${name}'
      AND function_type = 'scalar' ORDER BY 1`;
    const counts = await shop.database.use('forms', async (connection) => {
      const rows = (await connection.runAndReadAll(sql)).getRows();
      await connection.run(macro);
      return rows.map((row) => Number(row[0]));
    });
    const covered = [...macro.matchAll(/\(([a-z](?:, [a-z])*)\) AS /g)].map((form) => form[1]?.split(', ').length);
    expect([name, covered]).toEqual([name, counts]);
    expect(macro).toContain(`> ${GROWTH_CAP} `);
  }
});
