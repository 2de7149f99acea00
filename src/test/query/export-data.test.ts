/** Exports through the binary: what is in the files, who may read them, and what is refused. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { namesIn, waitUntil } from '../harness/machine.ts';
import { ECHO_SOURCE, MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

const SECRET = 'a-key-of-the-meadow-77';

let workplace: Workplace;
let server: TestServer;
beforeAll(async () => {
  workplace = await makeWorkplace(`MEADOW_API_KEY='${SECRET}'\n`);
  server = await startServer({ workplace });
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 3_000 };
  await server.call('save_source', { name: 'meadow', connector: MEADOW, runtime: 'executable', config });
  const echo = { connector: ECHO_SOURCE, runtime: 'executable', config: { token: 'secret_reference::MEADOW_API_KEY' } };
  await server.call('save_source', { name: 'echo', ...echo });
  await server.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 38 });
  await server.call('start_sync', { source: 'echo', streams: ['said'], wait_seconds: 38 });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

interface Export {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly columns: { name: string }[];
  readonly first_rows?: unknown[][];
}

const exported = (sql: string, format: string, name: string, more = {}): Promise<Export & { text: string }> =>
  server.call<Export>('export_data', { sql, format, file_name: name, ...more });
const exportsFolder = (): string => join(workplace.project, 'exports');

/** Reads a file with a DuckDB of its own. */
async function read(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe('what is written', () => {
  test.each(['csv', 'jsonl', 'parquet'])(
    '%s: every row, in the order of the query, for the owner only',
    async (format) => {
      const sql = 'SELECT id, name, address, created_at FROM meadow.users ORDER BY id DESC;';
      const answer = await exported(sql, format, `users of ${format}`, { show_rows: true });
      expect(answer).toMatchObject({ path: join(exportsFolder(), `users of ${format}.${format}`), rows: 3_000 });
      const { mode, size } = await stat(answer.path);
      expect([mode & 0o777, size]).toEqual([0o600, answer.bytes]);
      expect(answer.first_rows?.map(([id]) => id)).toEqual([3000, 2999, 2998, 2997, 2996]);
      expect(answer.text).toContain(answer.path);
      const reader = format === 'csv' ? 'read_csv' : format === 'jsonl' ? 'read_ndjson' : 'read_parquet';
      const [row] = await read(
        `SELECT count(*)::INT, sum(id)::INT, first(id)::INT, count(name)::INT FROM ${reader}('${answer.path}')`,
      );
      expect(row).toEqual([3_000, (3_000 * 3_001) / 2, 3_000, 3_000]);
      expect(await namesIn(join(workplace.project, 'staging'))).toEqual([]);
    },
  );

  test('sums beyond 64 bits stay exact in Parquet', async () => {
    const sql = 'SELECT 9223372036854775807::HUGEINT * 10 AS big, sum(id) AS total FROM meadow.users';
    const { path } = await exported(sql, 'parquet', 'sums.parquet');
    const [row] = await read(`SELECT big::VARCHAR, total::VARCHAR FROM '${path}'`);
    expect(row).toEqual(['92233720368547758070', '4501500']);
  });

  test('integers that Parquet cannot store are refused with the next step', async () => {
    const sql = 'SELECT 170141183460469231731687303715884105727::HUGEINT AS big';
    const error = await server.fail('export_data', { sql, format: 'parquet', file_name: 'too wide' });
    expect(error).toMatchObject({ code: 'parquet_integer', next: expect.stringContaining('VARCHAR') });
    expect((await exported(sql, 'jsonl', 'wide')).rows).toBe(1);
  });

  test('JSON lines are JSON, whatever the number', async () => {
    const sql =
      "SELECT 'nan'::DOUBLE AS a, 'inf'::DOUBLE AS b, '-inf'::FLOAT AS c, 1.5::DOUBLE AS d, NULL::DOUBLE AS e";
    const { path } = await exported(sql, 'jsonl', 'numbers');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      a: 'NaN',
      b: 'Infinity',
      c: '-Infinity',
      d: 1.5,
      e: null,
    });
  });

  test('of columns with one name, the answer has the names of the file', async () => {
    const answer = await exported('SELECT 1.5::DOUBLE AS a, 2 AS a', 'jsonl', 'twice');
    const names = Object.keys(JSON.parse(await readFile(answer.path, 'utf8')));
    expect([names, answer.columns.map(({ name }) => name)]).toEqual([names, names]);
    expect(new Set(names).size).toBe(2);
  });

  test('nothing at all is a file with its columns', async () => {
    const { path, rows, first_rows } = await exported('SELECT id, name FROM meadow.users WHERE false', 'csv', 'none');
    expect([rows, first_rows, await readFile(path, 'utf8')]).toEqual([0, undefined, 'id,name\n']);
  });

  test('data is in the file unchanged; what is shown of it is redacted', async () => {
    const answer = await exported('SELECT text FROM echo.said LIMIT 3', 'jsonl', 'said', { show_rows: true });
    expect(await readFile(answer.path, 'utf8')).toContain(SECRET);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(JSON.stringify(answer)).toContain('[secret:MEADOW_API_KEY]');
  });

  test('every statement that query takes', async () => {
    for (const [at, sql] of [
      'FROM meadow.users',
      'DESCRIBE meadow.users',
      'WITH a AS (VALUES (1)) FROM a',
      'SELECT 1 -- one',
    ].entries()) {
      expect((await exported(sql, 'csv', `kind ${at}`)).rows, sql).toBeGreaterThan(0);
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['../away', 'file_name_refused'],
    ['a/b', 'file_name_refused'],
    ['/tmp/a', 'file_name_refused'],
    ['.hidden', 'file_name_refused'],
    ['', 'file_name_refused'],
    ['a\nb', 'file_name_refused'],
    ["a'b", 'file_name_refused'],
    ['x'.repeat(300), 'file_name_refused'],
    ['table.parquet', 'file_name_format'],
  ])('the name %j', async (name, code) => {
    const before = await namesIn(exportsFolder());
    expect(await server.fail('export_data', { sql: 'SELECT 1', format: 'csv', file_name: name })).toMatchObject({
      code,
    });
    expect(await namesIn(exportsFolder())).toEqual(before);
  });

  test('a name that is in use, with one that is free', async () => {
    const { path } = await exported('SELECT 1 AS a', 'csv', 'taken');
    await writeFile(join(exportsFolder(), 'taken-2.csv'), '');
    const error = await server.fail('export_data', { sql: 'SELECT 2 AS a', format: 'csv', file_name: 'taken.csv' });
    expect(error).toMatchObject({ code: 'file_exists', details: { free_name: 'taken-3.csv' } });
    expect(await readFile(path, 'utf8')).toBe('a\n1\n');
  });

  test.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "SELECT 1) TO '/tmp/out.csv' (FORMAT csv); --",
    'SELECT * FROM _sluice.states',
    'SELECT 1; SELECT 2',
    'DROP TABLE meadow.users',
  ])('%s', async (sql) => {
    const before = await namesIn(exportsFolder());
    const error = await server.fail('export_data', { sql, format: 'csv', file_name: 'refused' });
    expect(error.kind).toBe('input');
    expect(await namesIn(exportsFolder())).toEqual(before);
    expect(await namesIn(join(workplace.project, 'staging'))).toEqual([]);
  });

  test('read-only mode', async () => {
    const careful = await startServer({ workplace, environment: { SLUICE_READONLY_MODE: '1' } });
    const call = { sql: 'SELECT 1', format: 'csv', file_name: 'careful' };
    expect(await careful.fail('export_data', call)).toMatchObject({ kind: 'refused' });
    await careful.close();
  });
});

