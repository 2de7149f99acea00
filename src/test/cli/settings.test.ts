/** Bad env files, bad settings, bad project directories: the server starts, reports what is wrong and what to write, and loses nothing. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

interface Secrets {
  secrets: { name: string; set: boolean; kind: string }[];
}
interface Status {
  warnings: string[];
  env_file: { path?: string; found: boolean; readable: boolean; readable_by: string; problem?: string };
  project_directory: { path?: string; problem?: string };
}

let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeWorkplace();
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

const start = async (environment: Record<string, string | undefined> = {}): Promise<TestServer> => {
  server = await startServer({ workplace, environment });
  return server;
};
const withEnvFile = async (text: string | Uint8Array): Promise<TestServer> => {
  await workplace.writeEnvFile(text);
  return start();
};
const names = async (): Promise<string[]> =>
  (await server.call<Secrets>('list_secrets')).secrets.map(({ name }) => name);
const warnings = async (): Promise<string> => (await server.call<Status>('get_status')).warnings.join('\n');

test('a warning names the missing secret of the shared cache', async () => {
  await start({ SLUICE_CACHE_URL: 'secret_reference::NOBODY' });
  expect(await warnings()).toMatch(/secret NOBODY.*env file/);
  await workplace.writeEnvFile("NOBODY='postgres://u@127.0.0.1:1/d'\n");
  expect(await warnings()).not.toContain('NOBODY');
});

test.each([
  ['missing', 'no-such.env', /no-such\.env/],
  ['a directory', '.', /director|folder/],
])('an env file that is %s: list_secrets and get_status report it with its path', async (_what, file, expected) => {
  const path = join(workplace.directory, file);
  await start({ AIRBYTE_MCP_ENV_FILE: path });
  const error = await server.fail('list_secrets');
  expect(`${error.message} ${error.next}`).toMatch(expected);
  const status = await server.call<Status>('get_status');
  expect(status.env_file.readable).toBe(false);
  expect(status.env_file.problem).toMatch(expected);
});

describeWith(['unprivileged'], 'file modes', () => {
  test('an env file that cannot be read: the fix is a chmod', async () => {
    await chmod(workplace.envFile, 0o000);
    await start();
    const error = await server.fail('list_secrets');
    expect(`${error.message} ${error.next}`).toMatch(/chmod/);
    await chmod(workplace.envFile, 0o600);
  });

  test('a project directory that is not writable', async () => {
    await mkdir(workplace.project, { mode: 0o555 });
    await start();
    const error = await server.fail('save_source', { name: 'a', connector: 'source-faker', config: {} });
    expect(error.code).toBe('project_directory_unusable');
    expect(error.message).toContain('not writable');
  });
});

test.each(['~/x.env', 'x.env', '$HOME/x.env'])('an env file written as %s', async (value) => {
  await start({ AIRBYTE_MCP_ENV_FILE: value });
  const error = await server.fail('list_secrets');
  expect(error.next).toContain('absolute path');
  expect((await server.call<Status>('get_status')).env_file.found).toBe(false);
});

test('export, quotes, "=" and multi-line values are read as people write them', async () => {
  await withEnvFile(
    [
      'export EXPORTED_KEY=exported-value-1',
      "SINGLE='single # not a comment'",
      'DOUBLE_URL="postgres://u:p@h/db?a=b&c=d=="',
      'EQUALS=abc==def=',
      'PEM_KEY="-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"',
      'EMPTY_TOKEN=',
      '# A_COMMENT=1',
    ].join('\n'),
  );
  const { secrets } = await server.call<Secrets>('list_secrets');
  expect(secrets.map(({ name, set, kind }) => `${name} ${kind}${set ? '' : ' empty'}`).sort()).toEqual([
    'DOUBLE_URL sensitive',
    'EMPTY_TOKEN sensitive empty',
    'EQUALS plain',
    'EXPORTED_KEY sensitive',
    'PEM_KEY sensitive',
    'SINGLE plain',
  ]);
});

test('an unquoted PEM: the line and the quoting are named, no part of the key becomes a name', async () => {
  await withEnvFile(
    'BEFORE=1\nDEPLOY_KEY=-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAsecretpart=\nZm9vYmFyc2VjcmV0=\n-----END RSA PRIVATE KEY-----\nAFTER=2\n',
  );
  expect(await names()).toEqual(expect.arrayContaining(['AFTER', 'BEFORE']));
  expect((await names()).join()).not.toMatch(/MIIE|Zm9v/);
  const reported = await warnings();
  expect(reported).toMatch(/line 2/i);
  expect(reported).toContain("'");
  expect(reported).not.toMatch(/MIIE|Zm9v/);
});

test('an unquoted JSON over several lines: the same', async () => {
  await withEnvFile(
    'SERVICE_ACCOUNT={\n  "private_key_id": "abcdef0123456789",\n  "client_email"="x@y.z"\n}\nAFTER=2\n',
  );
  expect((await names()).join()).not.toMatch(/private_key_id|client_email/);
  expect(await names()).toContain('AFTER');
  expect(await warnings()).toMatch(/line 1/i);
});

test('a value cut at "#" and a duplicate name are warnings that hold no value', async () => {
  await withEnvFile('CUT_PASSWORD=abcd1234 #tail5678\nTWICE=first-value\nTWICE=second-value\n');
  const reported = await warnings();
  expect(reported).toContain('CUT_PASSWORD');
  expect(reported).toContain('TWICE');
  expect(reported).not.toMatch(/abcd1234|tail5678|first-value|second-value/);
});

test('a file that is not UTF-8 is reported', async () => {
  await withEnvFile(Buffer.from([0x4e, 0x41, 0x4d, 0x45, 0x3d, 0xff, 0xfe, 0xe9, 0x0a]));
  const status = await server.call<Status>('get_status');
  expect(`${status.env_file.problem} ${status.warnings.join()}`).toContain('UTF-8');
});

test('a file that others can read is warned of with the chmod', async () => {
  await chmod(workplace.envFile, 0o644);
  await start();
  const status = await server.call<Status>('get_status');
  expect(status.env_file.readable_by).toBe('everyone');
  expect(status.warnings.join()).toContain('chmod 600');
});

test('a changed file is read again without a restart; a changed setting is reported to need one', async () => {
  await start();
  expect(await names()).toEqual(['MEADOW_API_KEY']);
  await workplace.writeEnvFile(
    "MEADOW_API_KEY='a-key-of-the-meadow-77'\nNEW_TOKEN='new-token-value'\nSLUICE_READONLY_MODE=1\n",
  );
  expect(await names()).toContain('NEW_TOKEN');
  expect(await warnings()).toMatch(/SLUICE_READONLY_MODE.*restart/);
});

test('settings in the env file are listed as settings and cannot be referenced', async () => {
  await withEnvFile("AIRBYTE_CLOUD_CLIENT_SECRET='cloud-secret-value-1'\nPLAIN_HOST=db.internal\n");
  const { secrets } = await server.call<Secrets>('list_secrets');
  expect(secrets).toContainEqual({
    name: 'AIRBYTE_CLOUD_CLIENT_SECRET',
    store: 'env file',
    set: true,
    kind: 'setting',
  });
  const validation = await server.call<{ valid: boolean; problems: { message: string }[] }>('validate_config', {
    connector: 'source-faker',
    config: { count: 'secret_reference::AIRBYTE_CLOUD_CLIENT_SECRET' },
    schema_only: true,
  });
  expect(validation.valid).toBe(false);
});

test('the project directory may be missing (it is created), set in the env file, or omitted', async () => {
  await workplace.writeEnvFile(`AIRBYTE_PROJECT_DIR='${join(workplace.directory, 'deep', 'er')}'\n`);
  await start({ AIRBYTE_PROJECT_DIR: undefined });
  expect((await server.call<Status>('get_status')).project_directory).toMatchObject({
    path: join(workplace.directory, 'deep', 'er'),
    set_by: 'env file',
  });
  await server.close();
  await workplace.writeEnvFile('');
  await start({ AIRBYTE_PROJECT_DIR: undefined });
  const { project_directory: project } = await server.call<Status>('get_status');
  expect(project.path).toBe(join(workplace.directory, 'data', 'sluice', 'project'));
  expect(project.problem).toBeUndefined();
});

test('a project directory that is a file', async () => {
  await writeFile(workplace.project, 'a file');
  await start();
  const error = await server.fail('list_sources');
  expect(error.code).toBe('project_directory_unusable');
  expect(error.message).toContain('is a file');
  expect((await server.call<Status>('get_status')).project_directory.problem).toContain('is a file');
});

test('an unknown mode value and a mistyped variable are treated as the stricter setting, and reported', async () => {
  await start({ SLUICE_READONLY_MODE: 'maybe', AIRBYTE_CLOUD_MCP_SAFE_MOD: '0' });
  const reported = await warnings();
  expect(reported).toContain('SLUICE_READONLY_MODE');
  expect(reported).toContain('AIRBYTE_CLOUD_MCP_SAFE_MODE');
  expect((await server.fail('save_source', { name: 'a', connector: 'source-faker', config: {} })).code).toBe(
    'read_only_mode',
  );
});

test('an env file that was missing at the start and exists now is no longer reported', async () => {
  const path = join(workplace.directory, 'later.env');
  await start({ AIRBYTE_MCP_ENV_FILE: path });
  expect((await warnings()).match(/later\.env/g)?.length).toBeGreaterThan(0);
  await writeFile(path, "LATER_TOKEN='a-token-for-later-1'\n", { mode: 0o600 });
  expect(await names()).toContain('LATER_TOKEN');
  expect(await warnings()).not.toContain('later.env');
});
