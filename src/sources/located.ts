/** What a caller names, found in the registry, and what is needed to look at it. */
import type { ConnectorFacts, Connectors } from '../connectors/index.ts';
import type { Registry, RegistryEntry } from '../registry/index.ts';
import type { ConfigUpdates, Vault } from '../secrets/index.ts';
import type { ConnectorConfigInput } from './types.ts';

export interface SourceDeps {
  readonly vault: Vault;
  readonly registry: Registry;
  readonly connectors: Connectors;
  readonly updates: ConfigUpdates;
}

/** An executable and a manifest of the user's own have no entry. */
export interface Located {
  readonly input: ConnectorConfigInput;
  readonly entry?: RegistryEntry;
}

export function factsOf(entry: RegistryEntry, registry: Registry): ConnectorFacts {
  const { runtimes, pypiPackage, repository, version, cdkVersion } = entry;
  return {
    runtimes,
    pypiPackage,
    repository,
    version,
    cdkVersion,
    ...(runtimes.includes('manifest')
      ? {
          versionsHost: registry.versionsHost(),
          manifest: (wanted, signal) => registry.manifest(entry, wanted, signal),
          components: (wanted, signal) => registry.components(entry, wanted, signal),
          spec: (wanted, signal) => registry.specFor(entry, wanted, signal),
        }
      : {}),
  };
}
