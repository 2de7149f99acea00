/** A connector named by a caller, with its registry entry, and the modules needed to examine it. */
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

/** The user's own executable or manifest has no entry. */
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
          manifest: (of, signal) => registry.manifest(entry, of, signal),
          components: (of, signal) => registry.components(entry, of, signal),
          spec: (of, signal) => registry.specFor(entry, of, signal),
        }
      : {}),
  };
}
