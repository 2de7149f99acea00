/** Where changed configurations are stored: one file for each saved source, mode 0600 in a folder of mode 0700, next to a random key. */
import { createHmac, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { canonicalJson, isObject } from '../../protocol/index.ts';
import type { ChangedField } from './changed-fields.ts';

export interface StoredField extends ChangedField {
  /** Whether it is redacted in data too. */
  readonly sensitive: boolean;
}

export interface StoredUpdate {
  /** Keyed hash of the configuration that the fields were applied to: it reveals no value to a reader of this file. */
  readonly base: string;
  /** When its source was saved, ISO 8601. */
  readonly savedAt: string;
  /** ISO 8601, UTC. */
  readonly keptAt: string;
  readonly fields: readonly StoredField[];
}

export interface UpdateFiles {
  /** Undefined if there is none that can be read. */
  read(source: string): StoredUpdate | undefined;
  /** Synchronous: a rotated token is on disk before anything else happens. */
  write(source: string, update: StoredUpdate): void;
  remove(source: string): boolean;
  /** The names of the sources that have one. */
  names(): string[];
  /** A hash that only holders of this folder's key can reproduce. */
  keyedHash(value: unknown): string;
}

const KEY = 'key';

export function createUpdateFiles(folder: string): UpdateFiles {
  const pathOf = (source: string): string => join(folder, `${source}.json`);
  let key: string | undefined;
  return {
    read(source) {
      try {
        const value: unknown = JSON.parse(readFileSync(pathOf(source), 'utf8'));
        return isObject(value) && Array.isArray(value.fields) ? (value as unknown as StoredUpdate) : undefined;
      } catch {
        return undefined;
      }
    },
    write: (source, update) => writeAtomically(folder, pathOf(source), JSON.stringify(update)),
    remove(source) {
      const had = existsSync(pathOf(source));
      if (had) rmSync(pathOf(source), { force: true });
      return had;
    },
    names() {
      try {
        return readdirSync(folder).flatMap((name) => /^([a-z][a-z0-9_-]*)\.json$/.exec(name)?.[1] ?? []);
      } catch {
        return [];
      }
    },
    keyedHash(value) {
      key ??= readKey(folder);
      return createHmac('sha256', key).update(canonicalJson(value)).digest('hex');
    },
  };
}

function readKey(folder: string): string {
  const path = join(folder, KEY);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = writeTemporary(path, randomBytes(32).toString('hex'));
  try {
    // A link is created atomically: if two processes start at once, one key remains.
    linkSync(temporary, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, 'utf8');
}

function writeAtomically(folder: string, path: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = writeTemporary(path, text);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeTemporary(path: string, text: string): string {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}
