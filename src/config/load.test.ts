import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { childEnvironment, loadSettings } from './load.ts';

let folder: string;
let envFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  envFile = join(folder, 'x.env');
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (environment: Record<string, string>, args = {}) =>
  loadSettings('1.0.0', args, { HOME: folder, ...environment }).settings;

test('the environment wins over the env file, an argument over both, and each has its origin', () => {
  writeFileSync(envFile, `AIRBYTE_PROJECT_DIR='${folder}/from-file'\nSLUICE_SAFE_MODE=0\n`);
  const fromFile = load({ AIRBYTE_MCP_ENV_FILE: envFile });
  expect(fromFile.projectDirectory).toEqual({ path: `${folder}/from-file`, origin: 'env file' });
  expect(fromFile.modes.local.safe).toEqual({ on: false, variable: 'SLUICE_SAFE_MODE', origin: 'env file' });
  const both = { AIRBYTE_MCP_ENV_FILE: envFile, AIRBYTE_PROJECT_DIR: `${folder}/p`, SLUICE_SAFE_MODE: 'yes' };
  expect(load(both).projectDirectory).toEqual({ path: `${folder}/p`, origin: 'environment' });
  expect(load(both).modes.local.safe).toMatchObject({ on: true, origin: 'environment' });
  expect(load(both, { projectDirectory: '/argued' }).projectDirectory).toEqual({ path: '/argued', origin: 'argument' });
});

test('without any setting: safe mode on, read-only off, the project in the user’s data directory', () => {
  const settings = load({});
  expect(settings.modes.local.safe.on).toBe(true);
  expect(settings.modes.local.readOnly.on).toBe(false);
  expect(settings.modes.cloud).toMatchObject({ safe: { on: true }, readOnly: { on: false } });
  expect(settings.projectDirectory.path).toMatch(new RegExp(`^${folder}/.*sluice.*/project$`));
  expect(settings.warnings).toEqual([]);
});

test.each([
  ['~/my.env', '"~"'],
  ['$HOME/my.env', '"$"'],
  ['my.env', 'relative'],
])('an env file written as %s is not guessed: the absolute path to write is named', (value, reason) => {
  const { envFile: setting, warnings } = load({ AIRBYTE_MCP_ENV_FILE: value });
  expect(setting.path).toBeUndefined();
  expect(setting.problem?.message).toContain(reason);
  expect(setting.problem?.fix).toContain(`${homedir()}/`);
  expect(warnings.join()).toContain('AIRBYTE_MCP_ENV_FILE');
});

test.each(['maybe', '2', 'on', ''])(
  'a read-only mode of %j means the stricter reading where it means anything',
  (value) => {
    const { modes, warnings } = load({ SLUICE_READONLY_MODE: value });
    expect(modes.local.readOnly.on).toBe(value !== '');
    expect(warnings.some((warning) => warning.includes('SLUICE_READONLY_MODE'))).toBe(value !== '');
  },
);

test('a mistyped mode is read as the stricter of the similar ones, and reported', () => {
  const { modes, warnings } = load({ SLUICE_READ_ONLY_MODE: '0', AIRBYTE_CLOUD_MCP_SAFEMODE: '0' });
  expect(modes.local.readOnly.on).toBe(true);
  expect(modes.cloud.safe.on).toBe(true);
  expect(warnings.join('\n')).toContain('Did you mean SLUICE_READONLY_MODE?');
  expect(warnings.join('\n')).toContain('Did you mean AIRBYTE_CLOUD_MCP_SAFE_MODE?');
});

test('settings contain names of cloud credentials and never a value, and cannot be changed', () => {
  const settings = load({ AIRBYTE_CLOUD_CLIENT_ID: 'id-value-1', AIRBYTE_CLOUD_CLIENT_SECRET: 'secret-value-1' });
  expect(settings.cloud).toMatchObject({
    configured: true,
    names: ['AIRBYTE_CLOUD_CLIENT_ID', 'AIRBYTE_CLOUD_CLIENT_SECRET'],
  });
  expect(JSON.stringify(settings)).not.toMatch(/id-value-1|secret-value-1/);
  expect(() => Object.assign(settings.modes.local.safe, { on: false })).toThrow();
});

