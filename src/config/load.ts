/** Arguments, environment and env file become one frozen Settings; no other file reads settings from the environment. */
import { delimiter, isAbsolute, join } from 'node:path';
import { type Problem, SluiceError } from '../errors.ts';
import { readCloud } from './cloud.ts';
import { readDocker } from './docker.ts';
import { readEnvFileSync, writtenEnvFile } from './env-file.ts';
import type { EnvFileContents } from './env-values.ts';
import { exportSetting } from './export-limits.ts';
import { hasHome, homeDirectory } from './home.ts';
import { MEMORY_FORMAT, readMemory } from './memory.ts';
import { readModes } from './modes.ts';
import { isSettingName, mistypedNames } from './names.ts';
import { isWritten } from './own-files.ts';
import { readSandbox } from './sandbox.ts';
import { schemaAgeSetting } from './schema-age.ts';
import type { Lookup, Origin, PathSetting, Settings } from './settings.ts';

export interface Arguments {
  readonly envFile?: string;
  readonly projectDirectory?: string;
}

export interface Loaded {
  readonly settings: Settings;
  /** The env file as it was read at the start; its values go to the vault. */
  readonly contents?: EnvFileContents;
  /** Settings that came from the process environment, with their values: the vault redacts those that are credentials. */
  readonly environment: ReadonlyMap<string, string>;
}

/**
 * Reads everything once. Never throws: problems become part of the settings, and every call that depends on them reports them.
 * @param version of this package
 */
export function loadSettings(version: string, args: Arguments, environment: NodeJS.ProcessEnv): Loaded {
  const envFilePath = pathSetting('AIRBYTE_MCP_ENV_FILE', 'airbyte_mcp.env', args.envFile, environment);
  const opened = openEnvFile(envFilePath);
  const { envFile, contents } = isOwnEnvFile(opened, args, environment)
    ? { envFile: withProblem(envFilePath, writtenEnvFile(envFilePath.path ?? '')), contents: undefined }
    : opened;
  const lookup = lookupIn(environment, contents);
  const userDataDirectory = userData(environment);
  const projectDirectory = projectSetting(args, environment, lookup, userDataDirectory);
  const mistyped = mistypedNames([...Object.keys(environment), ...(contents?.values.keys() ?? [])]);
  const { modes, warnings: modeWarnings } = readModes(lookup, mistyped);
  const offline = readFlag(lookup, 'AIRBYTE_OFFLINE_MODE');
  const allowHttp = readFlag(lookup, 'SLUICE_ALLOW_HTTP', false);
  const cloud = readCloud(lookup, allowHttp.on);
  const configDirectories = pathList(lookup, 'SLUICE_CONFIG_DIRS');
  const executableDirectories = pathList(lookup, 'SLUICE_ALLOW_EXECUTABLES');
  const readDirectories = pathList(lookup, 'SLUICE_READ_DIRS');
  const writeDirectories = pathList(lookup, 'SLUICE_WRITE_DIRS');
  const { sandbox, warnings: sandboxWarnings } = readSandbox(lookup, mistyped);
  const { docker, warnings: dockerWarnings } = readDocker(lookup);
  const connectorMemory = memorySetting(lookup, 'SLUICE_CONNECTOR_MEMORY');
  const exportLimits = exportSetting(lookup);
  const schemaAge = schemaAgeSetting(lookup);
  const sharedCache = sharedCacheSetting(lookup('SLUICE_CACHE_URL')?.value);
  const settings: Settings = {
    version,
    envFile,
    projectDirectory,
    userDataDirectory,
    modes,
    sensitiveNames: nameList(lookup, 'SLUICE_SENSITIVE'),
    plainNames: nameList(lookup, 'SLUICE_PLAIN'),
    configDirectories: configDirectories.paths,
    executableDirectories: executableDirectories.paths,
    sandbox,
    readDirectories: readDirectories.paths,
    writeDirectories: writeDirectories.paths,
    connectorMemoryBytes: connectorMemory.bytes,
    exportLimits: exportLimits.limits,
    schemaMaxAgeMs: schemaAge.ms,
    docker,
    localRegistry: lookup('AIRBYTE_LOCAL_REGISTRY')?.value,
    offline: offline.on,
    ...(sharedCache ? { sharedCache } : {}),
    cloud,
    warnings: [
      ...[envFile, projectDirectory].flatMap(({ problem }) => (problem ? [`${problem.message} ${problem.fix}`] : [])),
      ...(sharedCache?.problem ? [`${sharedCache.problem.message} ${sharedCache.problem.fix}`] : []),
      ...mistyped.map(({ name, near }) => `${name} is not a setting of this server. Did you mean ${near}?`),
      ...modeWarnings,
      ...offline.warnings,
      ...allowHttp.warnings,
      ...cloud.problems.map(({ message, fix }) => `${message} ${fix}`),
      ...exportLimits.warnings,
      ...schemaAge.warnings,
      ...configDirectories.warnings,
      ...executableDirectories.warnings,
      ...sandboxWarnings,
      ...readDirectories.warnings,
      ...writeDirectories.warnings,
      ...connectorMemory.warnings,
      ...dockerWarnings,
    ],
  };
  const ours = Object.entries(environment).filter(([name]) => isSettingName(name)) as [string, string][];
  return { settings: deepFreeze(settings), contents, environment: new Map(ours) };
}

