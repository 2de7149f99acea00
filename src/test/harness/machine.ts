/** What a test asks of the machine: the processes of a workplace that still run, the memory of a process, and waiting. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { HOSTILE, HOSTILE_LEAKS, makeWorkplace, type Workplace } from './workplace.ts';

/** A workplace with its own copies of connectors: their processes are recognized by their path, whatever else runs on this machine. */
export async function makeConnectorWorkplace(envFileText?: string): Promise<Workplace> {
  const workplace = await makeWorkplace(envFileText);
  const folder = join(workplace.directory, 'connectors');
  await mkdir(folder);
  return { ...workplace, environment: { ...workplace.environment, SLUICE_ALLOW_EXECUTABLES: folder } };
}

/** The same with safe mode off: later sessions may overwrite what an earlier one created. */
export async function makeUnguardedWorkplace(envFileText?: string): Promise<Workplace> {
  const workplace = await makeConnectorWorkplace(envFileText);
  return { ...workplace, environment: { ...workplace.environment, SLUICE_SAFE_MODE: '0' } };
}

/** Copies a connector into the workplace. @returns its path */
export async function copyConnector(workplace: Workplace, connector: string, name?: string): Promise<string> {
  const path = join(workplace.directory, 'connectors', name ?? basename(connector));
  await copyFile(connector, path);
  if (connector === HOSTILE)
    await copyFile(HOSTILE_LEAKS, join(workplace.directory, 'connectors', basename(HOSTILE_LEAKS)));
  return path;
}

/** The hostile connector; behaviours in its name also apply to `spec`, which gets no configuration. */
export function copyHostileConnector(workplace: Workplace, behaviours?: string): Promise<string> {
  return copyConnector(workplace, HOSTILE, behaviours && `source-hostile.${behaviours}.mjs`);
}

/** The command lines of all processes of the workplace except servers. */
export async function strays(workplace: Workplace): Promise<string[]> {
  const all = process.platform === 'linux' ? await listLinux() : await listByPs();
  return all
    .filter(({ command }) => command !== '' && !command.includes('sluice-mcp.js'))
    .filter(({ command, marked }) => `${command} ${marked}`.includes(workplace.directory))
    .map(({ pid, command }) => `${pid} ${command}`);
}

/** The same without the sandbox processes that only wait for a connector. */
export async function runningConnectors(workplace: Workplace): Promise<string[]> {
  return (await strays(workplace)).filter((line) => !/^\d+ \S*\/bwrap /.test(line));
}

/** Expects that within `ms` no connector of the workplace runs, and no private folder or staged record exists. */
export async function expectNothingLeft(workplace: Workplace, ms = 1_000): Promise<void> {
  await expectNothingRuns(workplace, ms);
  await waitUntil(async () => (await namesIn(join(workplace.project, 'staging'))).length === 0, ms).catch(() => {});
  expect(await namesIn(join(workplace.project, 'staging'))).toEqual([]);
}

/** Expects that within `ms` no connector of the workplace runs, and none of its private files exists. */
export async function expectNothingRuns(workplace: Workplace, ms = 1_000): Promise<void> {
  const left = async (): Promise<string[]> => [...(await strays(workplace)), ...(await privateFiles(workplace))];
  let seen: string[] = [];
  // Twice in a row: a process that is just being started has no command line for a moment.
  const isClean = async (): Promise<boolean> => {
    seen = [...(await left()), ...(await left())];
    return seen.length === 0;
  };
  await waitUntil(isClean, ms).catch(() => {});
  expect(seen).toEqual([]);
}

/** Private files of running connectors. Process records are not private; they and empty folders may remain after a crash. */
async function privateFiles(workplace: Workplace): Promise<string[]> {
  const runs = join(workplace.project, 'runs');
  const entries = await readdir(runs, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory() && entry.name !== 'process.json').map((entry) => entry.name);
}

/** The peak memory of a process in megabytes; undefined if the system does not report it. */
export async function peakMegabytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1000;
}

export async function waitUntil(condition: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`condition not met within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

interface Process {
  readonly pid: string;
  readonly command: string;
  /** Its environment, where it has the mark of a run: a child may have changed its own command line. */
  readonly marked: string;
}

async function listLinux(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  return Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all([read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)]);
      const marked = environment.includes('SLUICE_RUN=') ? environment : '';
      return { pid, command: command.replaceAll('\0', ' ').trim(), marked };
    }),
  );
}

async function listByPs(): Promise<Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,command='], { maxBuffer: 16_000_000 });
  return stdout.split('\n').map((line) => {
    const [, pid = '', command = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid, command, marked: '' };
  });
}
