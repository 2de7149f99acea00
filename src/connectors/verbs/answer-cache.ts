/** Specs and catalogs that connectors gave before: a Python connector needs seconds to start, only to say the same again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Project, readJson, writeAtomic } from '../../project/index.ts';
import { canonicalJson, isObject, type JsonObject } from '../../protocol/index.ts';

export interface AnswerCache {
  get(kind: CachedKind, key: JsonObject): Promise<CachedAnswer | undefined>;
  /** @param misfits added to those of the previous value: do not ask again for one that a new schema did not fix */
  put(kind: CachedKind, key: JsonObject, value: JsonObject, misfits?: readonly string[], keptAt?: Date): Promise<void>;
}

export interface CachedAnswer {
  readonly value: JsonObject;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
  /** What did not fit the schema, one description each. */
  readonly misfits: readonly string[];
}

export type CachedKind = 'spec' | 'catalog';

export function createAnswerCache(project: Project): AnswerCache {
  const pathOf = async (kind: CachedKind, key: JsonObject): Promise<string> => {
    const hash = createHash('sha256').update(canonicalJson(key)).digest('hex').slice(0, 32);
    return join(await project.folder('catalogs'), `${kind}-${hash}.json`);
  };
  return {
    async get(kind, key) {
      const cached = await readJson(await pathOf(kind, key));
      if (!isObject(cached) || !isObject(cached.value) || canonicalJson(cached.key) !== canonicalJson(key))
        return undefined;
      const { value, kept_at: keptAt, misfits } = cached;
      return {
        value,
        keptAt: Date.parse(String(keptAt)) || 0,
        misfits: Array.isArray(misfits) ? misfits.map(String) : [],
      };
    },
    async put(kind, key, value, misfits = [], keptAt = new Date()) {
      const text = JSON.stringify({ key, kept_at: keptAt.toISOString(), misfits, value });
      await writeAtomic(await pathOf(kind, key), text);
    },
  };
}
