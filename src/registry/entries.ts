/** One entry of the registry's JSON as a small object; its spec stays packed until requested. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { splitRegistry } from './split.ts';
import type { BreakingChange, ConnectorType, DocumentationLink, RegistryEntry, RegistryRuntime } from './types.ts';
import { newestFirst } from './version-order.ts';

/** The name becomes part of paths and addresses. */
const SAFE_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/i;

const packedSpecs = new WeakMap<RegistryEntry, () => JsonObject>();
const heldSpecs = new WeakMap<RegistryEntry, WeakRef<JsonObject>>();

/**
 * All usable connectors of a registry's bytes; tombstones and entries without a name, a version or a spec are left out.
 * @throws SyntaxError when the bytes are not JSON, RangeError when they contain no source
 */
export function parseRegistry(bytes: Buffer): RegistryEntry[] {
  const entries: RegistryEntry[] = [];
  for (const { type, start, end } of splitRegistry(bytes)) {
    const read = (): unknown => JSON.parse(bytes.toString('utf8', start, end));
    const raw = read();
    const entry = isObject(raw) ? parseEntry(raw, type) : undefined;
    if (!entry) continue;
    // Retain the bytes; parse one spec only when it is requested.
    packedSpecs.set(entry, () => object(object(read()).spec));
    entries.push(entry);
  }
  if (!entries.some((entry) => entry.type === 'source')) throw new RangeError('no sources');
  return distinct(entries).sort(byTypeAndName);
}

/** The spec of an entry, unpacked; the same object as long as it is referenced, because validators are cached by it. */
export function specOfEntry(entry: RegistryEntry): JsonObject {
  const known = heldSpecs.get(entry)?.deref();
  if (known) return known;
  const unpack = packedSpecs.get(entry);
  if (!unpack) throw new TypeError('not an entry of the registry');
  const spec = unpack();
  heldSpecs.set(entry, new WeakRef(spec));
  return spec;
}

/** The order of lists: sources first, then by name. */
export function byTypeAndName(one: RegistryEntry, other: RegistryEntry): number {
  if (one.type !== other.type) return one.type === 'source' ? -1 : 1;
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function parseEntry(raw: JsonObject, type: ConnectorType): RegistryEntry | undefined {
  const repository = text(raw.dockerRepository);
  const version = text(raw.dockerImageTag);
  const name = repository?.slice(repository.lastIndexOf('/') + 1);
  if (raw.tombstone === true || !isObject(raw.spec)) return undefined;
  if (!repository || !version || !name || !SAFE_NAME.test(name)) return undefined;
  const pypi = object(object(raw.remoteRegistries).pypi);
  const pypiPackage = pypi.enabled === true ? text(pypi.packageName) : undefined;
  const manifest = raw.language === 'manifest-only' || list(raw.tags).includes('language:manifest-only');
  const runtimes: RegistryRuntime[] = [
    ...(pypiPackage ? (['python'] as const) : []),
    ...(manifest ? (['manifest'] as const) : []),
    'docker',
  ];
  const releases = object(raw.releases);
  return {
    name,
    repository,
    title: text(raw.name) ?? name,
    definitionId: text(type === 'source' ? raw.sourceDefinitionId : raw.destinationDefinitionId),
    type,
    version,
    runtimes,
    supportLevel: text(raw.supportLevel) ?? 'none',
    language: text(raw.language),
    documentationUrl: text(raw.documentationUrl),
    pypiPackage,
    cdkVersion: cdkVersion(text(object(raw.connectorBuildOptions).baseImage)),
    suggestedStreams: strings(object(raw.suggestedStreams).streams),
    maxSecondsBetweenMessages: positive(raw.maxSecondsBetweenMessages),
    supportsRefreshes: raw.supportsRefreshes === true,
    breakingChanges: breakingChanges(object(releases.breakingChanges)),
    releaseCandidates: Object.keys(object(releases.releaseCandidates)),
    externalDocumentation: list(raw.externalDocumentationUrls).flatMap(documentationLink),
  };
}

/** `docker.io/airbyte/source-declarative-manifest:6.60.0@sha256:…` has its CDK's version as tag. */
function cdkVersion(baseImage: string | undefined): string | undefined {
  return /\/source-declarative-manifest:(\d+\.\d+\.\d+)(?:@|$)/.exec(baseImage ?? '')?.[1];
}

function breakingChanges(changes: JsonObject): BreakingChange[] {
  return Object.entries(changes)
    .map(([version, raw]) => {
      const change = object(raw);
      return {
        version,
        message: text(change.message)?.trim() ?? '',
        deadline: text(change.upgradeDeadline),
        migrationUrl: text(change.migrationDocumentationUrl),
      };
    })
    .sort((one, other) => newestFirst(one.version, other.version));
}

function documentationLink(raw: JsonValue): DocumentationLink[] {
  const link = object(raw);
  const url = text(link.url);
  return url ? [{ title: text(link.title) ?? url, kind: text(link.type) ?? 'other', url }] : [];
}

/** Two repositories can end in the same name: Airbyte's own wins, else the first. */
function distinct(entries: readonly RegistryEntry[]): RegistryEntry[] {
  const byName = new Map<string, RegistryEntry>();
  for (const entry of entries) {
    const key = entry.name.toLowerCase();
    const other = byName.get(key);
    if (!other || (!isAirbytes(other) && isAirbytes(entry))) byName.set(key, entry);
  }
  return [...byName.values()];
}

/** Whether Airbyte publishes it: only then its other versions have an address. */
export function isAirbytes(entry: RegistryEntry): boolean {
  return entry.repository === `airbyte/${entry.name}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: unknown): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === 'string');
}
