/** The real source of sample data, run from its image: the full path from the check to rows in tables. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { docker, expectNoContainers, FAKER, makeDockerWorkplace } from '../harness/docker.ts';
import { describeWith } from '../harness/requirements.ts';
import type { Workplace } from '../harness/workplace.ts';

const subject = {
  connector: 'source-faker',
  version: FAKER,
  runtime: 'docker',
  config: { count: 40, seed: 1, records_per_slice: 20, always_updated: false, parallelism: 1 },
};

interface Sync {
  readonly state: string;
  readonly streams: readonly { readonly rows: number }[];
}

/** Six starts of a real Python source, each takes seconds, more on a busy machine: then the call is repeated, as its answer asks. */
const PATIENCE_MS = 240_000;

describeWith(['docker'], 'source-faker in a container', () => {
  let workplace: Workplace;
  let server: TestServer;

  beforeAll(async () => {
    workplace = await makeDockerWorkplace();
    server = await startServer({ workplace });
  });

  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });

  const finish = async (tool: string, args: object): Promise<Record<string, unknown> & { text: string }> => {
    for (;;) {
      const answer = await server.call(tool, { ...args });
      if (answer.state !== 'in_progress') return answer;
    }
  };

  test('is checked and saved', { timeout: PATIENCE_MS }, async () => {
    expect(await finish('validate_config', subject)).toMatchObject({
      valid: true,
      connector: 'source-faker',
      version: FAKER,
      runtime: 'docker',
      spec_from: 'connector',
    });
    expect(await finish('save_source', { name: 'people', ...subject })).toMatchObject({
      saved: true,
      runtime: 'docker',
    });
  });

  test('is asked for its streams and previewed', { timeout: PATIENCE_MS }, async () => {
    const { text } = await finish('list_streams', { source: 'people' });
    expect(text).toMatch(/users[\s\S]*purchases|purchases[\s\S]*users/);
    const preview = await finish('preview_stream', { source: 'people', streams: ['users'], limit: 3 });
    expect(preview.text).toContain('academic_degree');
    await expectNoContainers(server);
  });

  test('is synced, and a second sync continues where the first one ended', { timeout: PATIENCE_MS }, async () => {
    const sync = async (): Promise<Sync> => {
      const args = { source: 'people', streams: ['users', 'products'], wait_seconds: 40 };
      let state = await server.call<Sync>('start_sync', args);
      while (state.state === 'running') state = await server.call<Sync>('get_sync', { wait_seconds: 40 });
      return state;
    };
    expect(await sync()).toMatchObject({ state: 'complete' });
    const count = 'SELECT count(*), count(DISTINCT id) FROM people.users';
    expect((await server.call<{ rows: unknown[][] }>('query', { sql: count })).rows).toEqual([[40, 40]]);
    const again = await sync();
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

describeWith(['docker'], 'an engine on TCP', () => {
  test('runs connectors like the one on the socket', async () => {
    const forwarder = createServer((from) => {
      const to = connect('/var/run/docker.sock');
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        one.on('error', () => other.destroy());
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.1', resolve));
    const { port } = forwarder.address() as AddressInfo;
    const workplace = await makeDockerWorkplace();
    const server = await startServer({ workplace, environment: { DOCKER_HOST: `tcp://127.0.0.1:${port}` } });
    const answer = await server.call('get_status');
    expect(answer.text).toContain(`tcp://127.0.0.1:${port}`);
    await server.call('save_source', {
      name: 'things',
      connector: 'source-hostile',
      runtime: 'docker',
      config: { records: 500 },
    });
    expect(await server.call('start_sync', { source: 'things', wait_seconds: 40 })).toMatchObject({
      state: 'complete',
      streams: [{ rows: 500 }],
    });
    await expectNoContainers(server);
    await server.close();
    await workplace.remove();
    forwarder.close();
  });
});

describeWith(['docker'], 'folders that a person has opened to containers', () => {
  test('are mounted read-only at their path or at the configured one', async () => {
    const workplace = await makeDockerWorkplace();
    const folder = join(workplace.directory, 'data');
    await mkdir(folder, { mode: 0o755 });
    await chmod(workplace.directory, 0o755);
    const record = { type: 'RECORD', record: { stream: 'rows', emitted_at: 1, data: { id: 7 } } };
    const streams = [{ name: 'rows', json_schema: { type: 'object' }, supported_sync_modes: ['full_refresh'] }];
    await writeFile(join(folder, 'rows.jsonl'), `${JSON.stringify(record)}\n`, { mode: 0o644 });
    await writeFile(join(folder, 'rows.jsonl.catalog.json'), JSON.stringify({ streams }), { mode: 0o644 });
    const subject = (file: string) => ({ connector: 'source-replay', runtime: 'docker', config: { file } });
    const closed = await startServer({ workplace });
    expect(await closed.call('validate_config', subject(join(folder, 'rows.jsonl')))).toMatchObject({ valid: false });
    await closed.close();
    const mounts = `${folder}:${folder}=/local`;
    const server = await startServer({ workplace, environment: { SLUICE_DOCKER_MOUNTS: mounts } });
    expect(await server.call('validate_config', subject(join(folder, 'rows.jsonl')))).toMatchObject({ valid: true });
    await server.call('save_source', { name: 'rows', ...subject('/local/rows.jsonl') });
    const preview = await server.call('preview_stream', { source: 'rows', streams: ['rows'] });
    expect(preview.text).toContain('7');
    expect(await server.call('validate_config', subject('/local/rows.jsonl+write'))).toMatchObject({
      valid: false,
      check_message: expect.stringContaining('Read-only'),
    });
    await server.close();
    const missing = { SLUICE_DOCKER_MOUNTS: join(workplace.directory, 'nowhere') };
    const wrong = await startServer({ workplace, environment: missing });
    expect(await wrong.fail('validate_config', subject('/local/rows.jsonl'))).toMatchObject({
      code: 'mount_missing',
      message: expect.stringContaining('nowhere'),
    });
    await wrong.close();
    await workplace.remove();
  });

  test('are shown without the env file and the project that lie in them, and not at all from inside of those', async () => {
    const workplace = await makeDockerWorkplace();
    await chmod(workplace.directory, 0o755);
    const subject = (file: string) => ({ connector: 'source-replay', runtime: 'docker', config: { file } });
    const streams = [{ name: 'rows', json_schema: { type: 'object' }, supported_sync_modes: ['full_refresh'] }];
    const catalog = JSON.stringify({ streams });
    const data = join(workplace.directory, 'rows.jsonl');
    for (const path of [data, join(workplace.project, 'exports', 'rows.jsonl')]) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, '', { mode: 0o644 });
      await writeFile(`${path}.catalog.json`, catalog, { mode: 0o644 });
    }
    const server = await startServer({
      workplace,
      environment: { SLUICE_DOCKER_MOUNTS: `${workplace.directory}=/local` },
    });
    expect(await server.call('validate_config', subject('/local/rows.jsonl'))).toMatchObject({ valid: true });
    const inProject = relative(workplace.directory, join(workplace.project, 'exports', 'rows.jsonl'));
    expect((await server.call('validate_config', subject(`/local/${inProject}`))).text).toContain('No such file');
    const envFile = join('/local', relative(workplace.directory, workplace.envFile));
    await writeFile(`${workplace.envFile}.catalog.json`, catalog, { mode: 0o644 });
    await chmod(workplace.envFile, 0o644);
    await server.call('save_source', { name: 'env', ...subject(envFile) });
    const sync = await server.call<Sync & { sync_id: string }>('start_sync', { source: 'env', wait_seconds: 30 });
    const { text } = await server.call('get_sync', { sync_id: sync.sync_id, log_lines: 200 });
    expect(text).not.toContain('MEADOW_API_KEY');
    await server.close();
    const inside = await startServer({
      workplace,
      environment: { SLUICE_DOCKER_MOUNTS: `${join(workplace.project, 'exports')}=/local` },
    });
    expect(await inside.fail('validate_config', subject('/local/rows.jsonl'))).toMatchObject({
      code: 'mount_protected',
      next: expect.stringContaining('SLUICE_DOCKER_MOUNTS'),
    });
    await inside.close();
    await workplace.remove();
  });
});
