import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvFileSync } from '../config/env-file.ts';
import type { Settings } from '../config/index.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { ConfigLayers, Vault } from './types.ts';
import { createVault, type VaultOptions } from './vault.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----';
const ENV = `
API_KEY=key-value-123456
STRIPE_API_KEY=stripe-value-123456
HOST=db.example.com
PORT=5432
OPAQUE=opaque-value-9876
FLAG=true
LIST=["a","b"]
EMPTY=
PIN_CODE=4711
SHORT_TOKEN=abc
SERVICE={"type":"service_account","private_key":"a-private-value","port":5432,"nested":{"a/b":"deep-leaf-value"}}
PEM='${KEY}'
WHOLE={"host":"whole.example.com","credentials":{"auth":"key","api_key":"whole-key-value"}}
YAML='host: yaml.example.com'
BROKEN='host: [1, two-three-four'
AIRBYTE_CLOUD_CLIENT_SECRET=cloud-secret-value
AIRBYTE_PROJECT_DIR=/some/where/project
`;

const SPEC: JsonObject = {
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'string' },
    port: { type: 'integer' },
    ratio: { type: 'number' },
    debug: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    tokens: { type: 'array', items: { type: 'string', airbyte_secret: true } },
    service_account: { type: 'string', airbyte_secret: true },
    options: { type: 'object' },
    account_id: { type: 'string' },
    credentials: {
      type: 'object',
      oneOf: [
        { properties: { auth: { const: 'key' }, api_key: { type: 'string', airbyte_secret: true } } },
        {
          properties: {
            auth: { const: 'user' },
            user: { type: 'string' },
            password: { type: 'string', airbyte_secret: true },
          },
        },
      ],
    },
  },
};

