/** The stores in addition to the env file, such as the keychain: each is read once, at the first call that needs secrets. */
import type { SecretEntry, SecretStore } from '../types.ts';

export interface StoreValues {
  readonly store: SecretEntry['store'];
  readonly values: ReadonlyMap<string, string>;
}

export interface SecretStores {
  load(): Promise<void>;
  /** Loaded values, in the order of the stores. */
  values(): readonly StoreValues[];
  warnings(): readonly string[];
}

/** @param onValues called with the values of each store that is read */
export function createSecretStores(
  stores: readonly SecretStore[],
  onValues: (values: ReadonlyMap<string, string>) => void,
): SecretStores {
  let loaded: readonly StoreValues[] | undefined;
  let warnings: readonly string[] = [];

  const read = async (source: SecretStore): Promise<StoreValues | string> => {
    try {
      const values = await source.read();
      onValues(values);
      return { store: source.store, values };
    } catch {
      // The cause may quote the store's content.
      return `The ${source.store} cannot be read; its secrets are not available until the server restarts.`;
    }
  };

  return {
    async load() {
      if (loaded) return;
      const results = await Promise.all(stores.map(read));
      warnings = results.filter((result) => typeof result === 'string');
      loaded = results.filter((result) => typeof result !== 'string');
    },
    values: () => loaded ?? [],
    warnings: () => warnings,
  };
}
