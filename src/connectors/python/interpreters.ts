/** The Python interpreters of this machine, and which of them suits a package. */
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { satisfies, validRange } from '@renovatebot/pep440';
import { askTool } from '../process/tool-run.ts';
import { type Environment, entriesOf, isExecutable, managedPythonFolders, programFolders } from './program-folders.ts';

export interface Interpreter {
  readonly path: string;
  /** Such as `3.11.7`. */
  readonly version: string;
  /** Whether `python -m venv` can install pip; Debian ships without that part. */
  readonly hasPip: boolean;
}

/** Most connectors are published for these; the first that fits is taken. */
const PREFERRED_MINORS = ['3.11', '3.10', '3.12', '3.13', '3.9', '3.14', '3.8'] as const;

const PROBE = `import sys, json, importlib.util as u
print(json.dumps(["%d.%d.%d" % sys.version_info[:3], sys.version_info[3] == "final", bool(u.find_spec("ensurepip") and u.find_spec("venv"))]))`;

const probed = new Map<string, Promise<Interpreter | undefined>>();

/** All that work, the preferred first. Each is started once in the life of this process, or after it has changed. */
export async function findInterpreters(environment: Environment): Promise<Interpreter[]> {
  const folders = [...programFolders(environment), ...(await managedPythonFolders(environment))];
  const paths = await Promise.all([...folders.filter(isSafeFolder).map(pythonsIn), askLauncher(environment)]);
  const real = await Promise.all(paths.flat().map((path) => realpath(path).catch(() => undefined)));
  const unique = [...new Set(real.filter((path) => path !== undefined))];
  const found = await Promise.all(unique.map((path) => probe(path, environment)));
  return found.filter((interpreter) => interpreter !== undefined).sort(byPreference);
}

/** Whether a Python version satisfies a package's `requires_python`, including its upper bound. */
export function fits(version: string, requiresPython: string | undefined): boolean {
  return !requiresPython || !validRange(requiresPython) || satisfies(version, requiresPython);
}

/** A minor version such as `3.11` that the package supports, to report what must be installed first. */
export function fittingMinor(requiresPython: string | undefined, below?: string): string | undefined {
  // The patch level that a fresh installation would have is high.
  return PREFERRED_MINORS.find((minor) => fits(`${minor}.99`, requiresPython) && isOlder(minor, below));
}

/** Whether a Python version is below a minor such as `3.11`. */
export function isOlder(version: string, minor: string | undefined): boolean {
  return minor === undefined || satisfies(version, `<${minor}`);
}

/** A shim answers for whichever version a folder wants, and Apple's own stub opens a window when its tools are missing. */
function isSafeFolder(folder: string): boolean {
  return !/[\\/]shims[\\/]?$/.test(folder) && !(process.platform === 'darwin' && folder === '/usr/bin');
}

async function pythonsIn(folder: string): Promise<string[]> {
  const names = (await entriesOf(folder)).filter((name) => /^python3(\.\d+)?$/.test(name));
  return names.map((name) => join(folder, name));
}

/** Interpreters of the `py` launcher, if there is one: each line of `py -0p` ends with a path. */
async function askLauncher(environment: Environment): Promise<string[]> {
  for (const folder of programFolders(environment)) {
    const launcher = join(folder, process.platform === 'win32' ? 'py.exe' : 'py');
    if (!(await isExecutable(launcher))) continue;
    const { succeeded, stdout } = await askTool(launcher, ['-0p'], environment);
    if (succeeded)
      return stdout.split('\n').flatMap((line) => /^\s*-\S+\s+(?:\*\s+)?(\S.*?)\s*$/.exec(line)?.[1] ?? []);
  }
  return [];
}

async function probe(path: string, environment: Environment): Promise<Interpreter | undefined> {
  const key = await stat(path).then(
    ({ mtimeMs }) => `${path} ${mtimeMs}`,
    () => undefined,
  );
  if (!key) return undefined;
  const before = probed.get(key);
  if (before) return before;
  const asking = askPython(path, environment);
  probed.set(key, asking);
  return asking;
}

async function askPython(path: string, environment: Environment): Promise<Interpreter | undefined> {
  const { succeeded, stdout } = await askTool(path, ['-I', '-c', PROBE], environment);
  const match = /^\["(\d+\.\d+\.\d+)", true, (true|false)\]/.exec(stdout);
  return succeeded && match?.[1] ? { path, version: match[1], hasPip: match[2] === 'true' } : undefined;
}

function byPreference(a: Interpreter, b: Interpreter): number {
  return rank(a) - rank(b) || patch(b) - patch(a);
}

function rank({ version }: Interpreter): number {
  const at = PREFERRED_MINORS.findIndex((minor) => version.startsWith(`${minor}.`));
  return at < 0 ? PREFERRED_MINORS.length : at;
}

function patch({ version }: Interpreter): number {
  return Number(version.split('.')[2]);
}
