/** What a connector's program needs besides the system: its environment, its interpreter, its folder. */
import { open, readdir, readlink, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { homeDirectory } from '../../config/index.ts';
import { exists } from '../../project/index.ts';
import { isWithin, resolveLinks, tidy } from './paths.ts';

export interface RuntimeFiles {
  /** Seen although they may lie in the project: the installed connector. */
  readonly own: readonly string[];
  readonly others: readonly string[];
}

export interface RuntimeFilesOptions {
  /** The project's folder of installed connectors. */
  readonly connectors: string | undefined;
  readonly project: string | undefined;
  readonly executableDirectories: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const MAX_HOPS = 20;
const HOMEBREW = ['/opt/homebrew', '/home/linuxbrew/.linuxbrew'];
/** The last ones are those of conda and of Python's frameworks on macOS. */
const PREFIX_PARTS = ['bin', 'lib', 'lib64', 'libexec', 'include', 'pyvenv.cfg', 'ssl', 'Python', 'Resources'];
const ELF = Buffer.from('\x7fELF', 'latin1');
const MACH_O: ReadonlySet<string> = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

export async function runtimeFiles(program: string, options: RuntimeFilesOptions): Promise<RuntimeFiles> {
  const installed = await installedFolder(program, options.connectors);
  const interpreters = await interpreterFiles(program, installed, options);
  if (installed !== undefined) {
    const python = await interpreterParts(join(installed, 'venv', 'bin', 'python'));
    return { own: [installed], others: [...new Set([...python, ...interpreters])] };
  }
  const real = await resolveLinks(program);
  const project = options.project === undefined ? undefined : await resolveLinks(options.project);
  // Whatever is allowed, of the project it is that one file.
  if (project !== undefined && isWithin(real, project)) return { own: [real], others: interpreters };
  return { own: [], others: [await programFolder(real, options), ...interpreters] };
}

/** `<connectors>/NAME/VERSION`, if the program is inside one. */
async function installedFolder(program: string, connectors: string | undefined): Promise<string | undefined> {
  if (connectors === undefined || !isWithin(program, tidy(connectors))) return undefined;
  const [name, version] = program.slice(tidy(connectors).length + 1).split('/');
  return name && version ? join(tidy(connectors), name, version) : undefined;
}

/** The allowed folder of a user's own program; only a part of it if it is or contains the home folder. */
async function programFolder(program: string, options: RuntimeFilesOptions): Promise<string> {
  const folders = await Promise.all(options.executableDirectories.map(resolveLinks));
  const allowed = folders.filter((folder) => isWithin(program, folder)).sort((one, other) => one.length - other.length);
  for (const folder of [...allowed, dirname(program)]) if (!(await isBroad(folder, options))) return folder;
  return program;
}

/** Whether a folder holds much more than a program needs. */
async function isBroad(folder: string, { environment }: RuntimeFilesOptions): Promise<boolean> {
  const real = await Promise.all([homeDirectory(), homeDirectory(environment)].map(resolveLinks));
  return real.some((home) => isWithin(home, folder));
}

/**
 * What runs a script: the interpreter of its first line, found as `env` finds it. That line is the connector's own text: it
 * opens a folder only if it is in a person's PATH or holds a Python; otherwise a single program.
 */
async function interpreterFiles(
  program: string,
  installed: string | undefined,
  { environment }: RuntimeFilesOptions,
): Promise<string[]> {
  const [path, ...args] = await interpreterOf(program);
  if (path === undefined) return [];
  const name = basename(path) === 'env' ? args.find((arg) => !arg.startsWith('-') && !arg.includes('=')) : path;
  if (name === undefined || (installed !== undefined && isWithin(tidy(name), installed))) return [];
  if (name.includes('/')) return writtenInterpreter(tidy(name));
  const found = await onPath(name, environment.PATH ?? '');
  return found === undefined ? [] : interpreterParts(found);
}

/** An interpreter that a script names by its path. */
async function writtenInterpreter(path: string): Promise<string[]> {
  if (!path.startsWith('/') || !(await isProgram(path))) return [];
  const steps = await linkSteps(path);
  const parts = await Promise.all(
    steps.map(async (step) => {
      const isPython = /^(python|pypy)[\d.]*$/.test(basename(step)) && (await hasPythonLibrary(prefixOf(step)));
      return isPython ? prefixParts(step) : isSystem(step) ? [] : [step];
    }),
  );
  return [...new Set(parts.flat())];
}

/** Whether a file can run by itself. */
async function isProgram(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  const start = await startOf(path);
  const isBinary = ELF.equals(start.subarray(0, 4)) || MACH_O.has(start.subarray(0, 4).toString('hex'));
  return isBinary && found?.isFile() === true && (found.mode & 0o111) !== 0;
}

/** Whether the libraries of a Python lie in it, in folders of its own and not behind links. */
async function hasPythonLibrary(prefix: string): Promise<boolean> {
  const entries = await readdir(join(prefix, 'lib'), { withFileTypes: true }).catch(() => []);
  return entries.some((entry) => entry.isDirectory() && /^(python|pypy)3?\.?\d*/.test(entry.name));
}

async function interpreterOf(program: string): Promise<string[]> {
  const start = (await startOf(program)).toString('latin1');
  return (/^#![ \t]*([^\n]+)/.exec(start)?.[1] ?? '').split(/[ \t]+/).filter((part) => part !== '');
}

/** The first that is a program: version managers put scripts of their own before it. */
async function onPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    const start = await startOf(join(folder, name));
    if (start.length > 0 && !start.toString('latin1').startsWith('#!')) return join(folder, name);
  }
  return undefined;
}

async function startOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return Buffer.alloc(0);
  } finally {
    await file.close();
  }
}

