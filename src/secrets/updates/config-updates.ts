/** Changes that connectors make to their own configuration, such as a rotated token: stored, used at the next run, and redacted. */
import { dottedPath } from '../../protocol/index.ts';
import type { GrowingRedactor } from '../redact/redactor.ts';
import type { ConfigUpdates, ResolvedConfig, UpdatedSource } from '../types.ts';
import { withFields } from './changed-fields.ts';
import { createUpdateFiles, type StoredField, type UpdateFiles } from './config-update-files.ts';
import { leavesOf, updatableConfig } from './updatable-config.ts';

/** No service issues a shorter token, and a connector could mask every "1" of an answer. */
const MIN_LENGTH = 8;
const MAX_WAITING = 50;

/** @param folder absolute; undefined if the project directory is unusable, and nothing can be stored */
export function createConfigUpdates(folder: string | undefined, redactor: GrowingRedactor): ConfigUpdates {
  const files = folder === undefined ? undefined : createUpdateFiles(folder);
  /** By fingerprint of the configuration that was checked. */
  const waiting = new Map<string, readonly StoredField[]>();
  const registerAs = (name: string) => (fields: readonly StoredField[]) => registerFields(redactor, name, fields);
  const registerStoredValues = (): void => {
    for (const name of files?.names() ?? []) registerFields(redactor, name, files?.read(name)?.fields ?? []);
  };

  return {
    registerStoredValues,
    forSource(source, config, facts) {
      const { name } = source;
      registerStoredValues();
      if (!files) return config;
      const stored = storedFields(files, source, config);
      if (stored.length === 0) files.remove(name);
      return updatableConfig(name, config, facts, {
        stored,
        register: registerAs(name),
        // Another run of the same source may have stored something in between.
        store: (fields) => writeFields(files, source, config, withFields(storedFields(files, source, config), fields)),
      });
    },
    forCheck(config, facts) {
      const key = config.fingerprint;
      return updatableConfig('config', config, facts, {
        stored: waiting.get(key) ?? [],
        register: registerAs('config'),
        store(fields) {
          const all = withFields(waiting.get(key) ?? [], fields);
          if (waiting.size >= MAX_WAITING) waiting.clear();
          waiting.set(key, all);
        },
      });
    },
    keepFor(source, checked) {
      files?.remove(source.name);
      const fields = checked && waiting.get(checked.fingerprint);
      if (!files || !checked || !fields) return;
      waiting.delete(checked.fingerprint);
      writeFields(files, source, checked, fields);
    },
    fieldsOf({ name, savedAt }) {
      const stored = files?.read(name);
      if (stored?.savedAt !== savedAt) return undefined;
      return { fields: stored.fields.map(({ path }) => dottedPath(path)), keptAt: stored.keptAt };
    },
    drop: (source) => files?.remove(source) ?? false,
  };
}

/** The changes that are stored for a source with this very configuration. */
function storedFields(files: UpdateFiles, source: UpdatedSource, config: ResolvedConfig): readonly StoredField[] {
  const stored = files.read(source.name);
  return stored && stored.base === baseOf(files, source, config) ? stored.fields : [];
}

function writeFields(
  files: UpdateFiles,
  source: UpdatedSource,
  config: ResolvedConfig,
  fields: readonly StoredField[],
): void {
  const { name, savedAt } = source;
  files.write(name, { base: baseOf(files, source, config), savedAt, keptAt: new Date().toISOString(), fields });
}

function baseOf(files: UpdateFiles, { name, savedAt }: UpdatedSource, config: ResolvedConfig): string {
  return config.use((plain) => files.keyedHash([name, savedAt, plain]));
}

function registerFields(redactor: GrowingRedactor, source: string, fields: readonly StoredField[]): void {
  for (const { path, value, sensitive } of fields) {
    const name = `${source}.${dottedPath(path)}`;
    for (const leaf of leavesOf(value)) if (isDistinct(leaf, sensitive)) redactor.add(name, leaf, { sensitive });
  }
}

/** Short values, and words such as a scope that no field marks as secret, occur in ordinary text: redacting them would make it unreadable. */
function isDistinct(leaf: string, sensitive: boolean): boolean {
  return leaf.length >= MIN_LENGTH && (sensitive || /\d/.test(leaf));
}
