/** The newest version of a package whose dependencies resolve on this machine, found with the installer's dry run. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { abortError } from '../../errors.ts';
import { isObject } from '../../protocol/index.ts';
import { VENV } from './environment-folder.ts';
import { type InstallerDeps, runInstaller } from './installer-run.ts';
import { fits } from './interpreters.ts';
import { normalisedName } from './package-index.ts';
import { findUv } from './uv.ts';
import { isUnstable, type Release } from './versions.ts';

export interface Unfit {
  readonly packageName: string;
  /** The version that cannot be installed. */
  readonly version: string;
  /** Folder of the environment in which it failed. */
  readonly folder: string;
  readonly releases: readonly Release[];
}

/** Time limit for all resolutions together: a person waits, and pip may try many versions. */
const LIMIT_MS = 120_000;
const MAX_TRIES = 4;

/** @returns undefined if there is none, or it was not found in time. @throws LimitError when the call was cancelled */
export async function newestInstallable(
  deps: InstallerDeps,
  unfit: Unfit,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { packageName, version, folder, releases } = unfit;
  const python = await pythonOf(folder);
  const until = Date.now() + LIMIT_MS;
  let range = `!=${version}`;
  for (let attempt = 0; attempt < MAX_TRIES && Date.now() < until; attempt += 1) {
    const found = await resolve(deps, unfit, `${packageName}${range}`, until - Date.now(), signal);
    if (found === undefined) return undefined;
    const release = releases.find((one) => one.version === found);
    // uv passes over the upper bound of requires_python.
    if (!release || (fits(python, release.requiresPython) && !release.yanked && !isUnstable(release))) return found;
    range = `<${found},!=${version}`;
  }
  return undefined;
}

/** The environment's own version, as `venv` and uv write it down. */
async function pythonOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, VENV, 'pyvenv.cfg'), 'utf8').catch(() => '');
  return /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? '3';
}

async function resolve(
  deps: InstallerDeps,
  { packageName, folder }: Unfit,
  requirement: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const uv = await findUv(deps.environment);
  const python = join(folder, VENV, 'bin', 'python');
  const report = join(folder, 'resolution.json');
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--ignore-installed', '--dry-run'];
  const command = uv
    ? ([
        uv.path,
        'pip',
        'install',
        '--dry-run',
        '--no-progress',
        '--color',
        'never',
        '--python',
        python,
        requirement,
      ] as const)
    : ([python, '-I', '-m', 'pip', 'install', ...quiet, '--report', report, requirement] as const);
  try {
    const output = await runInstaller(deps, { what: requirement, command, signal, limitMs });
    return uv ? fromUv(output, packageName) : fromPip(await readFile(report, 'utf8'), packageName);
  } catch {
    // Whatever failed here, report the failure that led here.
    if (signal.aborted) throw abortError(signal);
    return undefined;
  } finally {
    await rm(report, { force: true });
  }
}

/** From the lines ` + name==version` of what would be installed. */
function fromUv(output: string, packageName: string): string | undefined {
  for (const line of output.split('\n')) {
    const [, name = '', version] = /^\s*\+ ([\w.-]+)==(\S+)/.exec(line) ?? [];
    if (version && normalisedName(name) === normalisedName(packageName)) return version;
  }
  return undefined;
}

/** From pip's installation report. */
function fromPip(report: string, packageName: string): string | undefined {
  const body: unknown = JSON.parse(report);
  const items = isObject(body) && Array.isArray(body.install) ? body.install : [];
  for (const { metadata } of items.filter(isObject)) {
    if (!isObject(metadata) || typeof metadata.version !== 'string') continue;
    if (normalisedName(String(metadata.name)) === normalisedName(packageName)) return metadata.version;
  }
  return undefined;
}