test.each([
  ['512m', 512 * 1024 ** 2, 0],
  ['4g', 4 * 1024 ** 3, 0],
  ['2GiB', 2 * 1024 ** 3, 0],
  ['a lot', undefined, 1],
  ['10m', undefined, 1],
])('a connector may hold %s of memory', (written, bytes, warned) => {
  const { connectorMemoryBytes, warnings } = load({ SLUICE_CONNECTOR_MEMORY: written });
  expect(connectorMemoryBytes).toBe(bytes);
  expect(warnings.filter((text) => text.startsWith('SLUICE_CONNECTOR_MEMORY must be'))).toHaveLength(warned);
});

test('a connector’s environment is an allow-list', () => {
  const environment = {
    PATH: '/bin',
    HOME: '/h',
    LC_ALL: 'C',
    https_proxy: 'p',
    AIRBYTE_CLOUD_CLIENT_SECRET: 's',
    AWS_SECRET_ACCESS_KEY: 'k',
    NODE_OPTIONS: '--x',
  };
  expect(Object.keys(childEnvironment(environment)).sort()).toEqual(['HOME', 'LC_ALL', 'PATH', 'https_proxy']);
});

test('what containers may take: amounts as Docker writes them, folders as in PATH', () => {
  expect(load({}).docker).toEqual({ memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 1024, mounts: [] });
  const chosen = {
    SLUICE_DOCKER_MEMORY: '512m',
    SLUICE_DOCKER_CPUS: '0.5',
    SLUICE_DOCKER_PIDS: '200',
    SLUICE_DOCKER_MOUNTS: '/data/csv:/data/my sheets=/local',
  };
  expect(load(chosen)).toMatchObject({
    docker: {
      memoryBytes: 512 * 1024 ** 2,
      cpus: 0.5,
      pids: 200,
      mounts: [
        { folder: '/data/csv', target: '/data/csv' },
        { folder: '/data/my sheets', target: '/local' },
      ],
    },
    warnings: [],
  });
  for (const value of ['4g', '4G', '4GB', '4GiB', '4096m', String(4 * 1024 ** 3)]) {
    expect(load({ SLUICE_DOCKER_MEMORY: value }).docker.memoryBytes).toBe(4 * 1024 ** 3);
  }
});

test.each([
  ['SLUICE_DOCKER_MEMORY', 'lots', '2g'],
  ['SLUICE_DOCKER_MEMORY', '4', '2g'],
  ['SLUICE_DOCKER_MEMORY', '-1g', '2g'],
  ['SLUICE_DOCKER_CPUS', '0', 'counts as 2'],
  ['SLUICE_DOCKER_CPUS', 'all', 'counts as 2'],
  ['SLUICE_DOCKER_PIDS', '-1', '1024'],
  ['SLUICE_DOCKER_PIDS', '1.5', '1024'],
  ['SLUICE_DOCKER_MOUNTS', 'data', '/absolute/folder'],
  ['SLUICE_DOCKER_MOUNTS', '~/data', '/absolute/folder'],
  ['SLUICE_DOCKER_MOUNTS', '/data=local', '/absolute/folder'],
  ['SLUICE_DOCKER_MOUNTS', '/data=/', '/absolute/folder'],
  ['SLUICE_DOCKER_MOUNTS', '/a=/b=/c', '/absolute/folder'],
])('%s=%s is not guessed: a limit stays, a folder stays closed, and a warning is reported', (name, value, warning) => {
  const { docker, warnings } = load({ [name]: value });
  expect(docker).toEqual({ memoryBytes: 2 * 1024 ** 3, cpus: 2, pids: 1024, mounts: [] });
  expect(warnings).toEqual([expect.stringContaining(name)]);
  expect(warnings[0]).toContain(warning);
});

test.each([
  ['require', 'require', 0],
  [' Auto ', 'auto', 0],
  ['off', 'off', 0],
  ['', 'auto', 0],
  ['no', 'require', 1],
  ['1', 'require', 1],
])('a sandbox of %j is read as %s', (value, expected, count) => {
  const { sandbox, warnings } = load({ SLUICE_SANDBOX: value });
  expect(sandbox).toBe(expected);
  expect(warnings.filter((warning) => warning.includes('SLUICE_SANDBOX'))).toHaveLength(count);
});

test('a mistyped sandbox means the stricter reading, and open folders are absolute', () => {
  const settings = load({ SLUICE_SANDBOXS: 'off', SLUICE_READ_DIRS: '/in:data', SLUICE_WRITE_DIRS: '/out:/more' });
  expect(settings.sandbox).toBe('require');
  expect(settings.readDirectories).toEqual(['/in']);
  expect(settings.writeDirectories).toEqual(['/out', '/more']);
  expect(settings.warnings.join('\n')).toContain('SLUICE_READ_DIRS: "data" is not absolute');
});
