/** A folder with an env file, a project and a spec, for the tests of this context. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach } from 'vitest';
import { type EnvFileContents, readEnvFile, type Settings } from '../../config/index.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { ConfigLayers, Vault } from '../types.ts';
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
NULLS={"a":null}
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

/** Where the files of the test that runs now lie. */
export const vaultPaths = { folder: '', envPath: '' };
let atStart: EnvFileContents | undefined;

/** To be called once by a test file: every test gets a folder of its own. */
export function useVaultContext(): void {
  beforeEach(async () => {
    vaultPaths.folder = mkdtempSync(join(tmpdir(), 'sluice-vault-'));
    vaultPaths.envPath = join(vaultPaths.folder, 'my.env');
    writeFileSync(vaultPaths.envPath, ENV, { mode: 0o600 });
    mkdirSync(join(vaultPaths.folder, 'project', 'runs'), { recursive: true });
    atStart = await readEnvFile(vaultPaths.envPath);
  });
  afterEach(() => rmSync(vaultPaths.folder, { recursive: true }));
}

export function settings(more: Partial<Settings> = {}): Settings {
  const mode = { on: false, variable: 'X', origin: 'default' } as const;
  const modes = { safe: mode, readOnly: mode };
  return {
    version: '0',
    envFile: { path: vaultPaths.envPath, origin: 'environment' },
    projectDirectory: { path: join(vaultPaths.folder, 'project'), origin: 'environment' },
    userDataDirectory: vaultPaths.folder,
    docker: { memoryBytes: 2 ** 31, cpus: 2, pids: 1024, mounts: [] },
    modes: { local: modes, cloud: modes },
    sensitiveNames: [],
    plainNames: [],
    configDirectories: [],
    executableDirectories: [],
    schemaMaxAgeMs: 86_400_000,
    exportLimits: { bytes: 2 ** 31, rows: 1e8 },
    sandbox: 'auto',
    readDirectories: [],
    writeDirectories: [],
    offline: false,
    cloud: { configured: false, names: [], problems: [] },
    warnings: [],
    ...more,
  };
}

export function open(more: Partial<Settings> = {}, options: Partial<VaultOptions> = {}): Vault {
  return createVault({ settings: settings(more), contents: atStart, ...options });
}

export async function resolve(layers: ConfigLayers, vault = open(), keys = new Set<string>()) {
  const resolution = await vault.resolve(layers, { spec: SPEC, secretKeys: keys, isPublished: true });
  const printed = JSON.stringify(resolution) + inspect(resolution, { depth: 9 });
  return {
    ...resolution,
    printed,
    value: resolution.config.use((config) => config),
    paths: resolution.problems.map(({ path }) => path),
  };
}

export const ref = (name: string): string => `secret_reference::${name}`;
