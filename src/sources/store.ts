/** Saved connectors of one kind as files of the project: `sources/NAME.json`. Replaced and removed ones are stored in the history. */
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, SetupError } from '../errors.ts';
import { exists, type Project, readJson, withLock, writeAtomic } from '../project/index.ts';
import { checkDestinationName, checkSourceName, datasetName, nearest } from '../protocol/index.ts';
import { createHistory } from './history.ts';
import { idOf, isSavedSource } from './saved-source.ts';
import type { Kind, MayReplace, Saved, SavedConnector, Sources } from './types.ts';

export interface Store
  extends Pick<Sources, 'list' | 'get' | 'has' | 'versions' | 'storedNames' | 'restore' | 'prune'> {
  save(source: Omit<SavedConnector, 'id'>, mayReplace: MayReplace): Promise<Saved>;
  remove(name: string, mayReplace: MayReplace): Promise<void>;
}

const LOCK_WAIT_MS = 10_000;

export function createStore(project: Project, kind: Kind): Store {
  const folder = (): Promise<string> => project.folder(`${kind}s`);
  const fileOf = async (name: string): Promise<string> => join(await folder(), `${name}.json`);
  const history = createHistory(project, kind, fileOf);
  const names = async (): Promise<string[]> => {
    const files = await readdir(await folder());
    return files.flatMap((file) => /^([a-z][a-z0-9_-]*)\.json$/.exec(file)?.[1] ?? []).sort();
  };
  const read = async (name: string): Promise<SavedConnector> => {
    const path = await fileOf(name);
    const value = await readJson(path);
    if (isSavedSource(value)) return value;
    throw new SetupError(
      `damaged_${kind}`,
      `The saved ${kind} "${name}" cannot be read: ${path}.`,
      `Save it again with save_${kind}.`,
    );
  };
  /** Runs `body` while no other call or process saves or removes this name, or one with the same dataset. */
  const alone = async <T>(name: string, body: () => Promise<T>): Promise<T> => {
    const lock = join(await project.folder('locks'), `${kind}-${datasetName(name)}.lock`);
    return withLock(lock, { purpose: `changing the ${kind} ${name}`, waitMs: LOCK_WAIT_MS }, body);
  };
  /** The saved connector of a name; a damaged file counts as one too. */
  const present = async (name: string): Promise<SavedConnector | undefined> => {
    if (!(await exists(await fileOf(name)))) return undefined;
    const damaged: SavedConnector = { name, connector: '', version: '', runtime: 'executable', savedAt: '' };
    return read(name).catch(() => damaged);
  };
  const put = async (source: Omit<SavedConnector, 'id'>, mayReplace: MayReplace): Promise<Saved> => {
    const { name } = source;
    const twin = (await names()).find((other) => other !== name && datasetName(other) === datasetName(name));
    if (twin && kind === 'source') throw datasetClash(name, twin);
    const before = await present(name);
    const isOwn = before !== undefined && (await mayReplace(before));
    const id = before && isOwn ? idOf(before) : randomUUID();
    if (before) await history.keep(name);
    await writeAtomic(await fileOf(name), `${JSON.stringify({ id, ...source }, null, 2)}\n`);
    return { id, replaced: before !== undefined };
  };
  return {
    list: async () => Promise.all((await names()).map(read)),
    has: async (name) => (await names()).includes(name),
    async get(name) {
      const known = await names();
      if (known.includes(name)) return read(name);
      throw unknownName(kind, name, known);
    },
    async save(source, mayReplace) {
      (kind === 'source' ? checkSourceName : checkDestinationName)(source.name);
      return alone(source.name, () => put(source, mayReplace));
    },
    remove: (name, mayReplace) =>
      alone(name, async () => {
        const known = await names();
        const before = known.includes(name) ? await present(name) : undefined;
        if (!before) throw unknownName(kind, name, known);
        await mayReplace(before);
        await history.keep(name);
        await rm(await fileOf(name), { force: true });
      }),
    versions: history.versions,
    storedNames: history.names,
    restore: (name, version) =>
      alone(name, async () => {
        const restored = await history.find(name, version);
        const { id: _, ...saved } = restored.saved;
        return { ...(await put({ ...saved, name, savedAt: new Date().toISOString() }, () => false)), restored };
      }),
    prune: (name, version) => alone(name, () => history.prune(name, version)),
  };
}

function unknownName(kind: Kind, name: string, known: readonly string[]): InputError {
  const near = nearest(name, known);
  return new InputError(
    `unknown_${kind}`,
    `There is no saved ${kind} ${JSON.stringify(name.slice(0, 80))}.`,
    near.length > 0
      ? `Saved: ${near.join(', ')}. list_sources shows all.`
      : `None is saved yet: use save_${kind} first.`,
  );
}

function datasetClash(name: string, twin: string): InputError {
  return new InputError(
    'dataset_clash',
    `"${name}" and the saved source "${twin}" would share the dataset "${datasetName(name)}".`,
    'Choose a name that differs in more than "-" and "_".',
  );
}
