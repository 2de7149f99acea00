/** The real source of sample data out of its image: the whole way, from the check to rows in tables. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './harness/client.ts';
import { docker, expectNoContainers, FAKER, makeDockerPlace } from './harness/docker.ts';
import { describeWith } from './harness/requirements.ts';
import type { Workplace } from './harness/workplace.ts';

const subject = {
  connector: 'source-faker',
  version: FAKER,
  runtime: 'docker',
  config: { count: 40, seed: 1, records_per_slice: 20, always_updated: false, parallelism: 1 },
};

describeWith(['docker'], 'source-faker in a container', () => {
  let workplace: Workplace;
  let server: TestServer;

  beforeAll(async () => {
    workplace = await makeDockerPlace();
    server = await startServer({ workplace });
  });

  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });

  test('is checked, saved, asked for its streams and previewed', async () => {
    expect(await server.call('validate_config', subject)).toMatchObject({
      valid: true,
      connector: 'source-faker',
      version: FAKER,
      runtime: 'docker',
      spec_from: 'connector',
    });
    expect(await server.call('save_source', { name: 'people', ...subject })).toMatchObject({
      saved: true,
      runtime: 'docker',
    });
    const { text } = await server.call('list_streams', { source: 'people' });
    expect(text).toMatch(/users[\s\S]*purchases|purchases[\s\S]*users/);
    const preview = await server.call('preview_stream', { source: 'people', streams: ['users'], limit: 3 });
    expect(preview.text).toContain('academic_degree');
    await expectNoContainers(server);
  });

  test('is synced, and a second sync goes on where the first one ended', async () => {
    const sync = { source: 'people', streams: ['users', 'products'], wait_seconds: 40 };
    expect(await server.call('start_sync', sync)).toMatchObject({ state: 'complete' });
    const count = 'SELECT count(*), count(DISTINCT id) FROM people.users';
    expect((await server.call<{ rows: unknown[][] }>('query', { sql: count })).rows).toEqual([[40, 40]]);
    const again = await server.call<{ streams: { rows: number }[] }>('start_sync', sync);
    expect(again).toMatchObject({ state: 'complete' });
    expect(again.streams.map(({ rows }) => rows)).toEqual([0, 0]);
    await expectNoContainers(server);
  });

  test('get_status names the engine and what is installed', async () => {
    const status = await server.call<{ runtimes: { name: string; found: boolean; version?: string }[] }>('get_status');
    const engine = await docker('version', '--format', '{{.Server.Version}}');
    expect(status.runtimes.find(({ name }) => name === 'docker')).toMatchObject({ found: true, version: engine });
  });
});
