/** Looks for secret values in what a server left behind, by encoders of its own: it must not share the redactor's mistakes. */
import { basename } from 'node:path';
import type { Workplace } from './workplace.ts';

/** So many characters of a value in a row are taken for a part of it. */
const WINDOW = 12;
/** White space and written-out line breaks, which may be between the parts of a value. */
const BREAKS = /\s+|\\+[nrt]/g;

/** Values that must not be shown: name and value; of a long value with public parts, only what is secret. */
export type Secrets = Readonly<Record<string, string>>;

/** @returns one sentence for each value and form found in the bytes */
export function tracesIn(bytes: Buffer | string, secrets: Secrets): string[] {
  const text = bytes.toString();
  const found = new Map<string, string>();
  const windows = windowsOf(secrets);
  for (const view of [text, text.replace(BREAKS, '')]) {
    for (let at = 0; at + WINDOW <= view.length; at += 1) {
      const label = windows.get(view.slice(at, at + WINDOW));
      if (label && !found.has(label)) found.set(label, view.slice(Math.max(0, at - 80), at));
    }
    for (const [name, value] of Object.entries(secrets)) {
      // A short value is searched in the unchanged text only: broken in two, its halves are other words.
      const isSearched = value.length < 8 ? view === text : value.length < WINDOW;
      const at = isSearched ? view.search(new RegExp(`(?<!\\w)${value}(?!\\w)`)) : -1;
      if (at >= 0) found.set(name, view.slice(Math.max(0, at - 80), at));
    }
    if (found.size > 0) break;
  }
  return [...found].slice(0, 10).map(([label, before]) => `${label} after ${JSON.stringify(before)}`);
}

/** Every file of the workplace but the env file and the cache, and the names of files. */
export async function tracesInFiles(workplace: Workplace, secrets: Secrets): Promise<string[]> {
  const files = [...(await workplace.files())].filter(([path]) => {
    return path !== workplace.envFile && !/^cache\.duckdb/.test(basename(path)) && !path.includes('/mine/');
  });
  const scanned = cleanFilesOf(secrets);
  return files.flatMap(([path, bytes]) => {
    if (scanned.get(path)?.equals(bytes)) return [];
    const traces = [
      ...tracesIn(path, secrets).map((trace) => `name of ${path}: ${trace}`),
      ...tracesIn(bytes, secrets).map((trace) => `${path}: ${trace}`),
    ];
    if (traces.length === 0) scanned.set(path, bytes);
    return traces;
  });
}

/** Files without a trace, with the bytes that were scanned: a file that has not changed needs no second scan. */
const cleanFiles = new WeakMap<Secrets, Map<string, Buffer>>();

function cleanFilesOf(secrets: Secrets): Map<string, Buffer> {
  const files = cleanFiles.get(secrets) ?? new Map<string, Buffer>();
  cleanFiles.set(secrets, files);
  return files;
}

const windowsBySecrets = new WeakMap<Secrets, Map<string, string>>();

function windowsOf(secrets: Secrets): Map<string, string> {
  const cached = windowsBySecrets.get(secrets);
  if (cached) return cached;
  const windows = new Map<string, string>();
  for (const [name, value] of Object.entries(secrets)) {
    for (const [form, text] of Object.entries(value.length < 8 ? {} : formsOf(value))) {
      const bare = text.replace(BREAKS, '');
      for (let at = 0; at + WINDOW <= bare.length; at += 1)
        windows.set(bare.slice(at, at + WINDOW), `${name}, ${form}`);
    }
  }
  windowsBySecrets.set(secrets, windows);
  return windows;
}

function formsOf(value: string): Record<string, string> {
  const json = JSON.stringify(value).slice(1, -1);
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // The first and the last characters depend on what is next to the value.
    return encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
  });
  return {
    plain: value,
    json,
    'json twice': JSON.stringify(json).slice(1, -1),
    url: encodeURIComponent(value),
    form: new URLSearchParams({ q: value }).toString().slice(2),
    ...Object.fromEntries(
      base64.flatMap((text, at) => [
        [`base64 ${at}`, text],
        [`base64url ${at}`, text.replaceAll('+', '-').replaceAll('/', '_')],
      ]),
    ),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
  };
}
