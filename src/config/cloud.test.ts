import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readCloud } from './cloud.ts';
import { loadSettings } from './load.ts';
import type { CloudSettings } from './settings.ts';

const ID = '6f0e3b6e-9b1c-4a53-8f4e-2c9f0a1b7d11';
const PAIR = { AIRBYTE_CLOUD_CLIENT_ID: 'an-id', AIRBYTE_CLOUD_CLIENT_SECRET: 'a-secret' };

function read(values: Record<string, string>, allowHttp = false): CloudSettings {
  return readCloud((name) => {
    const value = values[name];
    return value ? { value, origin: 'environment' } : undefined;
  }, allowHttp);
}

test('without any setting: Airbyte Cloud, and not configured', () => {
  expect(read({})).toEqual({
    configured: false,
    names: [],
    apiUrl: 'https://api.airbyte.com/v1',
    configApiUrl: 'https://cloud.airbyte.com/api/v1',
    workspaceId: undefined,
    organizationId: undefined,
    problems: [],
  });
});

const OWN = 'https://airbyte.example.com';
test.each([
  ['https://api.airbyte.com', 'https://api.airbyte.com/v1', 'https://cloud.airbyte.com/api/v1'],
  ['https://api.airbyte.com/', 'https://api.airbyte.com/v1', 'https://cloud.airbyte.com/api/v1'],
  ['https://API.airbyte.com:443/v1/', 'https://api.airbyte.com/v1', 'https://cloud.airbyte.com/api/v1'],
  ['https://cloud.airbyte.com', 'https://cloud.airbyte.com/api/public/v1', 'https://cloud.airbyte.com/api/v1'],
  [OWN, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`  ${OWN}/ \n`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}///`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/api`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/api/v1`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/api/v1/`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/api/public/v1`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/api/public/v1/`, `${OWN}/api/public/v1`, `${OWN}/api/v1`],
  [`${OWN}/team/api/public/v1`, `${OWN}/team/api/public/v1`, `${OWN}/team/api/v1`],
  [`${OWN}/team/api/v1`, `${OWN}/team/api/public/v1`, `${OWN}/team/api/v1`],
  [`${OWN}/team/api`, `${OWN}/team/api/public/v1`, `${OWN}/team/api/v1`],
  [`${OWN}/public`, `${OWN}/public`, undefined],
  [`${OWN}:8443`, `${OWN}:8443/api/public/v1`, `${OWN}:8443/api/v1`],
  ['http://localhost:8000', 'http://localhost:8000/api/public/v1', 'http://localhost:8000/api/v1'],
])('an address as people write it, %j, becomes %s', (written, apiUrl, configApiUrl) => {
  expect(read({ AIRBYTE_CLOUD_API_URL: written })).toMatchObject({ apiUrl, configApiUrl, problems: [] });
});

test.each([
  [`${OWN}/api/v1`, `${OWN}/api/v1`],
  [`${OWN}/api/v1/`, `${OWN}/api/v1`],
  [`${OWN}/api`, `${OWN}/api/v1`],
  [`${OWN}/team/api`, `${OWN}/team/api/v1`],
  [OWN, `${OWN}/api/v1`],
  [`${OWN}/internal`, `${OWN}/internal`],
])('the configuration API given as %s wins over the derived one', (written, configApiUrl) => {
  const settings = read({ AIRBYTE_CLOUD_API_URL: `${OWN}/elsewhere`, AIRBYTE_CLOUD_CONFIG_API_URL: written });
  expect(settings).toMatchObject({ apiUrl: `${OWN}/elsewhere`, configApiUrl, problems: [] });
});

test.each(['localhost', '127.0.0.1', '127.8.9.10', '[::1]', '[0:0:0:0:0:0:0:1]', '0x7f.1', '2130706433', 'LOCALHOST'])(
  'plain http to this machine is allowed: %s',
  (host) => {
    expect(read({ AIRBYTE_CLOUD_API_URL: `http://${host}:8000` }).problems).toEqual([]);
    expect(read({ AIRBYTE_CLOUD_API_URL: `http://${host}:8000` }).apiUrl).toMatch(/\/api\/public\/v1$/);
  },
);

test.each([
  'airbyte.example.com',
  'localhost.evil.com',
  '127.evil.com',
  '127.0.0.1.evil.com',
  'evil.com:80',
  '128.0.0.1',
  '0.0.0.0',
  '10.0.0.7',
  '[::2]',
  '[::ffff:8.8.8.8]',
  'localhost@evil.com',
  '127.0.0.1:80@evil.com',
])('plain http to another machine is refused unless a person allows it: %s', (host) => {
  for (const name of ['AIRBYTE_CLOUD_API_URL', 'AIRBYTE_CLOUD_CONFIG_API_URL']) {
    const { apiUrl, configApiUrl, problems } = read({ [name]: `http://${host}` });
    expect(problems).toMatchObject([{ path: name }]);
    expect(name === 'AIRBYTE_CLOUD_API_URL' ? apiUrl : configApiUrl).toBeUndefined();
    // What is before an @ is refused for another reason, and is not lifted.
    expect(read({ [name]: `http://${host}` }, true).problems).toHaveLength(host.includes('@') ? 1 : 0);
  }
  expect(read({ AIRBYTE_CLOUD_API_URL: `http://${host}` }).problems[0]?.fix).toMatch(
    /SLUICE_ALLOW_HTTP=1|bare address/,
  );
});