let folder = '';
let envPath = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-vault-'));
  envPath = join(folder, 'my.env');
  writeFileSync(envPath, ENV, { mode: 0o600 });
  mkdirSync(join(folder, 'project', 'runs'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function settings(more: Partial<Settings> = {}): Settings {
  const mode = { on: false, variable: 'X', origin: 'default' } as const;
  const modes = { safe: mode, readOnly: mode };
  return {
    version: '0',
    envFile: { path: envPath, origin: 'environment' },
    projectDirectory: { path: join(folder, 'project'), origin: 'environment' },
    userDataDirectory: folder,
    modes: { local: modes, cloud: modes },
    sensitiveNames: [],
    plainNames: [],
    configDirectories: [],
    executableDirectories: [],
    offline: false,
    cloud: { configured: false, names: [] },
    warnings: [],
    ...more,
  };
}

function open(more: Partial<Settings> = {}, options: Partial<VaultOptions> = {}): Vault {
  return createVault({ settings: settings(more), contents: readEnvFileSync(envPath), ...options });
}

async function resolve(layers: ConfigLayers, vault = open(), keys = new Set<string>()) {
  const resolution = await vault.resolve(layers, SPEC, keys);
  const said = JSON.stringify(resolution) + inspect(resolution, { depth: 9 });
  return {
    ...resolution,
    said,
    value: resolution.config.use((config) => config),
    paths: resolution.problems.map(({ path }) => path),
  };
}

const ref = (name: string): string => `secret_reference::${name}`;

describe('list and status', () => {
  it('lists names, sorted, with their kinds and never a value', async () => {
    const list = await open().list();
    const kinds = Object.fromEntries(list.map(({ name, kind, set }) => [name, set ? kind : `${kind}, empty`]));
    expect(kinds).toEqual({
      AIRBYTE_CLOUD_CLIENT_SECRET: 'setting',
      AIRBYTE_PROJECT_DIR: 'setting',
      API_KEY: 'sensitive',
      BROKEN: 'plain',
      EMPTY: 'plain, empty',
      FLAG: 'plain',
      HOST: 'plain',
      LIST: 'plain',
      OPAQUE: 'plain',
      PEM: 'sensitive',
      PIN_CODE: 'plain',
      PORT: 'plain',
      SERVICE: 'sensitive',
      SHORT_TOKEN: 'sensitive',
      STRIPE_API_KEY: 'sensitive',
      WHOLE: 'plain',
      YAML: 'plain',
    });
    expect(list.map(({ name }) => name)).toEqual(list.map(({ name }) => name).sort());
    expect(Object.keys(list[0] ?? {}).sort()).toEqual(['kind', 'name', 'set', 'store']);
  });

  it('lets a person overrule the rule', async () => {
    const list = await open({ sensitiveNames: ['HOST'], plainNames: ['API_KEY', 'HOST'] }).list();
    expect(list.find(({ name }) => name === 'HOST')?.kind).toBe('sensitive');
    expect(list.find(({ name }) => name === 'API_KEY')?.kind).toBe('plain');
  });

  it('knows the values of the start before the first call, settings and process environment included', () => {
    const vault = open({}, { environment: new Map([['AIRBYTE_CLOUD_BEARER_TOKEN', 'bearer-value-1']]) });
    const sealed = vault.redactor.seal(
      'key-value-123456 cloud-secret-value bearer-value-1 /some/where/project',
      'text',
    );
    expect(sealed).toBe(
      '[secret:API_KEY] [secret:AIRBYTE_CLOUD_CLIENT_SECRET] [secret:AIRBYTE_CLOUD_BEARER_TOKEN] /some/where/project',
    );
  });

  it('reads a changed file again, keeps old values sealed, and tells changed settings', async () => {
    const vault = open();
    expect((await vault.status()).changedSettings).toEqual([]);
    writeFileSync(envPath, 'API_KEY=the-new-value\nAIRBYTE_PROJECT_DIR=/else\n');
    expect((await vault.list()).map(({ name }) => name)).toEqual(['AIRBYTE_PROJECT_DIR', 'API_KEY']);
    expect(vault.redactor.seal('key-value-123456 the-new-value', 'data')).toBe('[secret:API_KEY] [secret:API_KEY]');
    expect((await vault.status()).changedSettings).toEqual(['AIRBYTE_CLOUD_CLIENT_SECRET', 'AIRBYTE_PROJECT_DIR']);
  });

  it('tells what is wrong with the file, and gives nothing of a file that is gone', async () => {
    const vault = open();
    expect(await vault.status()).toMatchObject({
      envFile: { path: envPath, readable: true },
      problems: [],
      tooShort: ['SHORT_TOKEN'],
    });
    rmSync(envPath);
    expect(await vault.status()).toMatchObject({
      envFile: { readable: false },
      problems: [{ message: expect.stringContaining(envPath) }],
    });
    expect(await vault.list()).toEqual([]);
    const { problems } = await resolve({ config: { host: ref('HOST') } }, vault);
    expect(problems.map(({ path }) => path)).toEqual(['host', 'AIRBYTE_MCP_ENV_FILE']);
    writeFileSync(envPath, 'HOST=back.example.com');
    expect((await resolve({ config: { host: ref('HOST') } }, vault)).value).toEqual({ host: 'back.example.com' });
  });

  it('works without an env file, and says why there is none', async () => {
    const problem = { path: 'AIRBYTE_MCP_ENV_FILE', message: 'relative', fix: 'absolute' };
    const vault = createVault({ settings: settings({ envFile: { origin: 'environment', problem } }) });
    expect(await vault.list()).toEqual([]);
    expect((await vault.status()).problems).toEqual([problem]);
    expect((await resolve({ config: { host: ref('HOST') } }, vault)).problems).toContainEqual(problem);
  });

  it('merges other stores below the env file, and survives one that fails', async () => {
    const good = {
      store: 'keychain' as const,
      read: async () =>
        new Map([
          ['HOST', 'other.example.com'],
          ['CHAIN_TOKEN', 'chain-value-1'],
        ]),
    };
    const bad = { store: 'keychain' as const, read: () => Promise.reject(new Error('chain-value-2')) };
    const vault = open({}, { stores: [good, bad] });
    const { value } = await resolve({ config: { host: ref('HOST'), tokens: [ref('CHAIN_TOKEN')] } }, vault);
    expect(value).toEqual({ host: 'db.example.com', tokens: ['chain-value-1'] });
    expect((await vault.list()).find(({ name }) => name === 'CHAIN_TOKEN')?.store).toBe('keychain');
    expect(JSON.stringify(await vault.status())).not.toContain('chain-value');
    expect((await vault.status()).warnings).toHaveLength(1);
  });
});

describe('references', () => {
  it('puts values in their places, in their types', async () => {
    const { value, problems } = await resolve({
      config: {
        host: ref('HOST'),
        port: ref('PORT'),
        ratio: ref('PORT'),
        debug: ref('FLAG'),
        tags: ref('LIST'),
        tokens: [ref('API_KEY'), ref('SERVICE#/nested/a~1b')],
        service_account: ref('SERVICE'),
        options: { 'X-Key': ref('API_KEY'), all: ref('SERVICE'), port: ref('SERVICE#/port') },
        credentials: { auth: 'key', api_key: ref('API_KEY') },
      },
    });
    expect(problems).toEqual([]);
    expect(value).toMatchObject({
      host: 'db.example.com',
      port: 5432,
      ratio: 5432,
      debug: true,
      tags: ['a', 'b'],
      tokens: ['key-value-123456', 'deep-leaf-value'],
      options: { 'X-Key': 'key-value-123456', port: 5432 },
      credentials: { auth: 'key', api_key: 'key-value-123456' },
    });
    expect(JSON.parse(String(value.service_account)).type).toBe('service_account');
  });

  it('parses JSON at an object field', async () => {
    const { value, problems } = await resolve({ config: { options: ref('SERVICE') } });
    expect(problems).toEqual([]);
    expect(value.options).toMatchObject({ private_key: 'a-private-value' });
  });

  it('reports everything at once, by path, and echoes no value', async () => {
    const { problems, paths, said } = await resolve({
      config: {
        host: `https://${ref('HOST')}/x`,
        port: ref('HOST'),
        debug: ref('PORT'),
        tags: [ref('API_KEY'), ref('HOTS'), 'secret_reference::not-a-name'],
        tokens: ['a literal token', 12345678, ref('EMPTY'), ref('SERVICE#/nothing')],
        account_id: ref('PEM'),
        service_account: { private: 'literal-in-object' },
        options: { cloud: ref('AIRBYTE_CLOUD_CLIENT_SECRET') },
        credentials: { auth: 'user', password: 'hunter2', [ref('HOST')]: 1 },
      },
    });
    expect(paths).toEqual(
      [
        'host',
        'port',
        'debug',
        'tags[0]',
        'tags[1]',
        'tags[2]',
        'tokens[0]',
        'tokens[1]',
        'tokens[2]',
        'tokens[3]',
        'account_id',
        'service_account.private',
        'options.cloud',
        'credentials.password',
        'credentials',
      ].sort((a, b) => paths.indexOf(a) - paths.indexOf(b)),
    );
    const fix = (path: string): string => problems.find((problem) => problem.path === path)?.fix ?? '';
    expect(fix('tags[1]')).toContain('HOST');
    expect(fix('tags[0]')).toContain('tokens[]');
    expect(fix('credentials.password')).toContain('secret_reference::PASSWORD');
    expect(fix('credentials.password')).toContain(envPath);
    for (const value of [
      'hunter2',
      'a literal token',
      '12345678',
      'literal-in-object',
      'key-value',
      'db.example.com',
      '5432',
      'MIIE',
    ]) {
      expect(said).not.toContain(value);
    }
  });

  it('proposes secrets that fit a literal by their names', async () => {
    const { problems } = await resolve({ config: { credentials: { auth: 'key', api_key: 'x' } } });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.fix).toContain('"secret_reference::API_KEY" or "secret_reference::STRIPE_API_KEY"');
  });

  it('refuses literals in any branch that is not ruled out, and knows nested ones', async () => {
    expect((await resolve({ config: { credentials: { password: 'x' } } })).paths).toEqual(['credentials.password']);
    expect((await resolve({ config: { credentials: { auth: 'key', password: 'x' } } })).paths).toEqual([
      'credentials.password',
    ]);
    expect((await resolve({ config: { credentials: { auth: 'user', user: 'me' }, tokens: [] } })).paths).toEqual([]);
  });

  it('allows a sensitive secret at keys of the published list', async () => {
    const keys = new Set(['account_id']);
    expect((await resolve({ config: { account_id: ref('API_KEY') } }, open(), keys)).problems).toEqual([]);
    expect((await resolve({ config: { account_id: ref('API_KEY') } })).paths).toEqual(['account_id']);
    expect((await resolve({ config: { unheard: ref('API_KEY') } })).paths).toEqual(['unheard']);
  });

  it('seals a plain secret from the moment it stands at a secret field', async () => {
    const vault = open();
    expect(vault.redactor.seal('opaque-value-9876', 'data')).toBe('opaque-value-9876');
    await resolve({ config: { tokens: [ref('OPAQUE')] } }, vault);
    expect(vault.redactor.seal('opaque-value-9876', 'data')).toBe('[secret:OPAQUE]');
  });
});

describe('layers', () => {
  const write = (name: string, text: string): string => {
    const path = join(folder, 'project', name);
    writeFileSync(path, text);
    return path;
  };

  it('lays file, config and secret over each other, key by key', async () => {
    const configFile = write(
      'c.yaml',
      `host: file.example.com\nport: 1\ndebug: true\ncredentials: {auth: user, password: from-the-file}\n`,
    );
    const { value, problems } = await resolve({
      configFile,
      config: { port: 2, host: 'config.example.com', credentials: { user: 'me' } },
      configSecret: 'WHOLE',
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({
      host: 'whole.example.com',
      port: 2,
      debug: true,
      credentials: { auth: 'key', user: 'me', password: 'from-the-file', api_key: 'whole-key-value' },
    });
  });

  it('seals what stands at secret fields of a file and of a secret, and takes references in them', async () => {
    const configFile = write(
      'c.json',
      JSON.stringify({
        tokens: ['token-in-the-file', ref('API_KEY')],
        host: 'plain.example.com',
        account_id: 'account-in-file',
        options: { 'X-Token': 'header-in-file' },
      }),
    );
    const vault = open();
    const { value } = await resolve({ configFile, configSecret: 'WHOLE' }, vault, new Set(['account_id']));
    expect(value.tokens).toEqual(['token-in-the-file', 'key-value-123456']);
    const seal = (text: string): string => vault.redactor.seal(text, 'data');
    expect(seal('token-in-the-file')).toBe('[secret:config_file.tokens_0_]');
    expect(seal('whole-key-value')).toBe('[secret:WHOLE]');
    expect(seal('account-in-file header-in-file')).not.toContain('in-file');
    expect(seal('plain.example.com whole.example.com')).toBe('plain.example.com whole.example.com');
  });

  it('reads YAML from a secret, and tells only the place of a mistake', async () => {
    expect((await resolve({ configSecret: 'YAML' })).value).toEqual({ host: 'yaml.example.com' });
    const broken = await resolve({
      configSecret: 'BROKEN',
      configFile: write('b.yaml', 'ok: 1\npassword: "my-literal-secret\n'),
    });
    expect(broken.paths.sort()).toEqual(['config_file', 'config_secret']);
    expect(broken.problems.every(({ message }) => /line \d+, column \d+/.test(message))).toBe(true);
    expect(broken.said).not.toMatch(/two-three|my-literal/);
    for (const text of ['just text', '[1, 2]', '', 'a: *b', 'a: 1\na: 2', `x: &x [1]\ny: [${'*x, '.repeat(200)}]`]) {
      expect((await resolve({ configFile: write('odd.yaml', text) })).paths, text).toEqual(['config_file']);
    }
  });

  it('refuses files that lie elsewhere, the env file under any name, and what is no file', async () => {
    const outside = join(folder, 'outside.yaml');
    writeFileSync(outside, 'host: x');
    symlinkSync(outside, join(folder, 'project', 'link.yaml'));
    linkSync(envPath, join(folder, 'project', 'hard.yaml'));
    writeFileSync(join(folder, 'project', 'runs', 'config.json'), '{}');
    const at = (path: string): string => join(folder, 'project', path);
    for (const [path, word] of [
      [outside, 'outside the folders'],
      [at('../outside.yaml'), 'outside the folders'],
      [at('link.yaml'), 'outside the folders'],
      [at('hard.yaml'), 'the env file'],
      [at('runs/config.json'), 'own file'],
      [at('runs'), 'not a file'],
      [at('none.yaml'), 'no file'],
      ['c.yaml', 'not absolute'],
      ['~/c.yaml', 'not absolute'],
      [write('large.yaml', `a: ${'x'.repeat(1024 * 1024)}`), 'larger'],
    ] as const) {
      const { problems, said } = await resolve({ configFile: path });
      expect(problems, path).toHaveLength(1);
      expect(problems[0]?.message, path).toContain(word);
      expect(said).not.toContain('key-value');
    }
    const allowed = open({ configDirectories: [folder] });
    expect((await resolve({ configFile: outside }, allowed)).value).toEqual({ host: 'x' });
    expect((await resolve({ configFile: envPath }, allowed)).problems[0]?.message).toContain('never read');
  });

  it('refuses a configuration from a setting, an unknown and an empty secret', async () => {
    for (const name of ['AIRBYTE_CLOUD_CLIENT_SECRET', 'WHOL', 'EMPTY']) {
      const { problems, value } = await resolve({ configSecret: name });
      expect(problems).toMatchObject([{ path: 'config_secret' }]);
      expect(value).toEqual({});
    }
    expect((await resolve({ configSecret: 'WHOL' })).problems[0]?.fix).toContain('WHOLE');
  });
});

describe('a resolved configuration', () => {
  it('prints and serialises as nothing, and cannot be changed by who borrows it', async () => {
    const { config, said } = await resolve({ config: { tokens: [ref('API_KEY')] } });
    config.use((borrowed) => {
      borrowed.tokens = [];
    });
    expect(config.use((borrowed) => borrowed)).toEqual({ tokens: ['key-value-123456'] });
    expect(said + String(config) + inspect(config, { showHidden: true }) + JSON.stringify({ ...config })).not.toContain(
      'key-value',
    );
  });

  it('has a fingerprint that depends on the values and not on the order of keys', async () => {
    const one = await resolve({ config: { host: 'a', port: 1 } });
    const two = await resolve({ config: { port: 1, host: 'a' } });
    const other = await resolve({ config: { port: 2, host: 'a' } });
    expect(one.config.fingerprint).toBe(two.config.fingerprint);
    expect(one.config.fingerprint).not.toBe(other.config.fingerprint);
    expect(one.config.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});
