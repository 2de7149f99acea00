/** Comparing paths of this machine. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, normalize, sep } from 'node:path';

/** macOS and Windows do not tell upper from lower case. */
const IGNORES_CASE = process.platform === 'darwin' || process.platform === 'win32';

export function comparable(path: string): string {
  return IGNORES_CASE ? path.toLowerCase() : path;
}

/** Absolute, without `.`, `..`, doubled or closing slashes. */
export function tidy(path: string): string {
  const plain = normalize(path);
  return plain.length > 1 && plain.endsWith(sep) ? plain.slice(0, -1) : plain;
}

/** Whether `path` is `folder` or below it; both normalized. */
export function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [comparable(path), comparable(folder)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/** The path with its links followed as far as it exists. */
export async function resolveLinks(path: string): Promise<string> {
  const plain = tidy(path);
  const found = await realpath(plain).catch(() => undefined);
  if (found !== undefined) return found;
  const parent = dirname(plain);
  return parent === plain ? plain : join(await resolveLinks(parent), basename(plain));
}

/** A path as written, with links in its folders resolved, and fully resolved; without duplicates. */
export async function spellings(path: string): Promise<string[]> {
  const plain = tidy(path);
  const physical = join(await resolveLinks(dirname(plain)), basename(plain));
  return [...new Set([plain, tidy(physical), await resolveLinks(plain)])];
}
