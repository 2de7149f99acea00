/** SQL that would read, write or change anything but the tables: refused through the binary, run and dry, during a sync too. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: TestServer;
let staging: string;
beforeAll(async () => {
  workplace = await makeWorkplace("MEADOW_API_KEY='a-key-of-the-meadow-77'\nCANARY_TOKEN='canary-in-the-env-file-5'\n");
  staging = join(workplace.project, 'staging');
  server = await startServer({ workplace });
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 40 };
  await server.call('save_source', { name: 'meadow', connector: MEADOW, config });
  expect(await server.call('start_sync', { source: 'meadow' })).toMatchObject({ state: 'complete' });
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

const refused = async (sql: string, code: string | RegExp): Promise<void> => {
  for (const dry of [false, true]) {
    const error = await server.fail('query', { sql, dry_run: dry });
    expect(error.kind, error.text).toBe('input');
    expect(error.code, error.text).toMatch(code);
    expect(error.text).not.toContain('canary-in-the-env-file');
  }
};
const unharmed = async (): Promise<void> => {
  const { rows } = await server.call<{ rows: unknown[] }>('query', { sql: 'SELECT count(*) FROM meadow.users' });
  expect(rows).toEqual([[40]]);
};

describe('statements that are not queries', () => {
  test.each([
    'DELETE FROM meadow.users',
    'TRUNCATE meadow.users',
    'UPDATE meadow.users SET id = 1',
    'INSERT INTO meadow.users (id) VALUES (1) RETURNING id',
    'MERGE INTO meadow.users USING meadow.users u ON true WHEN MATCHED THEN DELETE',
    'ALTER TABLE meadow.users ADD COLUMN x INT',
    "COMMENT ON TABLE meadow.users IS 'x'",
    'DROP TABLE meadow.users',
    'CREATE MACRO m() AS 1',
    "CREATE TEMP MACRO m() AS TABLE FROM read_text('/etc/hostname')",
    'EXPLAIN SELECT 1',
    'EXECUTE p',
    'SET VARIABLE x = 1',
    'RESET threads',
    'USE meadow',
    'BEGIN',
    'VACUUM',
    'DETACH cache',
    "IMPORT DATABASE '/tmp'",
    'WITH d AS (SELECT 1) DELETE FROM meadow.users',
    '/* SELECT */ -- SELECT\n DELETE FROM meadow.users',
  ])('%s', async (sql) => {
    await refused(sql, 'sql_not_select');
    await unharmed();
  });

  test('what the parser itself does not take', async () => {
    await refused('WITH d AS (DELETE FROM meadow.users RETURNING *) SELECT * FROM d', 'sql_syntax');
    await refused('SELECT * INTO x FROM meadow.users', 'sql_syntax');
    await refused('\u0405ELECT 1', 'sql_syntax');
    await refused('SELECT 1\uff1b DELETE FROM meadow.users', 'sql_syntax');
    await unharmed();
  });

  test.each([
    'SELECT 1 /* ; */ ; /* x */ DROP TABLE meadow.users -- ',
    'SELECT 1 -- \n; DROP TABLE meadow.users',
    'SELECT 1 -- \r; DROP TABLE meadow.users',
    "SELECT ';' ; DROP TABLE meadow.users",
    'SELECT 1;;; DROP TABLE meadow.users',
    'COMMIT; DROP TABLE meadow.users',
  ])('a second statement behind a comment or a semicolon: %j', async (sql) => {
    await refused(sql, 'sql_many_statements');
    await unharmed();
  });

  test.each(['', '  ', ';', '-- nothing', '/* ; */'])('no statement at all: %j', (sql) => refused(sql, 'sql_empty'));

  test('NUL characters and half characters', async () => {
    for (const sql of ["SELECT 'a\0b'", 'SELECT 1\0; DELETE FROM meadow.users', 'SELECT \ud800']) {
      await refused(sql, 'sql_characters');
    }
  });
});

