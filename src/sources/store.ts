/** Saved connectors of one kind as files of the project: `sources/NAME.json`, and `NAME.previous.json` for the one it replaced. */
import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, SetupError } from '../errors.ts';
import { type Project, readJson, writeAtomic } from '../project/index.ts';
import { checkDestinationName, checkSourceName, datasetName, isObject, nearest } from '../protocol/index.ts';
import type { Kind, SavedSource } from './types.ts';

export interface Store {
  list(): Promise<readonly SavedSource[]>;
  get(name: string): Promise<SavedSource>;
  has(name: string): Promise<boolean>;
  save(source: SavedSource): Promise<{ readonly replaced: boolean }>;
  remove(name: string): Promise<void>;
}

export function createStore(project: Project, kind: Kind): Store {
  const folder = (): Promise<string> => project.folder(`${kind}s`);
  const names = async (): Promise<string[]> => {
    const files = await readdir(await folder());
    return files.flatMap((file) => /^([a-z][a-z0-9_-]*)\.json$/.exec(file)?.[1] ?? []).sort();
  };
  const read = async (name: string): Promise<SavedSource> => {
    const path = join(await folder(), `${name}.json`);
    const value = await readJson(path);
    if (isSavedSource(value)) return value;
    throw new SetupError(
      `damaged_${kind}`,
      `The saved ${kind} "${name}" cannot be read: ${path}.`,
      `Save it again with save_${kind}.`,
    );
  };
  return {
    list: async () => Promise.all((await names()).map(read)),
    has: async (name) => (await names()).includes(name),
    async get(name) {
      const known = await names();
      if (known.includes(name)) return read(name);
      throw unknownName(kind, name, known);
    },
    async save(source) {
      (kind === 'source' ? checkSourceName : checkDestinationName)(source.name);
      const known = await names();
      const twin = known.find((other) => other !== source.name && datasetName(other) === datasetName(source.name));
      if (twin && kind === 'source') throw datasetClash(source.name, twin);
      const path = join(await folder(), `${source.name}.json`);
      const replaced = known.includes(source.name);
      // A copy, not a rename: a death in between leaves the old source in its place.
      if (replaced) await copyFile(path, path.replace(/\.json$/, '.previous.json'));
      await writeAtomic(path, `${JSON.stringify(source, null, 2)}\n`);
      return { replaced };
    },
    async remove(name) {
      const known = await names();
      if (!known.includes(name)) throw unknownName(kind, name, known);
      const path = join(await folder(), `${name}.json`);
      await rm(path.replace(/\.json$/, '.previous.json'), { force: true });
      await rm(path, { force: true });
    },
  };
}

function isSavedSource(value: unknown): value is SavedSource & Record<string, never> {
  return isObject(value) && ['name', 'connector', 'version', 'runtime'].every((key) => typeof value[key] === 'string');
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
