/** Files that Sluice and its connectors write: an assistant can control their content, so they do not count as a person's input. */
import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Settings } from './settings.ts';

/** The folders of a project; each is created with mode 0700 on first use. */
export const PROJECT_FOLDERS = [
  'sources',
  'destinations',
  'history',
  'cache',
  'staging',
  'connectors',
  'registry',
  'runs',
  'syncs',
  'states',
  'catalogs',
  'logs',
  'exports',
  'updates',
  'locks',
] as const;
export type ProjectFolder = (typeof PROJECT_FOLDERS)[number];

/** Folders of programs and data of others, or of files that nothing reads: their files are recognized by path only. */
const NOT_SEARCHED: ReadonlySet<ProjectFolder> = new Set(['connectors', 'cache', 'registry', 'locks']);
const DEEPEST = 3;
const MAX_FILES = 50_000;

/** Folders whose files are never a person's input: the project's own, and those that connectors may write into. */
export function writtenFolders({ projectDirectory: { path }, docker, writeDirectories }: WritingSettings): string[] {
  const own = path === undefined ? [] : PROJECT_FOLDERS.map((name) => join(path, name));
  return [...own, ...docker.mounts.map(({ folder }) => folder), ...writeDirectories];
}

type WritingSettings = Pick<Settings, 'projectDirectory' | 'docker' | 'writeDirectories'>;

/**
 * Whether a file is in such a folder, by any path or mount, or is one of the project's own files under another name.
 * @param path absolute; links are followed
 */
export function isWritten(path: string, settings: WritingSettings): boolean {
  const real = attempt(() => realpathSync.native(path));
  if (real === undefined) return false;
  const folders = writtenFolders(settings).flatMap((folder) => attempt(() => identity(statSync(folder))) ?? []);
  for (let at = dirname(real); ; at = dirname(at)) {
    const found = attempt(() => identity(statSync(at)));
    if (found !== undefined && folders.includes(found)) return true;
    if (isOfSomeProject(at)) return true;
    if (dirname(at) === at) break;
  }
  const facts = attempt(() => statSync(real));
  const root = settings.projectDirectory.path;
  if (facts === undefined || root === undefined || (facts.nlink < 2 && !isMounted(real))) return false;
  const file = identity(facts);
  const left = { files: MAX_FILES };
  return PROJECT_FOLDERS.some((name) => !NOT_SEARCHED.has(name) && holds(join(root, name), file, DEEPEST, left));
}

/** Whether a folder belongs to any project of Sluice, recognized by the project's audit next to it. */
function isOfSomeProject(folder: string): boolean {
  const isNamedSo = (PROJECT_FOLDERS as readonly string[]).includes(basename(folder));
  return isNamedSo && attempt(() => statSync(join(dirname(folder), 'logs', 'audit.jsonl'))) !== undefined;
}

/** Whether a single file is mounted at the path; known only on Linux. */
function isMounted(real: string): boolean {
  const mounts = attempt(() => readFileSync('/proc/self/mountinfo', 'utf8')) ?? '';
  const escaped = real
    .replaceAll('\\', '\\134')
    .replaceAll(' ', '\\040')
    .replaceAll('\t', '\\011')
    .replaceAll('\n', '\\012');
  return mounts.split('\n').some((line) => line.split(' ')[4] === escaped);
}

/** A hard link, and a mount of a single file, have the inode of the file itself. */
function holds(folder: string, inode: string, depth: number, left: { files: number }): boolean {
  for (const entry of attempt(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (attempt(() => identity(statSync(path))) === inode) return true;
      if (depth > 0 && holds(path, inode, depth - 1, left)) return true;
      continue;
    }
    left.files -= 1;
    if (left.files < 0) return true;
    if (attempt(() => identity(statSync(path))) === inode) return true;
  }
  return false;
}

function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
