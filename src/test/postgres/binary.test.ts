/** The real binary on a shared Postgres: save, sync, be killed, continue, describe, ask; and nothing of the URL is ever shown. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { namesIn, waitUntil } from '../harness/machine.ts';
import { PLAIN_PASSWORD, startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { describeWith } from '../harness/requirements.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

let postgres: TestPostgres;
const REFERENCE = 'secret_reference::CACHE_PLACE';

async function makePostgresWorkplace(url: string): Promise<Workplace> {
  const workplace = await makeWorkplace(`MEADOW_API_KEY='a-key-of-the-meadow-77'\nCACHE_PLACE='${url}'\n`);
  return { ...workplace, environment: { ...workplace.environment, SLUICE_CACHE_URL: REFERENCE } };
}

async function withServer(workplace: Workplace, body: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startServer({ workplace });
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

const save = (server: TestServer, count: number): Promise<unknown> =>
  server.call('save_source', {
    name: 'meadow',
    connector: MEADOW,
    runtime: 'executable',
    config: { api_key: 'secret_reference::MEADOW_API_KEY', count },
  });

describeWith(['postgres'], 'a shared Postgres behind the binary', () => {
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('is filled, described and asked, by two servers of two projects; no DuckDB file is made', async () => {
    const url = postgres.url(await postgres.makeDatabase());
    const [one, two] = [await makePostgresWorkplace(url), await makePostgresWorkplace(url)];
    await withServer(one, async (server) => {
      const status = await server.call('get_status');
      expect(status.text).toContain(`Cache: postgres (${REFERENCE})`);
      expect(server.client.getInstructions()).toContain('a shared Postgres');
      await save(server, 30);
      expect(
        (await server.call('start_sync', { source: 'meadow', streams: ['users', 'orders'], wait_seconds: 40 })).state,
      ).toBe('complete');
      await withServer(two, async (other) => {
        const rows = await other.call<{ rows: unknown[] }>('query', { sql: 'SELECT count(*) FROM meadow.users' });
        expect(rows.rows).toEqual([[30]]);
        const described = await other.call('describe_data', { dataset: 'meadow' });
        expect(described.text).toContain('meadow.users: 30 rows');
        expect((await other.fail('query', { sql: 'DELETE FROM meadow.users' })).code).toBe('sql_not_select');
        expect((await other.fail('query', { sql: "SELECT pg_read_file('/etc/passwd')" })).code).toBe('sql_function');
      });
      expect((await server.call('query', { sql: 'SELECT id FROM meadow.users', dry_run: true })).tables).toEqual([
        'meadow.users',
      ]);
      const exported = await server.call<{ rows: number }>('export_data', {
        sql: 'SELECT * FROM meadow.users',
        format: 'parquet',
        file_name: 'users',
      });
      expect(exported.rows).toBe(30);
    });
    expect(await namesIn(join(one.project, 'cache'))).toEqual([]);
    expect(await namesIn(join(one.project, 'staging'))).toEqual([]);
    // The servers' working folder: DuckDB as a converter is in memory.
    expect(await namesIn(one.directory)).not.toContain(':memory:');
    const everything = [...(await one.files()), ...(await two.files())].filter(([path]) => !path.endsWith('test.env'));
    for (const [path, bytes] of everything) {
      for (const secret of [PLAIN_PASSWORD, encodeURIComponent(PLAIN_PASSWORD)])
        expect(bytes.includes(secret), path).toBe(false);
    }
    await Promise.all([one.remove(), two.remove()]);
  });

  it('loses nothing and repeats nothing over a killed server and a restarted Postgres', async () => {
    const database = await postgres.makeDatabase();
    const workplace = await makePostgresWorkplace(postgres.url(database));
    const count = async (): Promise<number> =>
      Number(
        (
          await postgres.run(
            database,
            "SELECT coalesce((SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE schemaname = 'meadow'), 0) AS n",
          )
        )[0]?.n,
      );
    const killed = await startServer({ workplace });
    await save(killed, 200_000);
    await killed.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 0 });
    await waitUntil(async () => (await count()) > 0, 30_000);
    process.kill(killed.pid, 'SIGKILL');
    await killed.close().catch(() => undefined);
    await withServer(workplace, async (server) => {
      await server.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 0 });
      await postgres.restart();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await postgres.restart();
      const done = await server.call('get_sync', { wait_seconds: 45 });
      expect(done.state, done.text).toBe('complete');
    });
    const [row] = await postgres.run(database, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM meadow.users');
    expect(row).toEqual({ n: '200000', ids: '200000' });
    await workplace.remove();
  });

  it('shows no part of the URL, whatever is wrong with it', async () => {
    const database = await postgres.makeDatabase();
    const good = postgres.url(database);
    const password = encodeURIComponent(PLAIN_PASSWORD);
    const cases: [url: string, code: string][] = [
      [good.replace(password, 'another-password-77'), 'cache_login'],
      [good.replace('//plain', '//nobody-known'), 'cache_login'],
      [good.replace(database, 'no_such_database'), 'cache_database'],
      [good.replace('127.0.0.1', 'no-such-host.invalid'), 'cache_unreachable'],
      [good.replace(`:${postgres.port}/`, ':1/'), 'cache_unreachable'],
      [`${good}?sslmode=require`, 'cache_tls'],
      [`${good}?sslmode=verify-full`, 'cache_tls'],
      [`${good}?sslmode=whatever`, 'cache_url'],
      [`${good}?no_such=1`, 'cache_url'],
      [good.replace('postgres:', 'mysql:'), 'cache_url'],
      [good.replace(password, 'half%2'), 'cache_url'],
    ];
    const workplace = await makePostgresWorkplace(good);
    await withServer(workplace, async (server) => {
      for (const [url, code] of cases) {
        await workplace.writeEnvFile(`MEADOW_API_KEY='a-key-of-the-meadow-77'\nCACHE_PLACE='${url}'\n`);
        for (const [tool, args] of [
          ['query', { sql: 'SELECT 1' }],
          ['describe_data', {}],
        ] as const) {
          const error = await server.fail(tool, args);
          expect(error, url).toMatchObject({ kind: 'setup', code });
          const shown = JSON.stringify(error) + server.stderr();
          for (const part of [
            PLAIN_PASSWORD,
            password,
            'another-password-77',
            'no-such-host',
            'no_such_database',
            '127.0.0.1',
            'nobody-known',
            database,
          ]) {
            expect(shown, url).not.toContain(part);
          }
        }
      }
      await workplace.writeEnvFile(`CACHE_PLACE='${good}?sslmode=prefer'\n`);
      expect((await server.call<{ rows: unknown[] }>('query', { sql: 'SELECT 1' })).rows).toEqual([[1]]);
      await workplace.writeEnvFile('OTHER=1\n');
      expect(await server.fail('query', { sql: 'SELECT 1' })).toMatchObject({ kind: 'setup', code: 'cache_url' });
    });
    await workplace.remove();
  });

  it('a literal URL is refused with the reference to write, and is not shown', async () => {
    const workplace = await makePostgresWorkplace(postgres.url(await postgres.makeDatabase()));
    const literal = 'postgres://me:a-literal-password-99@127.0.0.1/x';
    const withLiteral = { ...workplace, environment: { ...workplace.environment, SLUICE_CACHE_URL: literal } };
    await withServer(withLiteral, async (server) => {
      const error = await server.fail('query', { sql: 'SELECT 1' });
      expect(error).toMatchObject({
        kind: 'setup',
        code: 'cache_url',
        next: expect.stringContaining('secret_reference::CACHE_URL'),
      });
      const status = await server.call('get_status');
      expect(status.text).toContain('NOT usable');
      expect(error.text + status.text + server.stderr()).not.toContain('a-literal-password-99');
    });
    expect(await namesIn(join(workplace.project, 'cache'))).toEqual([]);
    await workplace.remove();
  });

  it('names who holds a table, and continues when it is free', async () => {
    const database = await postgres.makeDatabase();
    const workplace = await makePostgresWorkplace(postgres.url(database));
    await withServer(workplace, async (server) => {
      await save(server, 30);
      await server.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 40 });
      const held = postgres.run(
        database,
        "SET application_name = 'a notebook'; BEGIN; LOCK TABLE meadow.users IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(14); COMMIT",
      );
      await waitUntil(
        async () =>
          (
            await postgres.run(
              database,
              "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'meadow.users'::regclass",
            )
          ).length > 0,
      );
      const error = await server.fail('query', { sql: 'SELECT count(*) FROM meadow.users' });
      expect(error).toMatchObject({ kind: 'limit', code: 'cache_locked' });
      expect(error.message).toContain('"a notebook"');
      await held;
      expect(
        (await server.call<{ rows: unknown[] }>('query', { sql: 'SELECT count(*) FROM meadow.users' })).rows,
      ).toEqual([[30]]);
    });
    await workplace.remove();
  });
});