test.each([
  ['https://me:a-password-77@airbyte.example.com', /holds a user, a password or a query/],
  ['https://me@airbyte.example.com', /holds a user/],
  ['https://airbyte.example.com/api?token=a-password-77', /or a query/],
  ['https://airbyte.example.com/#a-password-77', /or a query/],
  ['airbyte.example.com', /not an http or https address/],
  ['localhost:8000', /not an http or https address/],
  ['ftp://airbyte.example.com', /not an http or https address/],
  ['file:///etc/passwd', /not an http or https address/],
  ['a-password-77', /not an http or https address/],
])('%s cannot be an address: the reason is reported, the value is not', (written, why) => {
  for (const name of ['AIRBYTE_CLOUD_API_URL', 'AIRBYTE_CLOUD_CONFIG_API_URL']) {
    const settings = read({ ...PAIR, [name]: written }, true);
    expect(settings.problems).toHaveLength(1);
    expect(settings.problems[0]?.message).toMatch(why);
    expect(settings.problems[0]?.fix).toContain('restart the server');
    expect(JSON.stringify(settings)).not.toContain('a-password-77');
  }
});

test.each([
  [{}, false, 0],
  [PAIR, true, 0],
  [{ AIRBYTE_CLOUD_BEARER_TOKEN: 'a-token' }, true, 0],
  [{ AIRBYTE_CLOUD_CLIENT_ID: 'an-id' }, false, 1],
  [{ AIRBYTE_CLOUD_CLIENT_SECRET: 'a-secret' }, false, 1],
  [{ ...PAIR, AIRBYTE_CLOUD_CLIENT_SECRET: ' \t' }, false, 1],
  [{ ...PAIR, AIRBYTE_CLOUD_CLIENT_SECRET: '' }, false, 1],
  [{ AIRBYTE_CLOUD_CLIENT_ID: ' ', AIRBYTE_CLOUD_CLIENT_SECRET: ' ' }, false, 0],
  [{ AIRBYTE_CLOUD_CLIENT_ID: 'an-id', AIRBYTE_CLOUD_BEARER_TOKEN: 'a-token' }, true, 0],
  [{ AIRBYTE_CLOUD_WORKSPACE_ID: ID }, false, 0],
])('credentials %j', (values, configured, problems) => {
  const settings = read(values);
  expect(settings.configured).toBe(configured);
  expect(settings.problems).toHaveLength(problems);
  expect(settings.names).toEqual(
    Object.keys(values).filter((name) => String((values as Record<string, string>)[name]).trim()),
  );
});

test.each(['AIRBYTE_CLOUD_WORKSPACE_ID', 'AIRBYTE_CLOUD_ORGANIZATION_ID'])('%s must be a UUID', (name) => {
  const key = name === 'AIRBYTE_CLOUD_WORKSPACE_ID' ? 'workspaceId' : 'organizationId';
  for (const good of [ID, ID.toUpperCase(), ` ${ID} `]) {
    expect(read({ [name]: good })).toMatchObject({ [key]: good.trim(), problems: [] });
  }
  for (const bad of ['Workshop', `${ID}/..`, `${ID},${ID}`, `https://cloud.airbyte.com/workspaces/${ID}`]) {
    expect(read({ [name]: bad }).problems).toMatchObject([{ path: name, fix: expect.stringContaining('restart') }]);
  }
});

test('every problem is reported, not only the first', () => {
  const settings = read({
    AIRBYTE_CLOUD_CLIENT_ID: 'an-id',
    AIRBYTE_CLOUD_API_URL: 'http://airbyte.example.com',
    AIRBYTE_CLOUD_CONFIG_API_URL: 'nonsense',
    AIRBYTE_CLOUD_WORKSPACE_ID: 'one',
    AIRBYTE_CLOUD_ORGANIZATION_ID: 'two',
  });
  expect(settings.problems.map(({ path }) => path)).toEqual([
    'AIRBYTE_CLOUD_API_URL',
    'AIRBYTE_CLOUD_CONFIG_API_URL',
    'AIRBYTE_CLOUD_WORKSPACE_ID',
    'AIRBYTE_CLOUD_ORGANIZATION_ID',
    'AIRBYTE_CLOUD_CLIENT_ID',
  ]);
});

test('all of it may be in the env file, and the environment wins over it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cloud-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const envFile = join(folder, 'x.env');
  writeFileSync(
    envFile,
    `AIRBYTE_CLOUD_CLIENT_ID='file-id'\nAIRBYTE_CLOUD_CLIENT_SECRET='file-secret'\nAIRBYTE_CLOUD_API_URL=http://file.example.com\nAIRBYTE_CLOUD_WORKSPACE_ID=${ID}\nSLUICE_ALLOW_HTTP=1\n`,
  );
  const load = (environment: Record<string, string>) =>
    loadSettings('1.0.0', {}, { HOME: folder, AIRBYTE_MCP_ENV_FILE: envFile, ...environment }).settings;
  const fromFile = load({});
  expect(fromFile.cloud).toMatchObject({
    configured: true,
    apiUrl: 'http://file.example.com/api/public/v1',
    workspaceId: ID,
    problems: [],
  });
  expect(JSON.stringify(fromFile)).not.toMatch(/file-(id|secret)/);
  expect(load({ AIRBYTE_CLOUD_API_URL: OWN }).cloud).toMatchObject({ apiUrl: `${OWN}/api/public/v1` });
  // An empty variable is none: the file counts.
  expect(load({ AIRBYTE_CLOUD_API_URL: '' }).cloud.apiUrl).toBe('http://file.example.com/api/public/v1');
  const refused = load({ SLUICE_ALLOW_HTTP: 'perhaps' });
  expect(refused.cloud.problems).toHaveLength(1);
  expect(refused.warnings.join('\n')).toContain('SLUICE_ALLOW_HTTP must be 0 or 1');
  expect(refused.warnings.join('\n')).toContain('plain http to another machine');
});
