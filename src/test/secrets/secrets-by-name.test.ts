/** What an assistant learns of secrets and configurations without a value: names, where they belong, and examples to copy. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { ROOT } from '../harness/workplace.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    envFileText:
      "BRAMBLE_API_KEY='a-key-of-bramble-0193'\nLARCH_PASSWORD='a-larch-password-11'\nAPI_KEY='any-api-key-77'\nBRAMBLE_CLIENT_SECRET=''\n",
  });
});
afterAll(() => server.close());

test('list_secrets reports whether each is set or empty, and the path of the env file', async () => {
  const listed = await server.call('list_secrets');
  expect(listed).toMatchObject({ env_file: server.workplace.envFile });
  expect(listed.text).toContain(server.workplace.envFile);
  expect(listed.text).toContain('BRAMBLE_API_KEY (sensitive, env file, set)');
  expect(listed.text).toContain('BRAMBLE_CLIENT_SECRET (sensitive, env file, EMPTY)');
});

test('get_connector_info names the secrets that fit and has an example for each way to sign in', async () => {
  const info = await server.call('get_connector_info', { connector: 'source-bramble-crm' });
  expect(info).toMatchObject({
    fitting_secrets: expect.arrayContaining([{ field: 'credentials.api_key', names: ['BRAMBLE_API_KEY'] }]),
    example_config: { credentials: { auth_type: 'oauth2.0' } },
    alternatives: [{ config: { credentials: { auth_type: 'api_key', api_key: 'secret_reference::BRAMBLE_API_KEY' } } }],
  });
  expect(info.text).toContain('Or, ');
  expect(info.text).not.toContain('BRAMBLE_CLIENT_SECRET');
});

test('an example includes the password of a database although the spec does not require it', async () => {
  const info = await server.call('get_connector_info', { connector: 'source-larch-sql' });
  expect(info).toMatchObject({ example_config: { password: 'secret_reference::LARCH_PASSWORD' } });
});

test('a manifest of the user’s own is described by its path, before anything is installed', async () => {
  const path = join(server.workplace.project, 'quarry.yaml');
  await mkdir(server.workplace.project, { recursive: true });
  await copyFile(join(ROOT, 'fixtures', 'manifests', 'quarry.yaml'), path);
  const info = await server.call('get_connector_info', { connector: 'source-quarry', manifest_path: path });
  expect(info).toMatchObject({
    name: 'source-quarry',
    version: 'local',
    runtimes: [{ runtime: 'manifest' }],
    manifest_facts: { stream_count: expect.any(Number) },
  });
  expect(info.text).toContain('Streams in the manifest');
  expect(
    await server.fail('get_connector_info', { connector: 'source-quarry', manifest_path: '/etc/passwd' }),
  ).toMatchObject({
    code: 'manifest_outside',
  });
});
