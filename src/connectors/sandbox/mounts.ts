/** Which files of this machine a confined connector sees, and where. */
import type { Dirent } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isWithin, resolveLinks, tidy } from './paths.ts';

/** A file or folder that is visible at its own path. */
export interface Grant {
  readonly path: string;
  readonly write?: boolean;
}

export type Mount =
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly write: boolean }
  /** An empty folder that becomes read-only after all mounts are done. */
  | { readonly kind: 'folder'; readonly target: string }
  | { readonly kind: 'link'; readonly target: string; readonly to: string };

export interface MountPlan {
  readonly mounts: readonly Mount[];
  /** Grants that are not shown, each with its reason. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
}

/** Entries that are shown one by one, of all folders with something protected in them. */
const MAX_ENTRIES = 500;
/** The system's own trees: a sandbox has its own of them. */
const NEVER = ['/proc', '/dev', '/sys'];

/**
 * Plans so that what is protected is never there at all: a folder that holds it is replaced by an empty one with its other
 * entries in it. To cover it would not do: a cover goes when the file is replaced, as editors do.
 */
export async function planMounts(grants: readonly Grant[], protectedPaths: readonly string[]): Promise<MountPlan> {
  const mounts: Mount[] = [];
  const leftOut: { path: string; reason: string }[] = [];
  const tidied = grants.map(({ path, write = false }) => ({ path: tidy(path), write }));
  // Nested mounts come after their parents, and writable mounts after the same path mounted read-only.
  const sorted = tidied.sort(
    (one, other) => depth(one.path) - depth(other.path) || Number(one.write) - Number(other.write),
  );
  for (const grant of sorted) {
    const planned = await planGrant(grant, sorted, protectedPaths);
    if (typeof planned === 'string') leftOut.push({ path: grant.path, reason: planned });
    else mounts.push(...planned);
  }
  return { mounts, leftOut };
}

/** @returns its mounts, or the reason why it is not shown */
async function planGrant(
  { path, write }: Required<Grant>,
  all: readonly Required<Grant>[],
  protectedPaths: readonly string[],
): Promise<Mount[] | string> {
  const source = await resolveLinks(path);
  if (!(await stat(source).catch(() => undefined))) return 'it does not exist';
  if ([...NEVER, ...protectedPaths].some((hidden) => isWithin(source, hidden)))
    return "it is the env file, a part of Sluice's own folders, or of the system";
  for (const other of all) {
    // A connector with write access could have replaced it with a link.
    const holds = other.write && other.path !== path && isWithin(path, other.path);
    if (holds && !isWithin(source, await resolveLinks(other.path)))
      return `it leads out of ${other.path}, which connectors may write`;
  }
  const mounts: Mount[] = [];
  const rules = { protectedPaths, targets: all.map((grant) => grant.path), budget: MAX_ENTRIES };
  for (const target of new Set([source, path])) {
    if (!(await addTree(mounts, { source, target, write }, rules)))
      return `it holds the env file or Sluice's own folders among more than ${MAX_ENTRIES} entries`;
  }
  return mounts;
}

interface Tree {
  readonly source: string;
  readonly target: string;
  readonly write: boolean;
}

interface TreeRules {
  readonly protectedPaths: readonly string[];
  readonly targets: readonly string[];
  budget: number;
}

/** @returns false if too many entries would have to be mounted one by one */
async function addTree(mounts: Mount[], tree: Tree, rules: TreeRules): Promise<boolean> {
  const { source, target, write } = tree;
  const holds = [...NEVER, ...rules.protectedPaths].some((hidden) => isWithin(hidden, source));
  if (!holds) {
    mounts.push({ kind: 'bind', source, target, write });
    return true;
  }
  if (target !== '/') mounts.push({ kind: 'folder', target });
  const entries = await readdir(source, { withFileTypes: true }).catch(() => []);
  rules.budget -= entries.length;
  if (rules.budget < 0) return false;
  for (const entry of entries) if (!(await addEntry(mounts, tree, entry, rules))) return false;
  return true;
}

async function addEntry(mounts: Mount[], tree: Tree, entry: Dirent, rules: TreeRules): Promise<boolean> {
  const source = join(tree.source, entry.name);
  const target = join(tree.target, entry.name);
  if ([...NEVER, ...rules.protectedPaths].some((hidden) => isWithin(source, hidden))) return true;
  if (entry.isDirectory()) return addTree(mounts, { source, target, write: tree.write }, rules);
  if (entry.isFile()) mounts.push({ kind: 'bind', source, target, write: tree.write });
  // If another grant covers the link or its target, that grant creates the link.
  const isTaken = rules.targets.some((other) => isWithin(other, target));
  if (entry.isSymbolicLink() && !isTaken) mounts.push({ kind: 'link', target, to: await readlink(source) });
  return true;
}

function depth(path: string): number {
  return tidy(path).split('/').filter(Boolean).length;
}
