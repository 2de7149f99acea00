/** Makes an environment and installs one exact version of a package into it: by uv where it is, else by venv and pip. */
import { join } from 'node:path';
import { abortError, LimitError, SetupError, SluiceError } from '../../errors.ts';
import type { Redactor } from '../../secrets/index.ts';
import { startDeadline } from '../deadline.ts';
import type { Processes } from '../process/processes.ts';
import { createTail, SHOWN, sealedText } from '../process/tail.ts';
import type { Availability } from '../runtime-room.ts';
import type { RunControl } from '../types.ts';
import { VENV } from './environment-folder.ts';
import { installError } from './install-errors.ts';
import { findInterpreters, fits, fittingMinor, type Interpreter } from './interpreters.ts';
import { indexUrl, withoutCredentials } from './package-index.ts';
import type { Environment } from './places.ts';
import { findUv, type Uv } from './uv.ts';

export interface InstallerRooms {
  readonly processes: Processes;
  readonly redactor: Redactor;
  readonly environment: Environment;
}

export interface Target {
  readonly packageName: string;
  readonly version: string;
  readonly requiresPython?: string;
  /** Made by the installer; it must not exist. */
  readonly folder: string;
}

/** Which tools did it, such as `uv 0.5.1` and `3.11.7`. */
export interface InstalledBy {
  readonly installer: string;
  readonly python: string;
}

const LIMIT_MS = 15 * 60_000;
/** Variables of pip and uv that would send the packages somewhere else than into the environment. */
const MISLEADING =
  /^(PIP_(USER|TARGET|PREFIX|ROOT|REQUIREMENT|REQUIRE_VIRTUALENV|PYTHON|DRY_RUN|QUIET|LOG|REPORT)|UV_(PYTHON|SYSTEM_PYTHON|PROJECT.*|TARGET|PREFIX|BREAK_SYSTEM_PACKAGES|WORKING_DIRECTORY))$/;

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

export async function installPackage(rooms: InstallerRooms, target: Target, control: RunControl): Promise<InstalledBy> {
  control.progress('looking for uv and Python');
  const [uv, interpreters] = await Promise.all([findUv(rooms.environment), findInterpreters(rooms.environment)]);
  const suitable = interpreters.filter(({ version }) => fits(version, target.requiresPython));
  return uv
    ? installByUv(rooms, target, control, uv, suitable[0])
    : installByPip(rooms, target, control, suitable, interpreters);
}

async function installByUv(
  rooms: InstallerRooms,
  target: Target,
  control: RunControl,
  uv: Uv,
  interpreter: Interpreter | undefined,
): Promise<InstalledBy> {
  const minor = interpreter ? undefined : fittingMinor(target.requiresPython);
  if (!interpreter && !minor) throw noPython(target, []);
  const what = `${target.packageName} ${target.version}`;
  control.progress(
    interpreter
      ? `installing ${what} with uv (Python ${interpreter.version})`
      : `no Python here suits ${what}: uv fetches Python ${minor}, then installs it`,
  );
  const venv = join(target.folder, VENV);
  const plain = ['--no-progress', '--color', 'never', '--python'];
  const makeVenv = [uv.path, 'venv', ...plain, interpreter?.path ?? `${minor}`, venv] as const;
  await runInstaller(rooms, target, control, makeVenv).catch((error: unknown) => {
    // What failed then is the download of a Python, not of the package.
    throw minor && !(error instanceof LimitError) ? noManagedPython(target, minor, error) : error;
  });
  const python = join(venv, 'bin', 'python');
  const requirement = `${target.packageName}==${target.version}`;
  await runInstaller(rooms, target, control, [uv.path, 'pip', 'install', ...plain, python, requirement]);
  return { installer: `uv ${uv.version}`, python: interpreter?.version ?? `${minor}` };
}

