/** Which fields of a configuration name paths that a connector may not use. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { homeDirectory } from '../../config/index.ts';
import type { Problem } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { type LocalPath, type NamedPaths, namedPaths } from './local-paths.ts';
import { comparable, isWithin, resolveLinks, spellings, tidy } from './paths.ts';

export interface PathRules {
  /** Paths that may never be named, with any sandbox. */
  readonly protectedPaths: readonly string[];
  /** The folder against which relative paths of the connector are resolved. */
  readonly runFolder: string;
  /** What a person has opened. */
  readonly openFolders: readonly string[];
}

/** A field that names a path which is not open. */
export interface PathFinding {
  /** `lost`: a path that a confined connector may write, but whose files do not persist. */
  readonly kind: 'protected' | 'outside' | 'lost';
  readonly problem: Problem;
}

/**
 * The fields of a configuration as the assistant wrote it. Nothing in the answer tells whether a file exists, but for the
 * first two parts of a path inside of an address or another text.
 */
export async function checkPaths(literals: JsonObject, rules: PathRules): Promise<PathFinding[]> {
  const findings = new Map<string, PathFinding>();
  const opened = await openedFolders(rules.openFolders);
  for (const named of namedPaths(literals)) {
    const found = await findingOf(named, rules, opened);
    if (found && findings.get(named.field)?.kind !== 'protected') findings.set(named.field, found);
  }
  return [...findings.values()];
}

async function findingOf(named: NamedPaths, rules: PathRules, opened: OpenedFolders): Promise<PathFinding | undefined> {
  const { field, paths } = named;
  if (namesProtected(named, rules)) return { kind: 'protected', problem: protectedProblem(field) };
  const closed: LocalPath[] = [];
  for (const path of paths) {
    if (path.kind === 'within' && !(await leadsSomewhere(path.text))) continue;
    if (!(await isOpen(path, rules, opened))) closed.push(path);
  }
  if (closed.length === 0) return undefined;
  const isLost = closed.some(
    ({ kind, text }) => kind === 'home' || (kind === 'absolute' && isWithin(tidy(text), '/tmp')),
  );
  return { kind: isLost ? 'lost' : 'outside', problem: outsideProblem(field) };
}

/** Whether the first two parts exist here: `/home/me`, not the `/v1/items` of an address. */
async function leadsSomewhere(text: string): Promise<boolean> {
  const [, first = '', second = ''] = tidy(text.split(/[?#]/)[0] ?? text).split('/');
  if (first === '' || second === '') return false;
  return lstat(`/${first}/${second}`).then(
    () => true,
    () => false,
  );
}

interface OpenedFolders {
  readonly written: readonly string[];
  readonly real: readonly string[];
}

async function openedFolders(folders: readonly string[]): Promise<OpenedFolders> {
  const [all, real] = await Promise.all([Promise.all(folders.map(spellings)), Promise.all(folders.map(resolveLinks))]);
  return { written: [...new Set(all.flat())], real };
}

/** Anywhere in the text, also inside a query or a command. */
function namesProtected({ forms, paths }: NamedPaths, { protectedPaths, runFolder }: PathRules): boolean {
  const inText = forms.some((form) => protectedPaths.some((path) => holdsPath(form, path)));
  if (inText) return true;
  return paths.some((path) =>
    readingsOf(path, runFolder).some((reading) => protectedPaths.some((hidden) => isWithin(reading, hidden))),
  );
}

/** Matches complete paths: `/a/project` does not occur in `/a/project-of-mine`. */
function holdsPath(text: string, path: string): boolean {
  const [where, what] = [comparable(text), comparable(path)];
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + 1)) {
    if (!/[\w.~-]/.test(where[at - 1] ?? ' ') && !/[\w.-]/.test(where[at + what.length] ?? ' ')) return true;
  }
  return false;
}

async function isOpen(
  { kind, text }: LocalPath,
  { protectedPaths }: PathRules,
  opened: OpenedFolders,
): Promise<boolean> {
  if (kind === 'relative' || kind === 'variable') return false;
  const path = kind === 'home' ? homeOf(text) : tidy(text);
  // Refuse paths outside the open folders without reading the disk.
  if (!opened.written.some((folder) => isWithin(path, folder))) return false;
  const real = await resolveLinks(beforeWildcard(path));
  if (!opened.real.some((folder) => isWithin(real, folder))) return false;
  // A folder that contains a protected path would expose it.
  return !protectedPaths.some((hidden) => isWithin(real, hidden) || isWithin(hidden, real));
}

/** Where a path may lead: all of its text, and its text up to what may end it. */
function readingsOf({ kind, text }: LocalPath, runFolder: string): string[] {
  const readings = [...new Set([text, text.split(/[?#]/)[0] ?? text, text.split(/\s/)[0] ?? text])];
  if (kind === 'variable') return [];
  return readings.map((one) => {
    if (kind === 'home') return homeOf(one);
    return one.startsWith('/') || kind === 'absolute' ? tidy(one) : tidy(join(runFolder, one));
  });
}

/** `~`, `$HOME`, and another user's `~name`, which is assumed to be next to one's own. */
function homeOf(text: string): string {
  const [, name = '', rest = ''] = /^(?:~([\w.-]*)|[$%{}\w]+)(.*)$/s.exec(text) ?? [];
  return tidy(join(name === '' ? homeDirectory() : join(homeDirectory(), '..', name), rest));
}

function beforeWildcard(path: string): string {
  const wildcard = path.search(/[*?[{]/);
  return wildcard < 0 ? path : tidy(path.slice(0, path.lastIndexOf('/', wildcard) + 1));
}

function protectedProblem(path: string): Problem {
  return {
    path,
    message: "It names the env file or a folder of Sluice's own, which no connector may use.",
    fix: 'Name a file of the user. Refer to secrets with secret_reference::NAME.',
  };
}

function outsideProblem(path: string): Problem {
  return {
    path,
    message: 'It names a path of this machine that is not in a folder opened for connectors.',
    fix: 'Ask the user to add its folder to SLUICE_READ_DIRS or SLUICE_WRITE_DIRS and restart the server; if it is not a path on this machine, to write the value into a config_file.',
  };
}
