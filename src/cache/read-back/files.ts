/** Files that a destination wrote below a folder, one for each stream: JSON lines, or CSV with a header. */
import { opendir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { isObject } from '../../protocol/index.ts';
import { parseCsv } from './csv.ts';
import { findName } from './find-name.ts';
import type { ReadBack } from './types.ts';

const ENDINGS = /\.(jsonl|ndjson|json|csv)$/i;
/** A folder with more files does not belong to one destination: it is somebody's home, or an entire disk. */
const MAX_ENTRIES = 100_000;

export function readFiles(folder: string): ReadBack {
  return {
    from: 'files',
    async rows({ name, namespace }) {
      const path = await findFile(folder, namespace ? [`${namespace}.${name}`, name] : [name]);
      if (path === undefined) return undefined;
      const text = await readFile(path, 'utf8');
      return /\.csv$/i.test(path)
        ? csvRows(text)
        : text.split('\n').flatMap((line) => (line.trim() === '' ? [] : unwrapped(line)));
    },
  };
}

async function findFile(folder: string, names: readonly string[]): Promise<string | undefined> {
  const files = await filesBelow(folder);
  const paths = files.filter((path) => ENDINGS.test(path));
  for (const name of names) {
    for (const nameOf of [stem, withoutPrefix, (path: string) => stem(relative(folder, path))]) {
      const byName = new Map(paths.map((path) => [nameOf(path), path]));
      const found = findName(name, [...byName.keys()]);
      if (found !== undefined) return byName.get(found);
    }
  }
  const other = files.find((path) => names.some((name) => relative(folder, path).includes(name)));
  if (other !== undefined) throw new Error(`it writes files of a kind that Sluice does not read: ${basename(other)}`);
  return undefined;
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  let seen = 0;
  const directory = await opendir(folder, { recursive: true });
  for await (const entry of directory) {
    seen += 1;
    if (seen > MAX_ENTRIES) throw new Error('the configured folder holds too many files to look through');
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
  }
  return files;
}

function stem(path: string): string {
  const name = basename(path).replace(ENDINGS, '');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Airbyte's own file destinations prefix the name with this. */
function withoutPrefix(path: string): string {
  return stem(path).replace(/^_airbyte_raw_/, '');
}

/** The record in a line, without its envelope. */
function unwrapped(line: string): string {
  const { _airbyte_data: data } = /"_airbyte_data"/.test(line) ? (JSON.parse(line) as Record<string, unknown>) : {};
  return isObject(data) ? JSON.stringify(data) : line;
}

function csvRows(text: string): string[] {
  const [header = [], ...rows] = parseCsv(text);
  const data = header.indexOf('_airbyte_data');
  if (data >= 0) return rows.flatMap((row) => row[data] ?? []);
  return rows.map((row) => JSON.stringify(Object.fromEntries(header.map((name, at) => [name, row[at] ?? null]))));
}
