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
  /** Keeps the file of a saved connector before something takes its place; nothing where there is no file. */
  keep(name: string): Promise<void>;
  /** The kept versions, newest first. */
  versions(name: string): Promise<readonly StoredVersion[]>;
  /** Names of which versions are kept, in alphabetical order. */
  names(): Promise<readonly string[]>;
  /** @param version default the newest. @throws InputError `no_history`, `unknown_version` */
  find(name: string, version?: string): Promise<StoredVersion>;
  /** Removes all kept versions, or one. @throws InputError `no_history`, `unknown_version` */
  prune(name: string, version?: string): Promise<readonly StoredVersion[]>;
}

const FILE = /^(\d{8}T\d{9}Z-[0-9a-f]{8})\.json$/;

/** @param fileOf the file of the saved connector itself */
export function createHistory(project: Project, kind: Kind, fileOf: (name: string) => Promise<string>): History {
  const root = async (): Promise<string> => join(await project.folder('history'), kind);
  const folder = async (name: string): Promise<string> => {
    // A person types it: it must not lead out of the folder.
    if (!isConnectorName(name)) throw noHistory(kind, name, []);
    return join(await root(), name);
  };

  const write = async (name: string, text: string): Promise<void> => {
    const path = await folder(name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    const at = new Date().toISOString().replace(/[-:.]/g, '');
    await writeAtomic(join(path, `${at}-${randomBytes(4).toString('hex')}.json`), text);
  };
  /** An earlier Sluice kept one replaced version beside the file. */
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
      if (isSavedSource(value)) found.push({ version, storedAt: keptAt(version, value), saved: value });
    }
    return found;
  };
  const find: History['find'] = async (name, wanted) => {
    const kept = await versions(name);
    const [newest] = kept;
    if (!newest) throw noHistory(kind, name, await names());
    if (wanted === undefined) return newest;
    const [found, second] = kept.filter(({ version }) => version === wanted || version.endsWith(`-${wanted}`));
    if (found && !second) return found;
    throw unknownVersion(kind, name, wanted, kept);
  };
  const names = async (): Promise<readonly string[]> => (await namesIn(await root())).sort();
  return {
    async keep(name) {
      await adopt(name);
      const text = await readFile(await fileOf(name), 'utf8').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      // What cannot be read as a saved connector is kept as well: a person may want to look at it.
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

/** When it was replaced or removed; of one from an earlier Sluice only when it was saved is known. */
function keptAt(version: string, { savedAt }: SavedConnector): string {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(version) ?? [];
  return year === '0000' ? savedAt : `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
}

function noHistory(kind: Kind, name: string, known: readonly string[]): InputError {
  const near = nearest(name, known, 3);
  return new InputError(
    'no_history',
    `No earlier version of the ${kind} ${JSON.stringify(name.slice(0, 80))} is kept.`,
    near.length > 0 ? `There are some of: ${near.join(', ')}.` : 'A version is kept when it is replaced or removed.',
  );
}

function unknownVersion(kind: Kind, name: string, wanted: string, kept: readonly StoredVersion[]): InputError {
  return new InputError(
    'unknown_version',
    `The ${kind} "${name}" has no kept version ${JSON.stringify(wanted.slice(0, 80))}.`,
    `Write one of: ${kept
      .slice(0, 5)
      .map(({ version }) => version)
      .join(', ')}.`,
  );
}
