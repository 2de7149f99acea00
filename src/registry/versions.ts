/** Data of one exact version of a connector: its spec, its manifest, its releases. */

import { unlessAborted } from '../deadline.ts';
import { InputError, SetupError, UpstreamError } from '../errors.ts';
import type { HostMemory } from '../hosts.ts';
import { isObject, type JsonObject } from '../protocol/index.ts';
import type { Addresses } from './addresses.ts';
import { obtain } from './cached.ts';
import { fetchComponents } from './components.ts';
import { download } from './download.ts';
import { isAirbytes, specOfEntry } from './entries.ts';
import type { Store } from './store.ts';
import type { Registry, RegistryEntry, ReleasedVersion } from './types.ts';
import { newestFirst } from './version-order.ts';

const ENTRY_MAX_BYTES = 8_000_000;
const MANIFEST_MAX_BYTES = 8_000_000;
const RELEASES_MAX_BYTES = 32_000_000;
const SAFE_VERSION = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$/;

interface VersionsDeps {
  readonly store: Store;
  readonly userAgent: string;
  readonly offline: boolean;
  readonly hosts: HostMemory;
  addresses(): Addresses;
}

export function createVersions(deps: VersionsDeps): Pick<Registry, 'specFor' | 'manifest' | 'components' | 'releases'> {
  return {
    async specFor(entry, version, signal) {
      if (version === entry.version || version === 'latest') return specOfEntry(entry);
      return fetchFile(deps, entry, version, SPEC_FILE, signal);
    },
    manifest: (entry, version, signal) => fetchFile(deps, entry, version, MANIFEST_FILE, signal),
    async components(entry, version, signal) {
      const { userAgent, hosts } = deps;
      const what = `${entry.name} ${version}`;
      const folder = folderOf(deps, entry, version);
      if (deps.offline) {
        throw new SetupError(
          'offline',
          `Offline mode is on: the Python code of ${what} is not fetched.`,
          'Set AIRBYTE_OFFLINE_MODE=0 once so that it can be fetched, and restart the server.',
        );
      }
      return fetchComponents(folder, what, { signal, userAgent, hosts });
    },
    releases: (pypiPackage, signal) => fetchReleases(deps, pypiPackage, signal),
  };
}

/** A file of one exact version. */
interface VersionFile<T> {
  readonly name: string;
  readonly what: string;
  readonly accept: string;
  readonly maxBytes: number;
  parse(bytes: Buffer): T;
}

const SPEC_FILE: VersionFile<JsonObject> = {
  name: 'oss.json',
  what: 'the spec',
  accept: 'application/json',
  maxBytes: ENTRY_MAX_BYTES,
  parse: specOf,
};

const MANIFEST_FILE: VersionFile<string> = {
  name: 'manifest.yaml',
  what: 'the manifest',
  accept: '*/*',
  maxBytes: MANIFEST_MAX_BYTES,
  parse: manifestOf,
};

/** The file never changes, so a copy never expires. */
async function fetchFile<T>(
  deps: VersionsDeps,
  entry: RegistryEntry,
  version: string,
  { name, what, accept, maxBytes, parse }: VersionFile<T>,
  signal: AbortSignal,
): Promise<T> {
  const { store, userAgent, offline, hosts } = deps;
  const source = {
    address: new URL(name, folderOf(deps, entry, version)).href,
    what: `${what} of ${entry.name} ${version}`,
    request: { signal, maxBytes, accept, userAgent, hosts },
    offline,
    freshMs: Number.POSITIVE_INFINITY,
    parse,
  };
  try {
    return (await unlessAborted(obtain(store, source), signal)).value;
  } catch (error) {
    if (error instanceof InputError && error.code === 'not_found') throw unknownVersion(entry, version);
    throw error;
  }
}

function folderOf({ addresses }: VersionsDeps, entry: RegistryEntry, version: string): string {
  if (!SAFE_VERSION.test(version)) throw unknownVersion(entry, version);
  if (!isAirbytes(entry)) throw notPublished(entry, version);
  return new URL(`${entry.name}/${version}/`, addresses().metadata).href;
}

async function fetchReleases(deps: VersionsDeps, pypiPackage: string, signal: AbortSignal): Promise<ReleasedVersion[]> {
  if (deps.offline) {
    throw new SetupError(
      'offline',
      'Offline mode is on: PyPI is not asked for versions.',
      'Set AIRBYTE_OFFLINE_MODE=0 and restart the server.',
    );
  }
  const address = new URL(`${encodeURIComponent(pypiPackage)}/json`, deps.addresses().pypi).href;
  const { userAgent, hosts } = deps;
  const request = { signal, maxBytes: RELEASES_MAX_BYTES, accept: 'application/json', userAgent, hosts };
  const answer = await download(address, request);
  return answer.unchanged ? [] : releasesOf(answer.body);
}

function specOf(bytes: Buffer): JsonObject {
  const entry: unknown = JSON.parse(bytes.toString('utf8'));
  const spec = isObject(entry) ? entry.spec : undefined;
  if (!isObject(spec) || !isObject(spec.connectionSpecification)) throw new RangeError('no spec');
  return spec;
}

function manifestOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!/^\s*['"]?type['"]?\s*:\s*['"]?DeclarativeSource\b/m.test(text)) throw new RangeError('no manifest');
  return text;
}

function releasesOf(bytes: Buffer): ReleasedVersion[] {
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString('utf8'));
  } catch {
    answer = undefined;
  }
  const releases = isObject(answer) && isObject(answer.releases) ? answer.releases : undefined;
  if (!releases) {
    throw new UpstreamError(
      'bad_answer',
      'PyPI answered with something that is not a list of releases.',
      'Leave version out to use the one of the registry; PyPI may answer in some minutes.',
    );
  }
  return Object.entries(releases)
    .flatMap(([version, files]) => {
      const file = Array.isArray(files) ? files.find(isObject) : undefined;
      return file ? [releaseOf(version, file)] : [];
    })
    .sort((one, other) => newestFirst(one.version, other.version));
}

function releaseOf(version: string, file: JsonObject): ReleasedVersion {
  return {
    version,
    date: typeof file.upload_time === 'string' ? file.upload_time.slice(0, 10) : undefined,
    requiresPython: typeof file.requires_python === 'string' ? file.requires_python : undefined,
    yanked: file.yanked === true,
  };
}

function unknownVersion(entry: RegistryEntry, version: string): InputError {
  const others = entry.releaseCandidates.filter((candidate) => candidate !== entry.version);
  const candidates = others.length > 0 ? ` Release candidates: ${others.join(', ')}.` : '';
  return new InputError(
    'unknown_version',
    `The registry has no version ${JSON.stringify(version.slice(0, 80))} of ${entry.name}.`,
    `Its current version is ${entry.version}; leave version out to use it.${candidates}`,
  );
}

function notPublished(entry: RegistryEntry, version: string): InputError {
  return new InputError(
    'unknown_version',
    `${entry.repository} is not published by Airbyte, so the registry knows version ${entry.version} only, not ${version}.`,
    'Leave version out.',
  );
}