test('a call that is given up leaves no half file, and the cache answers', async () => {
  const staging = join(workplace.project, 'staging');
  const controller = new AbortController();
  const sql = 'SELECT a.id, b.name, md5(b.name || a.id) AS c FROM meadow.users a, meadow.users b, range(50)';
  const call = server.call('export_data', { sql, format: 'csv', file_name: 'endless' }, { signal: controller.signal });
  call.catch(() => undefined);
  await waitUntil(async () => (await namesIn(staging)).length > 0);
  controller.abort();
  await expect(call).rejects.toThrow();
  await waitUntil(async () => (await namesIn(staging)).length === 0);
  expect(await namesIn(exportsFolder())).not.toContain('endless.csv');
  expect(await server.call('query', { sql: 'SELECT count(*) FROM meadow.users' })).toMatchObject({ rows: [[3_000]] });
});

test('a sync that begins during an export leaves the unfinished file alone', async () => {
  const sql = 'SELECT a.id, b.name, md5(b.name || a.id) AS c FROM meadow.users a, meadow.users b';
  const call = exported(sql, 'csv', 'beside');
  await waitUntil(async () => (await namesIn(join(workplace.project, 'staging'))).length > 0);
  const second = await startServer({ workplace });
  await second.call('preview_stream', { source: 'meadow', streams: ['users'], limit: 1 });
  await second.close();
  expect((await call).rows).toBe(9_000_000);
});
