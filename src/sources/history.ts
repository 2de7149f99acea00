/** Every version of a saved connector that was replaced or removed: `history/KIND/NAME/TIME-ID.json`, until a person prunes them. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, systemCode } from '../errors.ts';
import { exists, type Project, readJson, writeAtomic } from '../project/index.ts';
import { isConnectorName, nearest } from '../protocol/index.ts';
import { isSavedSource } from './saved-source.ts';
import type { Kind, SavedConnector, StoredVersion } from './types.ts';

export interface History {
  /** Stores a copy of a saved connector's file before it is replaced or removed; does nothing if there is no file. */
  keep(name: string): Promise<void>;
  /** The stored versions, newest first. */
  versions(name: string): Promise<readonly StoredVersion[]>;
  /** Names with stored versions, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** Finds a version, by default the newest. @throws InputError `no_history`, `unknown_version` */
  find(name: string, version?: string): Promise<StoredVersion>;
  /** Removes all stored versions, or one. @throws InputError `no_history`, `unknown_version` */
  prune(name: string, version?: string): Promise<readonly StoredVersion[]>;
}

const FILE = /^(\d{8}T\d{9}Z-[0-9a-f]{8})\.json$/;

/** @param fileOf the file of the saved connector itself */
export function createHistory(project: Project, kind: Kind, fileOf: (name: string) => Promise<string>): History {
  const root = async (): Promise<string> => join(await project.folder('history'), kind);
  const folder = async (name: string): Promise<string> => {
    // Typed by a person; it must not lead out of the folder.
    if (!isConnectorName(name)) throw noHistory(kind, name, []);
    return join(await root(), name);
  };

  const write = async (name: string, text: string): Promise<void> => {
    const path = await folder(name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    const at = new Date().toISOString().replace(/[-:.]/g, '');
    await writeAtomic(join(path, `${at}-${randomBytes(4).toString('hex')}.json`), text);
  };
  /** An earlier version of Sluice stored one replaced version next to the file. */
  const adopt = async (name: string): Promise<void> => {
    const path = await folder(name);
    const previous = (await fileOf(name)).replace(/\.json$/, '.previous.json');
    if (!(await exists(previous))) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await rename(previous, join(path, `00000000T000000000Z-${randomBytes(4).toString('hex')}.json`));
  };
  const versions: History['versions'] = async (name) => {
    await adopt(name);
    const path = await folder(name);
    const files = (await namesIn(path)).filter((file) => FILE.test(file)).sort();
    const found: StoredVersion[] = [];
    for (const file of files.reverse()) {
      const value = await readJson(join(path, file));
      const version = FILE.exec(file)?.[1] ?? '';
      if (isSavedSource(value)) found.push({ version, storedAt: storedAt(version, value), saved: value });
    }
    return found;
  };
  const find: History['find'] = async (name, requested) => {
    const stored = await versions(name);
    const [newest] = stored;
    if (!newest) throw noHistory(kind, name, await names());
    if (requested === undefined) return newest;
    const [found, second] = stored.filter(({ version }) => version === requested || version.endsWith(`-${requested}`));
    if (found && !second) return found;
    throw unknownVersion(kind, name, requested, stored);
  };
  const names = async (): Promise<readonly string[]> => (await namesIn(await root())).sort();
  return {
    async keep(name) {
      await adopt(name);
      const text = await readFile(await fileOf(name), 'utf8').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      // A damaged file is stored as well: a person may want to look at it.
      if (text !== undefined) await write(name, text);
    },
    versions,
    names,
    find,
    async prune(name, version) {
      const chosen = version === undefined ? await versions(name) : [await find(name, version)];
      const path = await folder(name);
      if (version !== undefined) await rm(join(path, `${chosen[0]?.version}.json`), { force: true });
      else if (await exists(path)) await rm(path, { recursive: true, force: true });
      else throw noHistory(kind, name, await names());
      if ((await namesIn(path)).length === 0) await rm(path, { recursive: true, force: true });
      return chosen;
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
}

/** When a version was replaced or removed; for one from an earlier version of Sluice, when it was saved. */
function storedAt(version: string, { savedAt }: SavedConnector): string {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(version) ?? [];
  return year === '0000' ? savedAt : `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
}

function noHistory(kind: Kind, name: string, known: readonly string[]): InputError {
  const near = nearest(name, known, 3);
  return new InputError(
    'no_history',
    `No earlier version of the ${kind} ${JSON.stringify(name.slice(0, 80))} is stored.`,
    near.length > 0
      ? `There are versions of: ${near.join(', ')}.`
      : 'A version is stored when it is replaced or removed.',
  );
}

function unknownVersion(kind: Kind, name: string, requested: string, stored: readonly StoredVersion[]): InputError {
  return new InputError(
    'unknown_version',
    `The ${kind} "${name}" has no stored version ${JSON.stringify(requested.slice(0, 80))}.`,
    `Write one of: ${stored
      .slice(0, 5)
      .map(({ version }) => version)
      .join(', ')}.`,
  );
}