/** The variables that a connector's process may see: for programs, the home and the network, and nothing else. */
export function childEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const allowed =
    /^(PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TMPDIR|TZ|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS)$/i;
  const { HOME: _home, ...rest } = pick(environment, allowed);
  return hasHome(environment) ? { ...rest, HOME: homeDirectory(environment) } : rest;
}

/** The variables that an installer may see in addition: the user's package index. */
export function installerEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const index = /^(PIP_|UV_|XDG_(CACHE|CONFIG|DATA)_HOME$|PYENV_ROOT$|HOMEBREW_PREFIX$|NETRC$)/;
  return { ...childEnvironment(environment), ...pick(environment, index) };
}

/** The variables by which the docker command finds its engine; they are not passed to containers. */
export function dockerEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return pick(environment, /^(DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS_VERIFY)|XDG_RUNTIME_DIR|HOME|PATH)$/);
}

/** The variables that the demo passes to its server: for the network, package indexes and the registry. */
export function demoEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const registry = /^(AIRBYTE_LOCAL_REGISTRY|AIRBYTE_OFFLINE_MODE)$/;
  return { ...installerEnvironment(environment), ...pick(environment, registry) };
}

function pick(environment: NodeJS.ProcessEnv, allowed: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && allowed.test(entry[0]),
    ),
  );
}

function openEnvFile(setting: PathSetting): { envFile: PathSetting; contents?: EnvFileContents } {
  if (setting.path === undefined) return { envFile: setting };
  try {
    return { envFile: setting, contents: readEnvFileSync(setting.path) };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { envFile: withProblem(setting, error) };
  }
}

function withProblem(setting: PathSetting, { message, next }: SluiceError): PathSetting {
  return { ...setting, problem: { path: 'AIRBYTE_MCP_ENV_FILE', message, fix: next } };
}

function lookupIn(environment: NodeJS.ProcessEnv, contents: EnvFileContents | undefined): Lookup {
  return (name) => {
    if (environment[name]) return { value: environment[name], origin: 'environment' };
    const value = contents?.values.get(name);
    return value ? { value, origin: 'env file' } : undefined;
  };
}

/** Whether the env file is in a folder that Sluice or connectors write. Its own project setting is used only for this check. */
function isOwnEnvFile(
  { envFile, contents }: { envFile: PathSetting; contents?: EnvFileContents | undefined },
  args: Arguments,
  environment: NodeJS.ProcessEnv,
): boolean {
  if (envFile.path === undefined || !contents) return false;
  const { path } = envFile;
  const userDataDirectory = userData(environment);
  return [lookupIn(environment, contents), lookupIn(environment, undefined)].some((lookup) => {
    const projectDirectory = projectSetting(args, environment, lookup, userDataDirectory);
    // Writable folders are not checked: the sandbox masks the env file in them.
    return isWritten(path, { projectDirectory, docker: readDocker(lookup).docker, writeDirectories: [] });
  });
}

function pathSetting(
  name: string,
  example: string,
  argument: string | undefined,
  environment: NodeJS.ProcessEnv,
): PathSetting {
  if (argument !== undefined) return checkedPath(name, example, argument, 'argument');
  const value = environment[name];
  return value ? checkedPath(name, example, value, 'environment') : { origin: 'default' };
}

