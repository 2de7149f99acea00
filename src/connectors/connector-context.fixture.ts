/** The connectors context as the server wires it, over a temporary project, for the tests of this context. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childEnvironment, dockerEnvironment, installerEnvironment, loadSettings } from '../config/index.ts';
import { openProject, type Project } from '../project/index.ts';
import type { JsonObject } from '../protocol/index.ts';
import { createVault, type Redactor, type ResolvedConfig } from '../secrets/index.ts';
import { createConnectors } from './connectors.ts';
import { createProcesses, type Processes } from './process/processes.ts';
import { createSandbox, type Sandbox } from './sandbox/index.ts';
import type { Connectors, Installed, RunControl } from './types.ts';

export const FIXTURES = fileURLToPath(new URL('../../fixtures/connectors', import.meta.url));
export const MEADOW = join(FIXTURES, 'source-meadow.mjs');
export const HOSTILE = join(FIXTURES, 'source-hostile.mjs');

export interface TestContext {
  readonly connectors: Connectors;
  /** For tests that need a process without a verb. */
  readonly processes: Processes;
  readonly project: Project;
  readonly sandbox: Sandbox;
  readonly redactor: Redactor;
  /** A folder of the test's own, removed with the context; its programs may be run. */
  readonly folder: string;
  readonly projectFolder: string;
  /** A folder that connectors may read and write. */
  readonly openFolder: string;
  /** Progress messages reported so far. */
  readonly reported: string[];
  control(signal?: AbortSignal): RunControl;
  /** A program as an installed connector. */
  program(path: string): Installed;
  /** A configuration as the vault resolves it; every field may be a secret. */
  config(config: JsonObject): Promise<ResolvedConfig>;
  remove(): Promise<void>;
}

export interface TestContextOptions {
  /** The text of the env file. */
  readonly secrets?: string;
  /** Variables over those of this process, for settings and installers. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Another context's folder, to look at its project as a later server would. */
  readonly folder?: string;
}

export async function makeTestContext(options: TestContextOptions = {}): Promise<TestContext> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'sluice-context-')));
  const projectFolder = join(folder, 'project');
  const envFile = join(folder, 'test.env');
  const openFolder = join(folder, 'open');
  await mkdir(openFolder, { recursive: true });
  await writeFile(envFile, options.secrets ?? '', { mode: 0o600 });
  const environment = {
    ...process.env,
    XDG_DATA_HOME: join(folder, 'data'),
    AIRBYTE_MCP_ENV_FILE: envFile,
    AIRBYTE_PROJECT_DIR: projectFolder,
    SLUICE_ALLOW_EXECUTABLES: `${FIXTURES}:${folder}`,
    SLUICE_READ_DIRS: FIXTURES,
    SLUICE_WRITE_DIRS: openFolder,
    ...options.environment,
  };
  const { settings, contents } = loadSettings('0.0.0', {}, environment);
  const project = openProject(settings);
  const vault = createVault({ settings, contents });
  const { redactor } = vault;
  const reported: string[] = [];
  const connectors = createConnectors({
    settings,
    project,
    redactor,
    childEnvironment: childEnvironment(environment),
    installerEnvironment: installerEnvironment(environment),
    dockerEnvironment: dockerEnvironment(environment),
  });
  const processes = createProcesses(project, redactor);
  return {
    connectors,
    processes,
    project,
    sandbox: createSandbox(settings, childEnvironment(environment)),
    redactor,
    folder,
    projectFolder,
    openFolder,
    reported,
    control: (signal = new AbortController().signal) => ({ signal, progress: (message) => reported.push(message) }),
    program: (path) => ({
      connector: path,
      version: 'local',
      runtime: 'executable',
      start: { kind: 'process', command: [path] },
      stamp: statSync(path, { throwIfNoEntry: false })?.mtimeMs.toString() ?? '',
      newlyInstalled: false,
    }),
    async config(config) {
      const fields = Object.keys(config).map((name) => [name, { airbyte_secret: true }]);
      const spec = { type: 'object', properties: Object.fromEntries(fields) };
      return (await vault.resolve({ config }, { spec: spec, secretKeys: new Set(), isPublished: true })).config;
    },
    async remove() {
      await Promise.all([connectors.endAll(), processes.endAll()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a process of this pid runs; a zombie does not. */
export async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** The processes that the hostile source wrote down in `openFolder`, once there are `count` of them; those that run still. */
export async function pidsIn(file: string, count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const pids = text.split('\n').filter(Boolean).map(Number);
    if (pids.length >= count) return outerPids(pids, dirname(dirname(file)));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${file} does not name ${count} processes`);
}

/** A sandbox counts its processes itself: those pids as this machine has them. */
async function outerPids(pids: readonly number[], folder: string): Promise<number[]> {
  if (process.platform !== 'linux') return [...pids];
  const read = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    all.map(async (pid) => {
      const [status, command, environment] = await Promise.all(
        ['status', 'cmdline', 'environ'].map((name) => read(`/proc/${pid}/${name}`)),
      );
      const inner = Number(/^NSpid:.*?(\d+)$/m.exec(status ?? '')?.[1]);
      return `${command} ${environment}`.includes(folder) && pids.includes(inner) ? [Number(pid)] : [];
    }),
  );
  return rows.flat();
}

/** Command lines of running processes that name a file: also of those that died before they wrote their pid down. */
export async function leftRunning(file: string): Promise<string[]> {
  const lines = process.platform === 'linux' ? await linuxCommands() : await commandsByPs();
  return lines.filter((line) => line.includes(file) && !line.includes('victim.fixture'));
}

/** A small Linux may have no ps. */
async function linuxCommands(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return (await Promise.all(pids.map(read))).map((line) => line.replaceAll('\0', ' ').trim());
}

async function commandsByPs(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'args='], { maxBuffer: 16_000_000 });
  return stdout.split('\n');
}

export async function survivors(pids: readonly number[]): Promise<number[]> {
  const alive = await Promise.all(pids.map(async (pid) => ((await runs(pid)) ? [pid] : [])));
  return alive.flat();
}
