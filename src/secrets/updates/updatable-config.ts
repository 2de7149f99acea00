/** A resolved configuration that takes the changes which its connector reports. */
import { messageOf } from '../../errors.ts';
import { dottedPath, fieldsAt, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { resolvedConfig } from '../references/resolved-config.ts';
import type { ResolvedConfig, StoredUpdateReport, UpdateFacts } from '../types.ts';
import { hasSensitiveShape } from '../vault/sensitive.ts';
import { changedFields, layFields } from './changed-fields.ts';
import type { StoredField } from './config-update-files.ts';

const MAX_LENGTH = 256 * 1024;

export interface UpdateStorage {
  /** The changes so far. */
  readonly stored: readonly StoredField[];
  /** Makes the redactor recognize new values. */
  register(fields: readonly StoredField[]): void;
  /** Stores further changes; may throw. */
  store(fields: readonly StoredField[]): void;
}

/** The configuration for the connector; its fingerprint is that of the unchanged configuration. */
export function updatableConfig(
  name: string,
  config: ResolvedConfig,
  facts: UpdateFacts,
  storage: UpdateStorage,
): ResolvedConfig {
  let current = config.use((plain) => layFields(plain, storage.stored));
  const applyChanges = (updated: JsonObject): readonly string[] => {
    if (JSON.stringify(updated).length > MAX_LENGTH) throw new RangeError('the new configuration is too large');
    const fields = markedChanges(current, updated, facts);
    if (fields.length === 0) return [];
    // Register first: if a later step fails, its error is already redacted.
    storage.register(fields);
    current = layFields(current, fields);
    storage.store(fields);
    return fields.map(({ path }) => dottedPath(path));
  };
  const keepUpdate = ({ connectorConfig }: JsonObject): StoredUpdateReport => {
    const updated = isObject(connectorConfig) ? connectorConfig.config : undefined;
    try {
      return { fields: isObject(updated) ? applyChanges(withoutInjected(updated)) : [] };
    } catch (error) {
      const reason = messageOf(error);
      return { fields: [], problem: `The connector changed its configuration, which could not be stored: ${reason}.` };
    }
  };
  const configFacts = { outline: config.outline, written: name, literals: config.literals };
  return Object.defineProperties(resolvedConfig({}, configFacts), {
    fingerprint: { value: config.fingerprint },
    // The next verb of the same call gets a token that this verb rotated.
    use: { value: <T>(callback: (plain: JsonObject) => T): T => callback(structuredClone(current)) },
    keepUpdate: { value: keepUpdate },
  });
}

function markedChanges(before: JsonObject, updated: JsonObject, facts: UpdateFacts): StoredField[] {
  return changedFields(before, updated).map((field) => ({
    ...field,
    sensitive: isSensitiveField(field.path, field.value, { ...facts, merged: updated }),
  }));
}

/** The spec's mark decides; a field that it does not know, or leaves to the user, counts as secret. */
function isSensitiveField(
  path: readonly string[],
  value: JsonValue,
  { spec, secretKeys, merged }: UpdateFacts & { readonly merged: JsonObject },
): boolean {
  const facts = fieldsAt(spec, path, merged);
  if (facts.secret || !facts.known || facts.freeForm || path.some((key) => secretKeys.has(key))) return true;
  return leavesOf(value).some(hasSensitiveShape);
}

/** The strings and numbers in a value, as text. */
export function leavesOf(value: JsonValue): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** The CDK puts the manifest that it was given into the configuration, and reports it with the rest. */
function withoutInjected(updated: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(updated).filter(([key]) => !key.startsWith('__injected_')));
}
