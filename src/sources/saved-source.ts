/** Validates the file of a saved connector, and identifies the connector and the data that it reads. */
import { createHash } from 'node:crypto';
import { canonicalJson, isObject, type JsonValue } from '../protocol/index.ts';
import { idOfOld } from '../safety/index.ts';
import type { SavedConnector } from './types.ts';

export function isSavedSource(value: unknown): value is SavedConnector & Record<string, never> {
  return isObject(value) && ['name', 'connector', 'version', 'runtime'].every((key) => typeof value[key] === 'string');
}

/** A connector that was saved before ids existed gets one that no session owns. */
export function idOf({ id, name }: Pick<SavedConnector, 'id' | 'name'>): string {
  return id ?? idOfOld(name);
}

/**
 * A hash of the configuration as written: references and names of files, never what they resolve to. A rotated
 * secret and an edited `config_file` leave it the same.
 */
export function originOf(source: Omit<SavedConnector, 'name' | 'version' | 'runtime' | 'savedAt'>): string {
  const { connector, manifestPath, config, configFile, configSecret } = source;
  const written = { connector, manifestPath, config, configFile, configSecret };
  const text = canonicalJson(JSON.parse(JSON.stringify(written)) as JsonValue);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
