/** The only holder of secret values: reads the stores, lists names, resolves configurations, and registers values with the redactor. */
import { type EnvFileContents, isSettingName, type Settings } from '../../config/index.ts';
import { MIN_NEEDLE } from '../redact/needle-search.ts';
import { createRedactor, type GrowingRedactor } from '../redact/redactor.ts';
import type { KnownSecret } from '../references/layer-context.ts';
import { resolveLayers } from '../references/layers.ts';
import type { SecretEntry, SecretKind, SecretStore, Vault, VaultStatus } from '../types.ts';
import { createConfigUpdates } from '../updates/config-updates.ts';
import { withCredential } from './credential.ts';
import { type CurrentEnvFile, createCurrentEnvFile } from './current-env-file.ts';
import { isGuessable } from './guessable.ts';
import { createSecretStores, type SecretStores } from './secret-stores.ts';
import { isSensitive } from './sensitive.ts';

export interface VaultOptions {
  readonly settings: Settings;
  /** The env file as it was read at the start. */
  readonly contents?: EnvFileContents;
  /** Values of settings that came from the process environment; they are redacted, and references cannot name them. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Further stores; for equal names the env file wins, then the earlier store. */
  readonly stores?: readonly SecretStore[];
}

interface StoredSecret extends KnownSecret {
  readonly store: SecretEntry['store'];
}

export function createVault({ settings, contents: atStart, environment, stores = [] }: VaultOptions): Vault {
  const redactor = createRedactor();
  const register = (values: ReadonlyMap<string, string>): void => registerValues(redactor, values, settings);
  const envFile = createCurrentEnvFile(settings, atStart, register);
  const otherStores = createSecretStores(stores, register);
  if (atStart) register(atStart.values);
  if (environment) register(environment);
  const loadSecrets = async (): Promise<Map<string, StoredSecret>> => {
    await Promise.all([envFile.refresh(), otherStores.load()]);
    return storedSecrets(envFile, otherStores, settings);
  };

  return {
    redactor,
    credential(name) {
      // The environment wins over the file, as for every setting.
      const value = (environment?.get(name) || atStart?.values.get(name))?.trim();
      return value ? withCredential(value) : undefined;
    },
    protect(name, value) {
      redactor.add(name, value, { sensitive: true });
      return withCredential(value);
    },
    configUpdates: (folder) => createConfigUpdates(folder, redactor),
    async list() {
      return [...(await loadSecrets())]
        .map(([name, { value, kind, store }]) => ({ name, store, set: value.trim() !== '', kind }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async resolve(layers, against) {
      const secrets = await loadSecrets();
      const { path } = settings.envFile;
      return resolveLayers(layers, {
        ...against,
        settings,
        secrets,
        store: path ? `the env file ${path}` : 'an env file (set AIRBYTE_MCP_ENV_FILE to its absolute path)',
        storeProblems: envFile.problems(),
        suspicions: envFile.contents()?.suspicions ?? new Map(),
        onSecret: (name, value) => {
          if (!settings.plainNames.includes(name)) redactor.add(name, value, { sensitive: true });
        },
      });
    },
    async status() {
      await envFile.refresh();
      const contents = envFile.contents();
      const secrets = storedSecrets(envFile, otherStores, settings);
      return {
        ...envFileStatus(settings.envFile.path, contents),
        problems: envFile.problems(),
        warnings: [...(contents?.warnings ?? []), ...otherStores.warnings()],
        tooShort: sensitiveNames(secrets, settings, isTooShort),
        guessable: sensitiveNames(secrets, settings, isLongButGuessable),
        changedSettings: contents ? changedSettings(atStart, contents) : [],
      };
    },
  };
}

/** Makes the redactor recognize the values of a store. */
function registerValues(redactor: GrowingRedactor, values: ReadonlyMap<string, string>, settings: Settings): void {
  for (const [name, value] of values) {
    const kind = kindOf(name, value, settings);
    // A setting such as a path is not a secret: redacting it would make messages unreadable.
    if (kind !== 'setting') redactor.add(name, value, { sensitive: kind === 'sensitive' });
    else if (isSensitive(name, value, settings)) redactor.add(name, value, { sensitive: true });
  }
}

/** All secrets by name; for equal names the env file wins, then the earlier store. */
function storedSecrets(envFile: CurrentEnvFile, others: SecretStores, settings: Settings): Map<string, StoredSecret> {
  const found = new Map<string, StoredSecret>();
  const all = [{ store: 'env file' as const, values: envFile.contents()?.values }, ...others.values()];
  for (const { store, values } of all) {
    for (const [name, value] of values ?? []) {
      if (!found.has(name)) found.set(name, { value, kind: kindOf(name, value, settings), store });
    }
  }
  return found;
}

function sensitiveNames(
  secrets: ReadonlyMap<string, StoredSecret>,
  settings: Settings,
  matches: (value: string) => boolean,
): string[] {
  return [...secrets]
    .filter(([name, { value }]) => matches(value.trim()) && isSensitive(name, value, settings))
    .map(([name]) => name)
    .sort();
}

function envFileStatus(path: string | undefined, contents: EnvFileContents | undefined): Pick<VaultStatus, 'envFile'> {
  if (!path) return {};
  const readableBy = contents?.readableBy;
  return { envFile: { path, readable: contents !== undefined, ...(readableBy ? { readableBy } : {}) } };
}

function kindOf(name: string, value: string, settings: Settings): SecretKind {
  if (isSettingName(name)) return 'setting';
  return isSensitive(name, value, settings) ? 'sensitive' : 'plain';
}

function isTooShort(value: string): boolean {
  const length = value.trim().length;
  return length > 0 && length < MIN_NEEDLE;
}

function isLongButGuessable(value: string): boolean {
  return value !== '' && !isTooShort(value) && isGuessable(value);
}

function changedSettings(before: EnvFileContents | undefined, after: EnvFileContents): string[] {
  const names = [...(before?.values.keys() ?? []), ...after.values.keys()].filter(isSettingName);
  return [...new Set(names)].filter((name) => before?.values.get(name) !== after.values.get(name)).sort();
}