/** Where an interpreter and its libraries lie, at each step of the links that lead to it. */
async function interpreterParts(interpreter: string): Promise<string[]> {
  const parts = await Promise.all((await linkSteps(tidy(interpreter))).map(prefixParts));
  return [...new Set(parts.flat())];
}

/** The path, each one that a link leads to, and each of them without links in its folders. */
async function linkSteps(start: string): Promise<string[]> {
  const steps = new Set<string>();
  let path: string | undefined = start;
  for (let hop = 0; path !== undefined && hop < MAX_HOPS; hop += 1) {
    steps.add(path);
    steps.add(join(await resolveLinks(dirname(path)), basename(path)));
    const here: string = path;
    path = await readlink(here).then(
      (target) => resolve(dirname(here), target),
      () => undefined,
    );
  }
  return [...steps];
}

/** From an interpreter's folder, only what interpreters read: personal files may be next to it. */
async function prefixParts(interpreter: string): Promise<string[]> {
  // Node is one file.
  if (basename(interpreter) === 'node') return isSystem(interpreter) ? [] : [interpreter];
  const brew = HOMEBREW.find((folder) => isWithin(interpreter, join(folder, 'Cellar')));
  if (brew !== undefined) return [brew];
  const prefix = prefixOf(interpreter);
  if (prefix === '/' || isSystem(prefix)) return [];
  const parts = await Promise.all(
    PREFIX_PARTS.map(async (name) => ((await isOwnPart(prefix, name)) ? name : undefined)),
  );
  return parts.flatMap((name) => (name === undefined ? [] : [join(prefix, name)]));
}

function prefixOf(interpreter: string): string {
  return dirname(dirname(interpreter));
}

/** Whether it is there, and no link leads out of the prefix. */
async function isOwnPart(prefix: string, name: string): Promise<boolean> {
  return (
    (await exists(join(prefix, name))) && isWithin(await resolveLinks(join(prefix, name)), await resolveLinks(prefix))
  );
}

function isSystem(path: string): boolean {
  return ['/usr', '/nix/store', '/gnu/store'].some((tree) => isWithin(path, tree)) || /^\/s?bin(\/|$)/.test(path);
}