function projectSetting(
  args: Arguments,
  environment: NodeJS.ProcessEnv,
  lookup: Lookup,
  userDirectory: string,
): PathSetting {
  const name = 'AIRBYTE_PROJECT_DIR';
  const direct = pathSetting(name, 'sluice-project', args.projectDirectory, environment);
  if (direct.origin !== 'default') return direct;
  const found = lookup(name);
  if (found) return checkedPath(name, 'sluice-project', found.value, found.origin);
  if (!hasHome(environment) && !environment.XDG_DATA_HOME) return { origin: 'default', problem: noHome() };
  return { path: join(userDirectory, 'project'), origin: 'default' };
}

/** Without a home there is no default: data must not be in a folder that others can write, such as the temporary one. */
function noHome(): Problem {
  return {
    path: 'AIRBYTE_PROJECT_DIR',
    message: 'This user has no home directory, so there is no default folder for the project.',
    fix: 'Set AIRBYTE_PROJECT_DIR to the absolute path of a folder that this user may write, or HOME, and restart the server.',
  };
}

function checkedPath(name: string, example: string, value: string, origin: Origin): PathSetting {
  if (isAbsolute(value) && !value.includes('\0')) return { path: value, origin };
  const home = homeDirectory();
  const wrong = value.startsWith('~')
    ? 'starts with "~", which only a shell expands'
    : value.includes('$')
      ? 'holds a "$" variable, which only a shell expands'
      : 'is a relative path, and a client starts the server in a folder of its own';
  const meant = value.replace(/^~(?=\/|$)/, home).replace(/\$\{?HOME\}?/g, home);
  const fix = `Write the absolute path, such as ${isAbsolute(meant) ? meant : join(home, example)}, and restart the server.`;
  const problem: Problem = { path: name, message: `${name} ${wrong}: ${JSON.stringify(value.slice(0, 200))}.`, fix };
  return { origin, problem };
}

function pathList(lookup: Lookup, name: string): { paths: string[]; warnings: string[] } {
  const parts = (lookup(name)?.value ?? '').split(delimiter).filter((part) => part !== '');
  const wrong = parts.filter((part) => !isAbsolute(part));
  const warnings = wrong.map(
    (part) => `${name}: ${JSON.stringify(part)} is not absolute and is left out. Write absolute paths.`,
  );
  return { paths: parts.filter((part) => isAbsolute(part)), warnings };
}

/** A literal URL is rejected: its password would be in a client's configuration and in this process's environment. */
function sharedCacheSetting(value: string | undefined): Settings['sharedCache'] {
  const reference = value?.trim();
  if (!reference) return undefined;
  if (/^secret_reference::[A-Za-z_]\w{0,63}(#\/.*)?$/.test(reference)) return { reference };
  return {
    problem: {
      path: 'SLUICE_CACHE_URL',
      message: 'SLUICE_CACHE_URL must be a secret_reference; the cache is not opened.',
      fix: "Write the URL as a secret into the env file, CACHE_URL='postgres://…', set SLUICE_CACHE_URL to secret_reference::CACHE_URL, and restart the server.",
    },
  };
}

function nameList(lookup: Lookup, name: string): string[] {
  return (lookup(name)?.value ?? '').split(/[\s,;]+/).filter((part) => part !== '');
}

/** A mistyped limit is reported, because without a valid one there is no limit. */
function memorySetting(lookup: Lookup, name: string): { bytes?: number; warnings: string[] } {
  const value = lookup(name)?.value.trim();
  const bytes = value === undefined ? undefined : readMemory(value);
  const wrong = value !== undefined && bytes === undefined;
  return {
    bytes,
    warnings: wrong ? [`${name} must be ${MEMORY_FORMAT}; its value is not, so there is no limit.`] : [],
  };
}

/** @param unclear how to treat a value that is neither yes nor no: as the stricter setting */
function readFlag(lookup: Lookup, name: string, unclear = true): { on: boolean; warnings: string[] } {
  const value = lookup(name)?.value.trim().toLowerCase();
  if (value === undefined) return { on: false, warnings: [] };
  if (/^(1|true|yes)$/.test(value)) return { on: true, warnings: [] };
  if (/^(0|false|no)$/.test(value)) return { on: false, warnings: [] };
  return { on: unclear, warnings: [`${name} must be 0 or 1; its value is not, so it counts as ${unclear ? 1 : 0}.`] };
}

function userData(environment: NodeJS.ProcessEnv): string {
  const home = homeDirectory(environment);
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'sluice');
  if (process.platform === 'win32') return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'sluice');
  const data = environment.XDG_DATA_HOME;
  return join(data && isAbsolute(data) ? data : join(home, '.local', 'share'), 'sluice');
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