describe('readers of anything but tables', () => {
  test.each([
    'FROM duckdb_secrets()',
    'FROM duckdb_settings()',
    'FROM duckdb_functions()',
    "FROM sqlite_scan('/tmp/x', 'y')",
    "FROM parquet_scan('/tmp/x')",
    "FROM sniff_csv('/etc/hostname')",
    "FROM which_secret('a', 'b')",
    "FROM pragma_table_info('meadow.users')",
    "SELECT * FROM query_table('meadow.users')",
    'FROM "query"(\'SELECT 1\')',
    "SELECT * FROM system.main.read_text('/etc/hostname')",
    "SELECT * FROM meadow.users, LATERAL (FROM read_blob('/etc/hostname'))",
    "SELECT (SELECT content FROM read_text('/etc/hostname'))",
    "SUMMARIZE FROM read_text('/etc/hostname')",
    "SELECT * FROM r\u0435ad_text('/etc/hostname')",
  ])('%s', (sql) => refused(sql, 'sql_table_function'));

  test.each([
    "FROM 'file.csv'",
    'FROM "https://example.org/x.parquet"',
    'SELECT * FROM meadow."/etc/hostname"',
    "SUMMARIZE '/etc/hostname'",
    'FROM sqlite_master',
    'FROM pg_catalog.pg_settings',
  ])('a name that is not a table: %s', (sql) => refused(sql, 'unknown_table'));

  test.each([
    "SELECT nextval('s')",
    "SELECT getenv('HOME')",
    "SELECT list_transform([1], lambda x: getenv('CANARY_TOKEN'))",
    "SELECT current_setting('temp_directory')",
    'SELECT pg_sleep(2)',
    "SELECT write_log('x')",
  ])('a function: %s', (sql) => refused(sql, 'sql_function'));

  test('the bookkeeping of the engine', async () => {
    await refused('FROM _sluice.states', 'sql_refused');
    await refused('FROM cache."_SLUICE".states', 'sql_refused');
  });
});

test('the staging folder, in every way, while a sync fills it: nothing is read there, and nothing made', async () => {
  const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 300_000, batch: 500, delay_ms: 20 };
  await server.call('save_source', { name: 'slow', connector: MEADOW, config });
  const { sync_id: id, state } = await server.call<{ sync_id: string; state: string }>('start_sync', {
    source: 'slow',
    streams: ['users'],
    wait_seconds: 0,
  });
  expect(state).toBe('running');
  const readable = async (): Promise<string[]> =>
    (await readdir(staging, { recursive: true })).filter((name) => /\.\w+$/.test(name));
  await expect.poll(readable, { timeout: 10_000 }).not.toEqual([]);
  for (const sql of [
    `FROM read_text('${staging}/**')`,
    `FROM read_csv('${staging}/*')`,
    `FROM read_ndjson('${staging}/**')`,
    `FROM glob('${staging}/**')`,
    `FROM '${staging}/x.csv'`,
    `COPY meadow.users TO '${staging}/out.csv'`,
    `COPY meadow.users FROM '${staging}/none-*'`,
    `COPY (FROM meadow.users) TO '${staging}/parts' (FORMAT parquet, PARTITION_BY (id))`,
    `EXPORT DATABASE '${staging}/exported'`,
    `IMPORT DATABASE '${staging}'`,
    `ATTACH '${staging}/other.duckdb' AS other`,
    `SELECT 1; EXPORT DATABASE '${staging}/exported'`,
  ]) {
    const error = await server.fail('query', { sql });
    expect(error, sql).toMatchObject({ kind: 'input' });
    expect(error.message, 'the error does not reveal whether a file exists').not.toMatch(/No files found|No such file/);
  }
  expect((await readdir(staging)).join()).not.toMatch(/out\.csv|parts|exported|other/);
  expect(await server.call('cancel_sync', { sync_id: id })).toMatchObject({ state: 'cancelled' });
  await unharmed();
});

test('the message of a refusal tells an assistant what to do', async () => {
  const next = async (sql: string): Promise<string> => (await server.fail('query', { sql })).next;
  expect(await next('EXPLAIN ANALYZE SELECT 1')).toContain('dry_run');
  expect(await next('PRAGMA show_tables')).toContain('SHOW ALL TABLES');
  expect(await next('CREATE TEMP TABLE x AS SELECT 1')).toContain('WITH name AS');
  expect(await next('PIVOT meadow.orders ON status USING count(*)')).toContain('IN (');
  expect(await next('SELECT ?')).toContain('value itself');
  const audit = await readFile(join(workplace.project, 'logs', 'audit.jsonl'), 'utf8');
  expect(audit).toContain('sql_not_select');
});
