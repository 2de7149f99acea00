/** Secrets that go to Airbyte: they arrive there, and nothing that anybody reads on this side ever holds one. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { airbyteId, SEEDED_SECRETS, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';
import { saveLocal, writeRegistry } from '../harness/local-source.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

const PASSWORD = 'swordfish-of-the-shop-81';
const SHORT = 'k9#x!';
const KEY =
  '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nKlq7Vd2Rm4Xs9Jq7Vd2Rm4Xs9Jq7Vd2a\n-----END PRIVATE KEY-----';
const FILED = 'a-literal-of-the-file-4711';
const ENV_FILE = `SHOP_PASSWORD='${PASSWORD}'\nSHORT_PASSWORD='${SHORT}'\nSHOP_SSH_KEY='${KEY}'\n`;
const SECRETS = [PASSWORD, SHORT, FILED, KEY, 'Klq7Vd2Rm4Xs9', ...SEEDED_SECRETS];
const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const PLACE = { host: 'db.shop.example.com', port: 5432, database: 'shop', username: 'reader' };
const SHOP = {
  ...PLACE,
  password: 'secret_reference::SHOP_PASSWORD',
  tunnel_method: {
    tunnel_method: 'SSH_KEY_AUTH',
    tunnel_host: 'gate.example.com',
    tunnel_user: 'u',
    ssh_key: 'secret_reference::SHOP_SSH_KEY',
  },
};

let workplace: Workplace;
let cloud: CloudTest;
/** Everything that was answered in this test. */
let results: string[];
beforeEach(async () => {
  results = [];
  workplace = await makeWorkplace(ENV_FILE);
  const filed = join(workplace.directory, 'shop.json');
  await writeFile(filed, JSON.stringify({ ...PLACE, password: FILED }));
  await chmod(filed, 0o600);
  const save = (name: string, rest: object) =>
    saveLocal(workplace, 'source', { name, connector: 'source-postgres', version: '3.7.2', ...rest });
  await save('shop', { config: SHOP });
  await save('short', { config: { ...PLACE, password: 'secret_reference::SHORT_PASSWORD' } });
  await save('filed', { configFile: filed });
  const known = await startAirbyte();
  const registry = await writeRegistry(workplace, known.state.definitions);
  await known.close();
  const environment = { ...UNGUARDED, AIRBYTE_LOCAL_REGISTRY: registry, SLUICE_CONFIG_DIRS: workplace.directory };
  cloud = await startCloud({ workplace, environment, airbyte: { quoting: true, leaky: true } });
});
afterEach(async () => {
  await cloud.close();
  await expectNoSecretShown();
  await workplace.remove();
});

const say = async (tool: string, args: Record<string, unknown>): Promise<string> => {
  const result = await cloud.server.client.callTool({ name: tool, arguments: args });
  results.push(JSON.stringify(result));
  return (result.content as { text: string }[]).map(({ text }) => text).join('\n');
};
const exportForCloud = (name: string) => say('create_cloud_object', { kind: 'source', name, from_source: name });
/** From now on Airbyte requires more than the registry knows, and quotes the entire configuration when it refuses. */
const beStricter = (): void => {
  const spec = cloud.airbyte.state.definitions.find(({ id }) => id === POSTGRES)?.spec;
  if (Array.isArray(spec?.required)) spec.required.push('region');
};

async function expectNoSecretShown(): Promise<void> {
  const files = [...(await workplace.files())].filter(
    ([path]) => path !== workplace.envFile && !path.endsWith('/shop.json'),
  );
  const written = files.map(([path, bytes]) => `${path}: ${bytes.toString('utf8')}`);
  for (const output of [...results, cloud.server.stderr(), ...written]) {
    for (const secret of SECRETS) {
      expect(output).not.toContain(secret);
      expect(output).not.toContain(JSON.stringify(secret).slice(1, -1));
      if (secret.length > 8) expect(output).not.toContain(Buffer.from(secret).toString('base64').slice(0, 12));
    }
  }
}

test('references, short ones, keys of several lines and literals of a config_file arrive and are not shown', async () => {
  for (const name of ['shop', 'short', 'filed'])
    expect(await exportForCloud(name)).toContain(`Created source "${name}"`);
  expect(cloud.airbyte.state.sources.slice(-3)).toMatchObject([
    { configuration: { password: PASSWORD, tunnel_method: { ssh_key: KEY } } },
    { configuration: { password: SHORT } },
    { configuration: { password: FILED } },
  ]);
  for (const { id, name } of cloud.airbyte.state.sources) {
    await say('describe_cloud_object', { kind: 'source', id });
    await say('delete_cloud_object', { kind: 'source', id, name: `${name}?` });
  }
});

