/** Specs and catalogs that connectors gave before: a Python connector needs seconds to start, only to say the same again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Project, readJson, writeAtomic } from '../../project/index.ts';
import { canonicalJson, isObject, type JsonObject } from '../../protocol/index.ts';

export interface Kept {
  get(kind: KeptKind, key: JsonObject): Promise<JsonObject | undefined>;
  put(kind: KeptKind, key: JsonObject, value: JsonObject): Promise<void>;
}

export type KeptKind = 'spec' | 'catalog';

export function createKept(project: Project): Kept {
  const pathOf = async (kind: KeptKind, key: JsonObject): Promise<string> => {
    const hash = createHash('sha256').update(canonicalJson(key)).digest('hex').slice(0, 32);
    return join(await project.folder('catalogs'), `${kind}-${hash}.json`);
  };
  return {
    async get(kind, key) {
      const kept = await readJson(await pathOf(kind, key));
      return isObject(kept) && isObject(kept.value) && canonicalJson(kept.key) === canonicalJson(key)
        ? kept.value
        : undefined;
    },
    async put(kind, key, value) {
      const text = JSON.stringify({ key, kept_at: new Date().toISOString(), value });
      await writeAtomic(await pathOf(kind, key), text);
    },
  };
}
