/** A destination that writes typed tables into a real Postgres, and what Sluice reads of them again. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { PLAIN_PASSWORD, startPostgres, type TestPostgres } from '../harness/postgres.ts';
import { describeWith } from '../harness/requirements.ts';
import { FIXTURE_CONNECTORS, MEADOW, ROOT } from '../harness/workplace.ts';

interface Report {
  passed: boolean;
  text: string;
  scenarios: {
    scenario: string;
    passed: boolean;
    problems: string[];
    read_back: { compared: boolean; why?: string };
  }[];
}

describeWith(['postgres'], 'a destination that writes into Postgres', () => {
  let postgres: TestPostgres;
  let server: TestServer;
  let database: string;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(async () => {
    database = await postgres.makeDatabase();
    server = await startServer({
      envFileText: `PG_PASSWORD='${PLAIN_PASSWORD}'\nMEADOW_API_KEY=a-key-of-the-meadow-77\n`,
      // The files that the destination is built from are outside its folder.
      environment: { SLUICE_READ_DIRS: join(ROOT, 'node_modules') },
    });
    const { username } = new URL(postgres.url(database));
    const config = { host: '127.0.0.1', port: postgres.port, database, username, schema: 'arrived' };
    await postgres.run(database, `CREATE SCHEMA arrived AUTHORIZATION ${username}`);
    await server.call('save_destination', {
      name: 'tables',
      connector: join(FIXTURE_CONNECTORS, 'destination-postgres-plain.mjs'),
      runtime: 'executable',
      config: { ...config, password: 'secret_reference::PG_PASSWORD' },
    });
  });
  afterEach(() => server.close());

  test('every scenario is compared with its table; values that a table cannot store are reported', async () => {
    let report = await server.call<Report & { state?: string }>('smoke_test_destination', { destination: 'tables' });
    while (report.state === 'in_progress') {
      report = await server.call('smoke_test_destination', { destination: 'tables' });
    }
    for (const { scenario, read_back: back } of report.scenarios)
      expect(back, scenario).toMatchObject({ compared: true });
    const failed = report.scenarios.filter(({ passed }) => !passed);
    // Postgres cuts names at 63 bytes.
    expect(failed.map(({ scenario }) => scenario)).toEqual(['field_names', 'stream_names']);
    expect(failed[1]?.problems.join('\n')).toContain('was found (postgres)');
    expect(report.text).not.toContain(PLAIN_PASSWORD);
  }, 180_000);

  test('a source is read into it and continues; a wrong password is its fault, and not shown', async () => {
    await server.call('save_source', {
      name: 'meadow',
      connector: MEADOW,
      runtime: 'executable',
      config: { count: 300, batch: 50, api_key: 'secret_reference::MEADOW_API_KEY' },
    });
    const request = { source: 'meadow', destination: 'tables', streams: ['users', 'orders'], wait_seconds: 38 };
    expect(await server.call('start_sync', request)).toMatchObject({ state: 'complete', records: 600, warnings: [] });
    expect(await server.call('start_sync', request)).toMatchObject({ state: 'complete', records: 0 });
    const [row] = await postgres.run(database, 'SELECT count(*) AS all, count(DISTINCT id) AS one FROM arrived.users');
    expect(Object.values(row ?? {}).map(Number)).toEqual([300, 300]);
    await server.workplace.writeEnvFile("PG_PASSWORD='another-password-88'\nMEADOW_API_KEY=a-key-of-the-meadow-77\n");
    const refused = await server.call<{ state: string; text: string }>('start_sync', { ...request, restart: true });
    expect(refused).toMatchObject({ state: 'failed', errors: [{ from: 'destination' }] });
    expect(refused.text).toContain('password authentication failed');
    expect(refused.text).not.toContain('another-password-88');
  }, 90_000);
});
