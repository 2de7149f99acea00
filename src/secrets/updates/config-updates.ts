/** What connectors change in their own configuration, such as a rotated token: kept, used at the next run, known to the seal. */
import { messageOf } from '../../errors.ts';
import { dottedPath, fieldsAt, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { GrowingRedactor } from '../redact/redactor.ts';
import { resolvedConfig } from '../references/resolved-config.ts';
import type { ConfigUpdates, ResolvedConfig, StoredUpdateReport, UpdatedSource, UpdateFacts } from '../types.ts';
import { hasSensitiveShape } from '../vault/sensitive.ts';
import { changedFields, layFields, withFields } from './changed-fields.ts';
import { createUpdateFiles, type StoredField } from './config-update-files.ts';

/** A saved source, as far as its changes depend on it. */
/** No service issues a shorter token, and a connector could hide every "1" of an answer. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 256 * 1024;
const MAX_WAITING = 50;

/** @param folder absolute; undefined where the project directory is unusable, and nothing can be kept */
export function createConfigUpdates(folder: string | undefined, redactor: GrowingRedactor): ConfigUpdates {
  const files = folder === undefined ? undefined : createUpdateFiles(folder);
  /** By fingerprint of the configuration that was checked. */
  const waiting = new Map<string, readonly StoredField[]>();

  const teach = (source: string, fields: readonly StoredField[]): void => {
    for (const { path, value, sensitive } of fields) {
      const name = `${source}.${dottedPath(path)}`;
      for (const leaf of leavesOf(value)) if (isDistinct(leaf, sensitive)) redactor.add(name, leaf, { sensitive });
    }
  };
  const learn = (): void => {
    for (const name of files?.names() ?? []) teach(name, files?.read(name)?.fields ?? []);
  };
  const baseOf = ({ name, savedAt }: UpdatedSource, config: ResolvedConfig): string =>
    config.use((plain) => files?.keyedHash([name, savedAt, plain]) ?? '');

  /** The configuration as it goes to the connector; it stays known by the fingerprint of what it was made of. */
  const updatable = (
    name: string,
    config: ResolvedConfig,
    { spec, secretKeys }: UpdateFacts,
    kept: readonly StoredField[],
    keep: (fields: readonly StoredField[]) => void,
  ): ResolvedConfig => {
    let now = config.use((plain) => layFields(plain, kept));
    const keepChanges = (updated: JsonObject): readonly string[] => {
      if (JSON.stringify(updated).length > MAX_LENGTH) throw new RangeError('the new configuration is too large');
      const fields = changedFields(now, updated).map((field) => ({
        ...field,
        sensitive: isSensitiveField(field.path, field.value, { spec, secretKeys, whole: updated }),
      }));
      if (fields.length === 0) return [];
      // The seal first: whatever fails afterwards may be told.
      teach(name, fields);
      now = layFields(now, fields);
      keep(fields);
      return fields.map(({ path }) => dottedPath(path));
    };
    const keepUpdate = ({ connectorConfig }: JsonObject): StoredUpdateReport => {
      const updated = isObject(connectorConfig) ? connectorConfig.config : undefined;
      try {
        return { fields: isObject(updated) ? keepChanges(withoutInjected(updated)) : [] };
      } catch (error) {
        const reason = messageOf(error);
        return { fields: [], problem: `The connector changed its configuration, which could not be kept: ${reason}.` };
      }
    };
    const facts = { outline: config.outline, written: name, literals: config.literals };
    return Object.defineProperties(resolvedConfig({}, facts), {
      fingerprint: { value: config.fingerprint },
      // What one verb used up, the next one of the same call gets again.
      use: { value: <T>(callback: (plain: JsonObject) => T): T => callback(structuredClone(now)) },
      keepUpdate: { value: keepUpdate },
    });
  };

  return {
    registerStoredValues: learn,
    forSource(source, config, facts) {
      const { name, savedAt } = source;
      learn();
      if (!files) return config;
      const current = (): readonly StoredField[] => {
        const kept = files.read(name);
        return kept && kept.base === baseOf(source, config) ? kept.fields : [];
      };
      const kept = current();
      if (kept.length === 0) files.remove(name);
      return updatable(name, config, facts, kept, (fields) => {
        // Another run of the same source may have kept something meanwhile.
        const all = withFields(current(), fields);
        files.write(name, { base: baseOf(source, config), savedAt, keptAt: new Date().toISOString(), fields: all });
      });
    },
    forCheck(config, facts) {
      const key = config.fingerprint;
      return updatable('config', config, facts, waiting.get(key) ?? [], (fields) => {
        const all = withFields(waiting.get(key) ?? [], fields);
        if (waiting.size >= MAX_WAITING) waiting.clear();
        waiting.set(key, all);
      });
    },
    keepFor(source, checked) {
      files?.remove(source.name);
      const fields = checked && waiting.get(checked.fingerprint);
      if (!files || !checked || !fields) return;
      waiting.delete(checked.fingerprint);
      const { name, savedAt } = source;
      files.write(name, { base: baseOf(source, checked), savedAt, keptAt: new Date().toISOString(), fields });
    },
    fieldsOf({ name, savedAt }) {
      const kept = files?.read(name);
      if (kept?.savedAt !== savedAt) return undefined;
      return { fields: kept.fields.map(({ path }) => dottedPath(path)), keptAt: kept.keptAt };
    },
    drop: (source) => files?.remove(source) ?? false,
  };
}

/** The spec's word counts; a field that it does not know, or leaves to the user, is secret: nobody said that it is not. */
function isSensitiveField(
  path: readonly string[],
  value: JsonValue,
  { spec, secretKeys, whole }: UpdateFacts & { readonly whole: JsonObject },
): boolean {
  const facts = fieldsAt(spec, path, whole);
  if (facts.secret || !facts.known || facts.freeForm || path.some((key) => secretKeys.has(key))) return true;
  return leavesOf(value).some(hasSensitiveShape);
}

/** Short values, and words that no field calls secret, such as a scope, stand in everybody's sentences: the seal would spoil them. */
function isDistinct(leaf: string, sensitive: boolean): boolean {
  return leaf.length >= MIN_LENGTH && (sensitive || /\d/.test(leaf));
}

function leavesOf(value: JsonValue): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** The CDK puts the manifest that it was given into the configuration, and tells it with the rest. */
function withoutInjected(updated: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(updated).filter(([key]) => !key.startsWith('__injected_')));
}
