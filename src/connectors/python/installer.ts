/** Makes an environment and installs one exact version of a package into it: with uv if available, otherwise with venv and pip. */
import { join } from 'node:path';
import { LimitError } from '../../errors.ts';
import type { Availability } from '../runtime-module.ts';
import type { RunControl } from '../types.ts';
import { VENV } from './environment-folder.ts';
import { type InstallerDeps, runInstaller } from './installer-run.ts';
import { findInterpreters, fits, fittingMinor, type Interpreter, isOlder } from './interpreters.ts';
import type { Environment } from './program-folders.ts';
import { noManagedPython, noPython, noVenv } from './python-missing.ts';
import type { Target } from './target.ts';
import { findUv, type Uv } from './uv.ts';

/** Which tools did it, such as `uv 0.5.1` and `3.11.7`. */
export interface InstalledBy {
  readonly installer: string;
  readonly python: string;
}

/** What would install packages here: uv, which fetches Python itself, or a Python that makes environments. */
export async function findInstaller(environment: Environment): Promise<Availability> {
  const uv = await findUv(environment);
  if (uv) return { works: true, by: `uv ${uv.version}` };
  const interpreters = await findInterpreters(environment);
  const python = interpreters.find(({ hasPip }) => hasPip);
  if (python) return { works: true, by: `Python ${python.version}` };
  const [first] = interpreters;
  const error = first ? noVenv(first) : undefined;
  return {
    works: false,
    why: error ? error.message.replace(/\.$/, '') : 'neither uv nor Python is found',
    fix: error?.next ?? 'Install uv (https://docs.astral.sh/uv/getting-started/installation), and call again.',
  };
}

export async function installPackage(deps: InstallerDeps, target: Target, control: RunControl): Promise<InstalledBy> {
  control.progress('looking for uv and Python');
  const [uv, interpreters] = await Promise.all([findUv(deps.environment), findInterpreters(deps.environment)]);
  const suitable = interpreters.filter(
    ({ version }) => fits(version, target.requiresPython) && isOlder(version, target.olderThan?.minor),
  );
  return uv
    ? installByUv(deps, target, control, uv, suitable[0], interpreters)
    : installByPip(deps, target, control, suitable, interpreters);
}

async function installByUv(
  deps: InstallerDeps,
  target: Target,
  control: RunControl,
  uv: Uv,
  interpreter: Interpreter | undefined,
  all: readonly Interpreter[],
): Promise<InstalledBy> {
  const minor = interpreter ? undefined : fittingMinor(target.requiresPython, target.olderThan?.minor);
  if (!interpreter && !minor) throw noPython(target, all);
  const what = `${target.packageName} ${target.version}`;
  control.progress(
    interpreter
      ? `installing ${what} with uv (Python ${interpreter.version})`
      : `no Python here suits ${what}: uv fetches Python ${minor}, then installs it`,
  );
  const venv = join(target.folder, VENV);
  const plain = ['--no-progress', '--color', 'never', '--python'];
  const makeVenv = [uv.path, 'venv', ...plain, interpreter?.path ?? `${minor}`, venv] as const;
  const { signal } = control;
  await runInstaller(deps, { what, command: makeVenv, signal }).catch((error: unknown) => {
    // What failed then is the download of a Python, not of the package.
    throw minor && !(error instanceof LimitError) ? noManagedPython(target, minor, error) : error;
  });
  const python = join(venv, 'bin', 'python');
  const requirement = `${target.packageName}==${target.version}`;
  const command = [uv.path, 'pip', 'install', ...plain, python, requirement, ...(target.extra ?? [])] as const;
  await runInstaller(deps, { what, command, signal });
  return { installer: `uv ${uv.version}`, python: interpreter?.version ?? `${minor}` };
}

async function installByPip(
  deps: InstallerDeps,
  target: Target,
  control: RunControl,
  suitable: readonly Interpreter[],
  all: readonly Interpreter[],
): Promise<InstalledBy> {
  const interpreter = suitable.find(({ hasPip }) => hasPip);
  if (!interpreter) throw suitable[0] ? noVenv(suitable[0]) : noPython(target, all);
  const what = `${target.packageName} ${target.version}`;
  control.progress(`installing ${what} with pip (Python ${interpreter.version}); this takes a minute or two`);
  const venv = join(target.folder, VENV);
  const { signal } = control;
  await runInstaller(deps, { what, command: [interpreter.path, '-I', '-m', 'venv', venv], signal });
  const plain = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '--no-color'];
  const requirement = `${target.packageName}==${target.version}`;
  const python = join(venv, 'bin', 'python');
  const command = [python, '-I', '-m', 'pip', 'install', ...plain, requirement, ...(target.extra ?? [])] as const;
  await runInstaller(deps, { what, command, signal });
  return { installer: 'pip', python: interpreter.version };
}
