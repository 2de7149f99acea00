/** What Sluice wrote is never a person's input: not as a configuration, not as a manifest, not as the env file, by whatever name. */
import { link, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { describeWith } from '../harness/requirements.ts';
import { MEADOW } from '../harness/workplace.ts';

let server: TestServer;
let project: string;
let folder: string;
beforeEach(async () => {
  server = await startServer();
  project = server.workplace.project;
  folder = join(server.workplace.directory, 'mine');
  await mkdir(folder);
  await server.call('save_source', { name: 'meadow', connector: MEADOW, config });
  await server.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 30 });
});
afterEach(() => server.close());

const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 5 };
const SQL = `SELECT '{"count": 3, "api_key": "made-by-the-assistant"}' AS "version: 6.0.0"`;
const exported = async (): Promise<string> =>
  (await server.call<{ path: string }>('export_data', { sql: SQL, format: 'jsonl', file_name: 'x' })).path;
const asConfig = (path: string) =>
  server.call<{ valid: boolean; problems: { path: string; message: string }[] }>('validate_config', {
    connector: MEADOW,
    config_file: path,
    schema_only: true,
  });

test('an export is not accepted as configuration or manifest: by its path, by links, by an indirect path', async () => {
  const path = await exported();
  await symlink(path, join(folder, 'soft.json'));
  await symlink(join(project, 'exports'), join(folder, 'exports'));
  await link(path, join(folder, 'hard.json'));
  await writeFile(join(folder, 'own.json'), '{"count": 3}');
  await link(join(folder, 'own.json'), join(folder, 'own-too.json'));
  const { workplace } = server;
  await server.client.close();
  server = await startServer({ workplace, environment: { SLUICE_CONFIG_DIRS: folder } });
  const others = ['soft.json', 'hard.json', 'exports/x.jsonl', '../project/exports/x.jsonl'].map((name) =>
    join(folder, name),
  );
  for (const name of [path, join(project, '.', 'exports', '..', 'exports', 'x.jsonl'), ...others]) {
    const answer = await asConfig(name);
    expect(answer, name).toMatchObject({
      valid: false,
      problems: [{ path: 'config_file', message: expect.stringContaining('wrote') }],
    });
    const manifest = { connector: 'source-mine', manifest_path: name, config: {} };
    expect(await server.fail('validate_config', manifest), name).toMatchObject({
      kind: 'refused',
      code: 'manifest_outside',
    });
  }
  // A person's file may have two names.
  for (const name of ['own.json', 'own-too.json']) {
    const { problems } = await asConfig(join(folder, name));
    expect(problems.map((problem) => problem.path)).not.toContain('config_file');
  }
});

test('nothing in a folder of the project is', async () => {
  for (const name of (await readdir(project)).filter((one) => one !== 'cache')) {
    const path = join(project, name, 'planted.json');
    await writeFile(path, '{"count": 3}');
    expect(await asConfig(path), name).toMatchObject({
      problems: [{ path: 'config_file', message: expect.stringContaining('wrote') }],
    });
  }
  await writeFile(join(project, 'mine.json'), '{"count": 3}');
  expect((await asConfig(join(project, 'mine.json'))).problems.map(({ path }) => path)).not.toContain('config_file');
});

test('a folder into which connectors in containers may write gives no configuration', async () => {
  await writeFile(join(folder, 'written.json'), '{"count": 3}');
  const { workplace } = server;
  await server.client.close();
  const environment = { SLUICE_CONFIG_DIRS: folder, SLUICE_DOCKER_MOUNTS: folder };
  server = await startServer({ workplace, environment });
  expect(await asConfig(join(folder, 'written.json'))).toMatchObject({
    problems: [{ path: 'config_file', message: expect.stringContaining('wrote') }],
  });
});

test('files that another project wrote are not accepted as input either', async () => {
  const path = await exported();
  const { workplace } = server;
  await server.client.close();
  const other = join(workplace.directory, 'other-project');
  server = await startServer({
    workplace,
    environment: { SLUICE_CONFIG_DIRS: `${folder}:${project}`, AIRBYTE_PROJECT_DIR: other },
  });
  expect(await asConfig(path)).toMatchObject({
    problems: [{ path: 'config_file', message: expect.stringContaining('wrote') }],
  });
});

describeWith(['sandbox'], 'where folders can be mounted', () => {
  test('a folder of the project that is mounted elsewhere is the same folder', async () => {
    await exported();
    const mounted = join(folder, 'mounted');
    await mkdir(mounted);
    const { workplace } = server;
    await server.client.close();
    server = await startServer({
      workplace,
      environment: { SLUICE_CONFIG_DIRS: folder },
      before: ['bwrap', '--dev-bind', '/', '/', '--bind', join(project, 'exports'), mounted, '--'],
    });
    expect(await asConfig(join(mounted, 'x.jsonl'))).toMatchObject({
      problems: [{ message: expect.stringContaining('wrote') }],
    });
  });
});

test.each(['its path', 'a symbolic link', 'a hard link'])(
  'an export is not accepted as an env file, by %s: neither secrets nor settings are read from it',
  async (how) => {
    const sql = `SELECT 'x' AS "SLUICE_SAFE_MODE=0 #"`;
    const { path } = await server.call<{ path: string }>('export_data', { sql, format: 'csv', file_name: 'env' });
    const other = join(folder, 'other.env');
    if (how === 'a symbolic link') await symlink(path, other);
    if (how === 'a hard link') await link(path, other);
    const { workplace } = server;
    await server.client.close();
    server = await startServer({ workplace, environment: { AIRBYTE_MCP_ENV_FILE: how === 'its path' ? path : other } });
    const status = await server.call<{
      env_file: { problem?: string; readable: boolean };
      modes: { local: { safe_mode: object } };
    }>('get_status');
    expect(status.modes.local.safe_mode).toMatchObject({ on: true, set_by: 'default' });
    expect(status.env_file).toMatchObject({ readable: false, problem: expect.stringContaining('wrote') });
    expect(await server.fail('list_secrets')).toMatchObject({
      code: 'env_file_unusable',
      message: expect.stringContaining('wrote'),
    });
  },
);
