/** The registry: fetched, cached, searched. Nothing is read before the first call. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Settings } from '../config/index.ts';
import { SluiceError, systemCode, UpstreamError } from '../errors.ts';
import { createHostMemory, type HostMemory } from '../hosts.ts';
import type { Project } from '../project/index.ts';
import {
  type Addresses,
  badLocalRegistry,
  PUBLIC_ADDRESSES,
  type RegistryLocation,
  registryLocation,
} from './addresses.ts';
import { DAY_MS, type Obtained, obtain } from './cached.ts';
import { parseRegistry, specOfEntry } from './entries.ts';
import { createMemo, type Memo } from './memo.ts';
import { findEntry, searchEntries } from './search.ts';
import { createStore, type Store } from './store.ts';
import type { Registry, RegistryEntry, SecretKeys } from './types.ts';
import { createVersions } from './versions.ts';

const REGISTRY_MAX_BYTES = 64_000_000;
const SECRET_KEYS_MAX_BYTES = 1_000_000;
/** How long after a failure the network is not tried again: every call would wait for it. */
const RETRY_MS = 5 * 60 * 1000;

export interface RegistryOptions {
  readonly settings: Pick<Settings, 'version' | 'localRegistry' | 'offline'>;
  readonly project: Project;
  /** Where the public services are, when not at their usual addresses. */
  readonly addresses?: Partial<Addresses>;
  readonly hosts?: HostMemory;
}

interface RegistryDeps {
  readonly store: Store;
  readonly userAgent: string;
  readonly offline: boolean;
  readonly hosts: HostMemory;
  readonly location: () => RegistryLocation;
}

export function createRegistry(options: RegistryOptions): Registry {
  const { settings, project, addresses, hosts = createHostMemory() } = options;
  const standard = { ...PUBLIC_ADDRESSES, ...addresses };
  const location = (): RegistryLocation => registryLocation(settings, standard);
  const userAgent = `sluice-mcp/${settings.version}`;
  const deps: RegistryDeps = { store: createStore(project), userAgent, offline: settings.offline, hosts, location };
  const published = createPublishedRegistry(deps);
  const local = createLocalFile();
  const secretKeys = createMemo<SecretKeys>(
    () => fetchSecretKeys(deps),
    ({ note }) => Date.now() + (note === undefined || settings.offline ? DAY_MS : RETRY_MS),
  );

  const registry: Registry = {
    async all(signal) {
      const { file } = location();
      const { value, source, checkedAt, note } = file ? await local(file) : await published.get(signal);
      return { entries: value, source, ageSeconds: Math.max(0, Math.round((Date.now() - checkedAt) / 1000)), note };
    },
    async find(name, signal) {
      return findEntry((await registry.all(signal)).entries, name);
    },
    async search(query, signal) {
      const { entries, note } = await registry.all(signal);
      return { ...searchEntries(entries, query), note };
    },
    versionsHost: () => new URL(location().addresses.metadata).host,
    spec: async (entry) => specOfEntry(entry),
    secretKeys: (signal) => secretKeys.get(signal),
    ...createVersions({ ...deps, addresses: () => location().addresses }),
  };
  return registry;
}

/** Airbyte's published list; after a failure the copy is used for a while before the network is tried again. */
function createPublishedRegistry(deps: RegistryDeps): Memo<Obtained<readonly RegistryEntry[]>> {
  const { store, userAgent, offline, hosts, location } = deps;
  return createMemo(
    () =>
      obtain(store, {
        address: location().addresses.registry,
        what: 'the connector registry',
        request: { maxBytes: REGISTRY_MAX_BYTES, accept: 'application/json', userAgent, hosts },
        offline,
        freshMs: DAY_MS,
        parse: parseRegistry,
      }).catch((error: unknown) => {
        throw withLocalRegistryHint(error);
      }),
    ({ source, checkedAt }) => (source === 'stale' ? Date.now() + RETRY_MS : offline ? Infinity : checkedAt + DAY_MS),
  );
}

/** The list next to a local registry file, else the published one, else a short built-in list. */
async function fetchSecretKeys({ store, userAgent, offline, hosts, location }: RegistryDeps): Promise<SecretKeys> {
  const { addresses, file } = location();
  const localList = file && (await readIfPresent(join(dirname(file), 'specs_secrets_mask.yaml')));
  const { BUILT_IN_SECRET_KEYS, parseSecretKeys } = await import('./secret-keys.ts');
  try {
    if (localList) return { keys: parseSecretKeys(localList), source: 'local' };
    const { value, source, note } = await obtain(store, {
      address: addresses.secretKeys,
      what: 'the list of secret keys',
      request: { maxBytes: SECRET_KEYS_MAX_BYTES, accept: 'application/yaml, text/yaml, */*', userAgent, hosts },
      offline,
      freshMs: DAY_MS,
      parse: parseSecretKeys,
    });
    return { keys: value, source, note };
  } catch (error) {
    const reason = error instanceof SluiceError ? error.message : 'The list next to the registry file is not readable.';
    return {
      keys: BUILT_IN_SECRET_KEYS,
      source: 'built-in',
      note: `${reason} A short built-in list of secret keys is used.`,
    };
  }
}

/** The user's own file, read again when it has changed. */
function createLocalFile(): (path: string) => Promise<Obtained<readonly RegistryEntry[]>> {
  let cached: { stamp: string; value: readonly RegistryEntry[] } | undefined;
  return async (path) => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${path}:${mtimeMs}:${size}:${ino}`;
      if (cached?.stamp !== stamp) cached = { stamp, value: parseRegistry(await readFile(path)) };
      return { value: cached.value, source: 'local', checkedAt: mtimeMs };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') throw badLocalRegistry(`names a file that does not exist: ${path}`, error);
      if (code !== undefined) throw badLocalRegistry(`names a file that cannot be read (${code}): ${path}`, error);
      if (error instanceof SyntaxError || error instanceof RangeError) {
        throw badLocalRegistry(`names a file that is not a connector registry (${error.message}): ${path}`, error);
      }
      throw error;
    }
  };
}

async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function withLocalRegistryHint(error: unknown): unknown {
  if (!(error instanceof SluiceError) || error.kind === 'setup' || error.kind === 'limit') return error;
  return new UpstreamError(
    'registry_unavailable',
    `The connector registry is not available, and there is no copy on disk: ${error.message}`,
    'Check the network connection (and the address in AIRBYTE_LOCAL_REGISTRY, where it is set), or set AIRBYTE_LOCAL_REGISTRY to the absolute path of a registry file and restart the server.',
    { cause: error },
  );
}