test('a secret that a refusing Airbyte quotes is redacted', async () => {
  beStricter();
  for (const name of ['shop', 'short', 'filed']) {
    const answer = await exportForCloud(name);
    expect(answer).toContain('cloud_rejected');
    expect(answer).toContain('region');
  }
  await say('create_cloud_object', {
    kind: 'source',
    name: 'x',
    connector: 'source-postgres',
    config: { ...SHOP, region: 1 },
  });
});

test('wherever the message is cut, no beginning of a secret is left', async () => {
  const path = /\/sources$/;
  for (let pad = 1_380; pad < 1_520; pad += 9) {
    const body = { detail: `${'refused '.repeat(pad).slice(0, pad)}${JSON.stringify({ p: PASSWORD, pad })}` };
    cloud.airbyte.fault({ method: 'POST', path, kind: 'status', status: 422, body });
    expect(await exportForCloud('shop')).toContain('cloud_rejected');
  }
  expect(results.join('\n')).not.toContain(PASSWORD.slice(0, 6));
});

test('secrets that only Airbyte knows are masked when it quotes them in a refusal', async () => {
  const credentials = { option_title: 'OAuth Credentials', client_id: 'secret_reference::SHOP_PASSWORD' };
  const answer = await say('update_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 3),
    changes: { config: { credentials } },
  });
  expect(answer).toContain('cloud_rejected');
  // A field that only the spec calls secret, under a name that nobody would take for one.
  const { state } = cloud.airbyte;
  const spec = {
    type: 'object',
    required: ['hatch', 'size'],
    properties: {
      hatch: { type: 'string', airbyte_secret: true },
      size: { type: 'integer' },
      extra: { type: 'integer' },
    },
  };
  const faker = state.definitions.find(({ connector }) => connector === 'source-faker');
  if (!faker) throw new Error('the fake knows source-faker');
  faker.spec = { ...spec, allOf: [{ properties: { size: { maximum: 9 } } }, { not: { required: ['extra'] } }] };
  Object.assign(state.sources[0] ?? {}, { configuration: { hatch: SEEDED_SECRETS[0], size: 1 } });
  const again = await say('update_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 1),
    changes: { config: { extra: 1 } },
  });
  expect(again).toContain('cloud_rejected');
  expect(again).toContain('"hatch":"**********"');
});

test('other endings of a create: failures, lost answers, pages of a proxy', async () => {
  const path = /\/sources$/;
  const body = JSON.stringify({ error: { configuration: { password: PASSWORD, ssh_key: KEY } } });
  for (const status of [400, 403, 409, 429, 500, 503]) {
    cloud.airbyte.fault({ method: 'POST', path, kind: 'status', status, body });
    await exportForCloud('shop');
  }
  for (const kind of ['cut', 'cut after', 'bad json', 'login page'] as const) {
    cloud.airbyte.fault({ method: 'POST', path, kind });
    await exportForCloud('shop');
  }
  cloud.airbyte.fault({ method: 'POST', path, kind: 'redirect', to: `https://example.com/?password=${PASSWORD}` });
  await exportForCloud('shop');
});

test('a secret that is given as a literal is not repeated, whatever the argument', async () => {
  const literal = { kind: 'source', name: 'x', connector: 'source-postgres' };
  await say('create_cloud_object', { ...literal, config: { ...PLACE, password: FILED } });
  await say('create_cloud_object', { ...literal, config: { ...PLACE, database: PASSWORD, password: SHORT } });
  await say('create_cloud_object', { ...literal, draft: true, config: { ...PLACE, password: FILED } });
  await say('update_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 2),
    changes: { config: { password: FILED } },
  });
  await say('update_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 2),
    changes: { confg: { password: FILED } },
  });
});

test('changed secrets: neither value is in before, after or the audit', async () => {
  await say('update_cloud_object', { kind: 'source', id: airbyteId('source', 2), changes: { config: SHOP } });
  expect(cloud.airbyte.state.sources[1]?.configuration).toMatchObject({ password: PASSWORD });
  await say('update_cloud_object', { kind: 'destination', id: airbyteId('destination', 2), changes: { name: 'Lake' } });
  await say('delete_cloud_object', {
    kind: 'source',
    id: airbyteId('source', 2),
    name: 'Shop database',
    cascade: true,
  });
  await say('get_status', {});
});
