/** The only holder of secret values: reads the stores, lists names, resolves configurations, and teaches the redactor. */
import {
  type EnvFileContents,
  envFileStamp,
  isSettingName,
  isWritten,
  readEnvFile,
  type Settings,
  writtenEnvFile,
} from '../../config/index.ts';
import { type Problem, SetupError } from '../../errors.ts';
import { MIN_NEEDLE } from '../redact/needle-search.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { KnownSecret } from '../references/layer-context.ts';
import { resolveLayers } from '../references/layers.ts';
import type { SecretEntry, SecretKind, SecretStore, Vault } from '../types.ts';
import { createConfigUpdates } from '../updates/config-updates.ts';
import { withCredential } from './credential.ts';
import { isGuessable } from './guessable.ts';
import { isSensitive } from './sensitive.ts';

export interface VaultOptions {
  readonly settings: Settings;
  /** The env file as it was read at the start. */
  readonly contents?: EnvFileContents;
  /** Values of settings that came from the process environment; they are sealed, never referred to. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Further stores; where names are the same the env file wins, then the earlier store. */
  readonly stores?: readonly SecretStore[];
}

interface Stored extends KnownSecret {
  readonly store: SecretEntry['store'];
}

export function createVault({ settings, contents: atStart, environment, stores = [] }: VaultOptions): Vault {
  const redactor = createRedactor();
  let contents = atStart;
  let failure: SetupError | undefined;
  let storeValues: { store: SecretEntry['store']; values: ReadonlyMap<string, string> }[] | undefined;
  let storeWarnings: string[] = [];
  let refreshing: Promise<void> | undefined;

  const learn = (values: ReadonlyMap<string, string>): void => {
    for (const [name, value] of values) {
      const kind = kindOf(name, value, settings);
      // A setting such as a path is no secret; sealing it would only hide what messages are about.
      if (kind !== 'setting') redactor.add(name, value, { sensitive: kind === 'sensitive' });
      else if (isSensitive(name, value, settings)) redactor.add(name, value, { sensitive: true });
    }
  };
  if (atStart) learn(atStart.values);
  if (environment) learn(environment);

  const readAgain = async (): Promise<void> => {
    const path = settings.envFile.path;
    if (path === undefined) return;
    try {
      if (contents && !failure && (await envFileStamp(path)) === contents.stamp) return;
      if (isWritten(path, { ...settings, writeDirectories: [] })) throw writtenEnvFile(path);
      const fresh = await readEnvFile(path);
      learn(fresh.values);
      contents = fresh;
      failure = undefined;
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failure = error;
    }
  };
  const refresh = (): Promise<void> => {
    refreshing ??= readAgain().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  const readStores = async (): Promise<void> => {
    if (storeValues) return;
    const warnings: string[] = [];
    const read = await Promise.all(
      stores.map(async (source) => {
        try {
          const values = await source.read();
          learn(values);
          return [{ store: source.store, values }];
        } catch {
          // The cause may quote what the store holds.
          warnings.push(`The ${source.store} cannot be read; its secrets are not available until the server restarts.`);
          return [];
        }
      }),
    );
    storeWarnings = warnings;
    storeValues = read.flat();
  };

  const secrets = (): Map<string, Stored> => {
    const found = new Map<string, Stored>();
    const all = [
      { store: 'env file' as const, values: failure ? undefined : contents?.values },
      ...(storeValues ?? []),
    ];
    for (const { store, values } of all) {
      for (const [name, value] of values ?? []) {
        if (!found.has(name)) found.set(name, { value, kind: kindOf(name, value, settings), store });
      }
    }
    return found;
  };
  const sensitiveNames = (holds: (value: string) => boolean): string[] =>
    [...secrets()]
      .filter(([name, { value }]) => holds(value.trim()) && isSensitive(name, value, settings))
      .map(([name]) => name)
      .sort();
  const problems = (): Problem[] => {
    const unread = failure && { path: 'AIRBYTE_MCP_ENV_FILE', message: failure.message, fix: failure.next };
    const setting = settings.envFile.path === undefined ? settings.envFile.problem : undefined;
    return [setting, unread, ...(failure ? [] : (contents?.problems ?? []))].filter((problem) => problem !== undefined);
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
      await Promise.all([refresh(), readStores()]);
      return [...secrets()]
        .map(([name, { value, kind, store }]) => ({ name, store, set: value.trim() !== '', kind }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async resolve(layers, against) {
      await Promise.all([refresh(), readStores()]);
      const path = settings.envFile.path;
      return resolveLayers(layers, {
        ...against,
        settings,
        secrets: secrets(),
        store: path ? `the env file ${path}` : 'an env file (set AIRBYTE_MCP_ENV_FILE to its absolute path)',
        storeProblems: problems(),
        suspicions: (failure ? undefined : contents?.suspicions) ?? new Map(),
        onSecret: (name, value) => {
          if (!settings.plainNames.includes(name)) redactor.add(name, value, { sensitive: true });
        },
      });
    },
    async status() {
      await refresh();
      const path = settings.envFile.path;
      const readableBy = failure ? undefined : contents?.readableBy;
      return {
        ...(path
          ? { envFile: { path, readable: !failure && contents !== undefined, ...(readableBy ? { readableBy } : {}) } }
          : {}),
        problems: problems(),
        warnings: [...(failure ? [] : (contents?.warnings ?? [])), ...storeWarnings],
        tooShort: sensitiveNames(isTooShort),
        guessable: sensitiveNames((value) => !isTooShort(value) && value !== '' && isGuessable(value)),
        changedSettings: failure ? [] : changedSettings(atStart, contents),
      };
    },
  };
}

function kindOf(name: string, value: string, settings: Settings): SecretKind {
  if (isSettingName(name)) return 'setting';
  return isSensitive(name, value, settings) ? 'sensitive' : 'plain';
}

function isTooShort(value: string): boolean {
  const length = value.trim().length;
  return length > 0 && length < MIN_NEEDLE;
}

function changedSettings(before: EnvFileContents | undefined, after: EnvFileContents | undefined): string[] {
  const names = [...(before?.values.keys() ?? []), ...(after?.values.keys() ?? [])].filter(isSettingName);
  return [...new Set(names)].filter((name) => before?.values.get(name) !== after?.values.get(name)).sort();
}
