/** Destinations as images: from a program and from a real Python source into a container, and the other way round. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, expectNoContainers, FAKER } from '../harness/docker.ts';
import { expectNothingRuns, waitUntil } from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { MEADOW, makeWorkplace, SHELF, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

const IMAGE = 'sluice-test/destination-jsonl:1.0.0';

interface Sync {
  sync_id: string;
  state: string;
  records: number;
  streams: { stream: string; records: number; confirmed: number; committed_state: boolean }[];
}

describeWith(['docker'], 'a destination in a container', () => {
  let workplace: Workplace;
  let server: TestServer;
  let registryPath: string;
  beforeEach(async () => {
    workplace = await makeWorkplace(`MEADOW_API_KEY='a-key-of-the-meadow-77'\nLINES_TOKEN=a-token-of-the-lines-4711\n`);
    const shared = join(workplace.directory, 'mine');
    await mkdir(shared);
    // The image's user is another one than ours.
    await chmod(shared, 0o777);
    const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { destinations: object[] };
    const jsonl = { name: 'JSON lines', dockerRepository: 'sluice-test/destination-jsonl', dockerImageTag: '1.0.0' };
    const spec = { connectionSpecification: { type: 'object' } };
    registryPath = join(workplace.directory, 'registry.json');
    await writeFile(
      registryPath,
      JSON.stringify({ ...registry, destinations: [...registry.destinations, { ...jsonl, spec }] }),
    );
    server = await startServer({
      workplace,
      environment: {
        AIRBYTE_LOCAL_REGISTRY: registryPath,
        SLUICE_DOCKER_MOUNTS: `${shared}=/local`,
        SLUICE_WRITE_DIRS: shared,
      },
    });
    await server.call('save_destination', {
      name: 'lines',
      connector: 'destination-jsonl',
      runtime: 'docker',
      config: { destination_path: '/local/lines', token: 'secret_reference::LINES_TOKEN' },
    });
  });
  afterEach(async () => {
    await server.close();
    await expectNoContainers(server);
    await expectNothingRuns(workplace);
    // Its files belong to the image's user.
    const clear = ['-c', "import shutil; shutil.rmtree('/local/lines', ignore_errors=True)"];
    const shared = join(workplace.directory, 'mine');
    await docker('run', '--rm', '-v', `${shared}:/local`, '--entrypoint', 'python', IMAGE, ...clear);
    await workplace.remove();
  });

  const saveMeadow = (config: Record<string, unknown>) =>
    server.call('save_source', {
      name: 'meadow',
      connector: MEADOW,
      runtime: 'executable',
      config: { batch: 25, api_key: 'secret_reference::MEADOW_API_KEY', ...config },
    });
  const into = (source: string, args: Record<string, unknown> = {}) =>
    server.call<Sync>('start_sync', { source, destination: 'lines', wait_seconds: 38, ...args });
  async function written(stream: string): Promise<{ id: number }[]> {
    const text = await readFile(join(workplace.directory, 'mine', 'lines', `${stream}.jsonl`), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { id: number }]));
  }

  test('a program is read into it, and continues from the states that it returned', async () => {
    await saveMeadow({ count: 150 });
    expect(await into('meadow', { streams: ['users'] })).toMatchObject({
      state: 'complete',
      streams: [{ confirmed: 150, committed_state: true }],
    });
    await saveMeadow({ count: 180 });
    expect(await into('meadow')).toMatchObject({ state: 'complete', records: 30 });
    expect(new Set((await written('users')).map(({ id }) => id)).size).toBe(180);
  }, 90_000);

  test('what it wrote is read back from the folder that it was shown', async () => {
    const report = await server.call<{ passed: boolean; text: string }>('smoke_test_destination', {
      destination: 'lines',
      scenarios: ['types', 'dedup'],
    });
    expect(report.passed, report.text).toBe(true);
    expect(report.text).toMatch(/types: passed; .* 2 records read back/);
  }, 90_000);

  test('a folder inside the container is refused: records written there would be confirmed, and lost', async () => {
    await saveMeadow({ count: 10 });
    const without = await startServer({ workplace, environment: { AIRBYTE_LOCAL_REGISTRY: registryPath } });
    const lines = {
      name: 'lost',
      connector: 'destination-jsonl',
      runtime: 'docker',
      config: { destination_path: '/tmp/x' },
    };
    for (const [tool, request] of [
      ['save_destination', lines],
      ['start_sync', { source: 'meadow', destination: 'lines' }],
    ] as const) {
      const error = await without.fail(tool, request);
      expect(error, error.text).toMatchObject({ code: 'invalid_config', problems: [{ path: 'destination_path' }] });
      expect(error.text).toContain('SLUICE_DOCKER_MOUNTS');
    }
    await without.close();
  }, 90_000);

  test('both are removed when the sync is cancelled', async () => {
    await saveMeadow({ count: 100_000, delay_ms: 50 });
    const { sync_id: id } = await into('meadow', { streams: ['users'], wait_seconds: 0 });
    await waitUntil(
      async () => (await server.call<Sync>('get_sync', { sync_id: id })).streams[0]?.committed_state === true,
      30_000,
    );
    expect(await server.call('cancel_sync', { sync_id: id })).toMatchObject({ state: 'cancelled', stopped: true });
    await expectNoContainers(server);
    await expectNothingRuns(workplace);
  }, 90_000);

  test('a source in a container is read into a program', async () => {
    const config = { count: 300, seed: 1, parallelism: 1, always_updated: false };
    await server.call('save_source', {
      name: 'faker',
      connector: 'source-faker',
      runtime: 'docker',
      version: FAKER,
      config,
    });
    await server.call('save_destination', {
      name: 'shelf',
      connector: SHELF,
      runtime: 'executable',
      config: { destination_path: join(workplace.directory, 'mine', 'shelf') },
    });
    const request = { destination: 'shelf', streams: ['users', 'purchases'] };
    const first = await into('faker', request);
    expect(first).toMatchObject({
      state: 'complete',
      streams: [{ records: 300, confirmed: 300, committed_state: true }, {}],
    });
    expect(await into('faker', request)).toMatchObject({ state: 'complete', records: 0 });
  }, 120_000);

  test('a real Python source is read into it', async () => {
    const config = { count: 300, seed: 1, parallelism: 1, always_updated: false };
    const faker = { name: 'faker', connector: 'source-faker', runtime: 'python', version: FAKER, config };
    while ((await server.call<{ state?: string }>('save_source', faker)).state === 'in_progress');
    const first = await into('faker', { streams: ['users', 'products'] });
    expect(first).toMatchObject({ state: 'complete', errors: [], streams: [{ records: 300, confirmed: 300 }, {}] });
    expect(await written('users')).toHaveLength(300);
    expect(await into('faker')).toMatchObject({ state: 'complete' });
    expect(await written('users')).toHaveLength(300);
  }, 600_000);
});