async function installByPip(
  rooms: InstallerRooms,
  target: Target,
  control: RunControl,
  suitable: readonly Interpreter[],
  all: readonly Interpreter[],
): Promise<InstalledBy> {
  const interpreter = suitable.find(({ hasPip }) => hasPip);
  if (!interpreter)
    throw suitable[0] ? noVenv(suitable[0]) : noPython(target, all, fittingMinor(target.requiresPython));
  const what = `${target.packageName} ${target.version}`;
  control.progress(`installing ${what} with pip (Python ${interpreter.version}); this takes a minute or two`);
  const venv = join(target.folder, VENV);
  await runInstaller(rooms, target, control, [interpreter.path, '-I', '-m', 'venv', venv]);
  const plain = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off', '--no-color'];
  const requirement = `${target.packageName}==${target.version}`;
  const python = join(venv, 'bin', 'python');
  await runInstaller(rooms, target, control, [python, '-I', '-m', 'pip', 'install', ...plain, requirement]);
  return { installer: 'pip', python: interpreter.version };
}

/** @throws what the end of its output says is wrong; LimitError when it takes too long */
async function runInstaller(
  rooms: InstallerRooms,
  { packageName, version }: Target,
  { signal }: RunControl,
  command: readonly [string, ...string[]],
): Promise<void> {
  const deadline = startDeadline(signal, LIMIT_MS);
  const launch = {
    command: () => command,
    environment: installerVariables(rooms.environment),
    signal: deadline.signal,
  };
  const tail = createTail();
  try {
    const exit = await rooms.processes.run(launch, async (running) => {
      running.stdout.on('data', (chunk: Buffer) => tail.push(chunk.toString('utf8')));
      running.onStderr((text) => tail.push(text));
      const ended = await running.exit;
      await running.outputEnded;
      return ended;
    });
    if (signal.aborted) throw abortError(signal);
    const output = withoutCredentials(sealedText(tail, rooms.redactor, SHOWN));
    if (deadline.over()) throw tooLong(packageName, version, output);
    if (exit.code !== 0) throw installError(`${packageName} ${version}`, output);
  } finally {
    deadline.clear();
  }
}

/** Both installers get the same index, whichever of them the user has set it up for. */
function installerVariables(environment: Environment): Environment {
  const index = indexUrl(environment);
  const kept = Object.entries(environment).filter(([name]) => !MISLEADING.test(name));
  return { ...Object.fromEntries(kept), PIP_INDEX_URL: index, UV_DEFAULT_INDEX: index, UV_NO_PROGRESS: '1' };
}

function noPython(
  { packageName, version, requiresPython }: Target,
  found: readonly Interpreter[],
  minor = '3.11',
): SetupError {
  const wants = requiresPython ? `Python ${requiresPython}` : 'Python 3';
  const has = found.length > 0 ? `here is only ${found.map((one) => one.version).join(', ')}` : 'none was found here';
  return new SetupError(
    'python_missing',
    `${packageName} ${version} needs ${wants}, and ${has}.`,
    `Install Python ${minor} (python.org, pyenv, Homebrew or your system's packages), or uv (https://docs.astral.sh/uv), which fetches it; then call again.`,
  );
}

function noManagedPython({ packageName, version }: Target, minor: string, error: unknown): SetupError {
  return new SetupError(
    'python_missing',
    `${packageName} ${version} needs Python ${minor} or the like; none here suits it, and uv could not fetch one.`,
    `Let uv reach github.com and call again, or install Python ${minor} from python.org, pyenv, Homebrew or your system's packages.`,
    { details: error instanceof SluiceError ? error.details : {}, cause: error },
  );
}

function noVenv({ path, version }: Interpreter): SetupError {
  const minor = version.split('.').slice(0, 2).join('.');
  return new SetupError(
    'venv_missing',
    `${path} cannot make environments: its venv module is not complete.`,
    `On Debian or Ubuntu run: sudo apt install python${minor}-venv. Or install uv (https://docs.astral.sh/uv). Then call again.`,
  );
}

function tooLong(packageName: string, version: string, output: string): LimitError {
  return new LimitError(
    'install_timeout',
    `Installing ${packageName} ${version} took more than ${LIMIT_MS / 60_000} minutes and was ended.`,
    'Check the network and call again.',
    { details: { installer_output: output } },
  );
}
