/** What a file of the project must hold to be a saved connector, and what identifies it and the data that it reads. */
import { createHash } from 'node:crypto';
import { canonicalJson, isObject, type JsonValue } from '../protocol/index.ts';
import { idOfOld } from '../safety/index.ts';
import type { SavedConnector } from './types.ts';

export function isSavedSource(value: unknown): value is SavedConnector & Record<string, never> {
  return isObject(value) && ['name', 'connector', 'version', 'runtime'].every((key) => typeof value[key] === 'string');
}

/** One that was saved before ids were has one that no session owns. */
export function idOf({ id, name }: Pick<SavedConnector, 'id' | 'name'>): string {
  return id ?? idOfOld(name);
}

/**
 * What is written of where the data come from, as a hash: references and names of files, never what they resolve to. A rotated
 * secret and an edited `config_file` leave it the same.
 */
export function originOf(source: Omit<SavedConnector, 'name' | 'version' | 'runtime' | 'savedAt'>): string {
  const { connector, manifestPath, config, configFile, configSecret } = source;
  const written = { connector, manifestPath, config, configFile, configSecret };
  const text = canonicalJson(JSON.parse(JSON.stringify(written)) as JsonValue);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
