/** SQL that is too long, too deep, too wide or too expensive: stopped or refused with a reason, while the server stays up and small. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { startRaw } from '../harness/raw.ts';
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
    SELECT i AS id, 'customer ' || (i % 3) AS customer FROM range(300) r(i)`);
  connection.closeSync();
  instance.closeSync();
  server = await startServer({ workplace });
});
afterEach(async () => {
  expect(await server.call('query', { sql: 'SELECT count(*) FROM shop.orders' })).toMatchObject({ rows: [[300]] });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const nested = (before: string, inner: string, after: string, depth: number): string =>
  `SELECT ${before.repeat(depth)}${inner}${after.repeat(depth)}`;

test.each([
  ['brackets', nested('(', '1', ')', 10_000)],
  ['lists', nested('[', '1', ']', 900)],
  ['structs', nested('{a: ', '1', '}', 900)],
  ['calls', nested('abs(', '1', ')', 2000)],
  ['cases', nested('CASE WHEN true THEN ', '1', ' END', 900)],
  ['subqueries', `${'SELECT * FROM ('.repeat(900)}FROM shop.orders${')'.repeat(900)}`],
  ['negations', nested('NOT ', 'true', '', 20_000)],
  ['a chain of sums', nested('1 + ', '1', '', 20_000)],
  ['a chain of casts', nested('', '1', '::INTEGER', 9000)],
])('nested too deep: %s', async (_what, sql) => {
  expect(await server.fail('query', { sql })).toMatchObject({ kind: 'input', code: 'sql_too_deep' });
});

test.each([
  ['too long', `SELECT '${'x'.repeat(150_000)}'`, 'sql_too_long'],
  ['of too many stars', `SELECT ${'*, '.repeat(20_000)} 1 FROM shop.orders`, 'sql_too_wide'],
  ['of too many columns', `SELECT ${Array.from({ length: 9000 }, (_, at) => `${at}`).join()}`, 'sql_too_wide'],
  ['that doubles its columns', `${'SELECT *, * FROM ('.repeat(12)}FROM shop.orders${')'.repeat(12)}`, 'sql_too_wide'],
])('a query %s is refused before it is run', async (_what, sql, code) => {
  expect(await server.fail('query', { sql })).toMatchObject({ kind: 'input', code });
});

test.each([
  ['names behind names', 'SELECT length(a30::VARCHAR) FROM (SELECT 1 AS a0, ', (a: string) => `{'x': ${a}, 'y': ${a}}`],
  ['sums of sums', 'SELECT a30 FROM (SELECT id AS a0, ', (a: string) => `${a} + ${a}`],
] as const)('a short query of %s is refused before it is planned', async (_what, start, step) => {
  const steps = Array.from({ length: 30 }, (_, at) => `${step(`a${at}`)} AS a${at + 1}`).join(', ');
  const sql = `${start}${steps} FROM shop.orders)`;
  const error = await server.fail('query', { sql });
  expect(error).toMatchObject({ kind: 'input', code: 'sql_too_wide' });
  expect(error.text).toContain('WITH');
  expect(await server.fail('query', { sql, dry_run: true })).toMatchObject({ code: 'sql_too_wide' });
  expect(await server.fail('export_data', { sql, format: 'csv', file_name: 'huge' })).toMatchObject({
    code: 'sql_too_wide',
  });
});

test('thousands of columns and thousands of values in a list are answered, bounded', async () => {
  const wide = await server.call<{ columns: unknown[]; rows: unknown[][] }>('query', {
    sql: `SELECT ${Array.from({ length: 3000 }, (_, at) => `${at} AS c${at}`).join()}`,
  });
  expect(wide.rows[0]?.length).toBeGreaterThan(500);
  expect(wide.text.length).toBeLessThan(50_000);
  expect(wide.text).toContain('cut here');
  const ids = Array.from({ length: 10_000 }, (_, at) => at * 2).join();
  const list = await server.call('query', { sql: `SELECT count(*) FROM shop.orders WHERE id IN (${ids})` });
  expect(list).toMatchObject({ rows: [[150]] });
});

test('a result of gigabytes is read no further than is shown, and the process stays small', async () => {
  const before = await residentBytes(server.pid);
  const sql = `SELECT a.id, repeat('x', 90000) AS text FROM shop.orders a, shop.orders b, shop.orders c`;
  const answer = await server.call<{ rows: unknown[][]; truncated: boolean }>('query', { sql, limit: 1000 });
  expect(answer.truncated).toBe(true);
  expect(answer.rows.length).toBeGreaterThan(10);
  expect(answer.text.length).toBeLessThan(50_000);
  for (const greedy of [
    `SELECT list(repeat('x', 90000) || i) FROM range(1000000) t(i)`,
    "SELECT string_agg(a.customer || b.customer, ',') FROM shop.orders a, shop.orders b, shop.orders c, shop.orders d",
  ]) {
    expect(await server.fail('query', { sql: greedy })).toMatchObject({ kind: 'limit', code: 'query_memory' });
  }
  expect((await residentBytes(server.pid)) - before).toBeLessThan(3_000_000_000);
});

test('work that heeds no interruption does not outlive the client', async () => {
  const raw = startRaw(workplace);
  await raw.initialize();
  // One call of one function: DuckDB looks for an interruption only between calls.
  const sql = "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))";
  void raw.callTool('query', { sql }).catch(() => undefined);
  await sleep(4000);
  const closed = Date.now();
  await raw.close();
  expect(Date.now() - closed).toBeLessThan(4000);
});

async function residentBytes(pid: number): Promise<number> {
  // Only Linux tells it in a file; elsewhere the bound is not looked at.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}
