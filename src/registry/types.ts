/** The ports of the registry module: the list of all connectors that exist. */
import type { JsonObject } from '../protocol/index.ts';

export type ConnectorType = 'source' | 'destination';

/** How a connector can run according to the registry; never includes a user's own program. */
export type RegistryRuntime = 'python' | 'docker' | 'manifest';

export interface BreakingChange {
  readonly version: string;
  /** The day from which the old version is no longer supported, as `2024-04-01`. */
  readonly deadline?: string;
  readonly message: string;
  readonly migrationUrl?: string;
}

export interface DocumentationLink {
  readonly title: string;
  /** The registry's term, such as `api_reference` or `rate_limits`. */
  readonly kind: string;
  readonly url: string;
}

export interface RegistryEntry {
  /** Last path segment of the image's repository, such as `source-faker`. */
  readonly name: string;
  /** The image's repository without its tag, such as `airbyte/source-faker`. */
  readonly repository: string;
  readonly title: string;
  /** Airbyte's identifier of the connector; absent if the registry names none. */
  readonly definitionId?: string | undefined;
  readonly type: ConnectorType;
  readonly version: string;
  readonly runtimes: readonly RegistryRuntime[];
  readonly supportLevel: string;
  readonly language?: string;
  readonly documentationUrl?: string;
  /** The package on PyPI, if the registry lists one. */
  readonly pypiPackage?: string;
  /** The CDK version of the image that the makers build on; only for low-code connectors. */
  readonly cdkVersion?: string;
  readonly suggestedStreams: readonly string[];
  /** Seconds that a source may be silent while it reads, as declared by its makers. */
  readonly maxSecondsBetweenMessages?: number;
  /** Whether a destination knows generations of a stream; it needs a message that each stream is complete. */
  readonly supportsRefreshes: boolean;
  /** Newest first. */
  readonly breakingChanges: readonly BreakingChange[];
  readonly releaseCandidates: readonly string[];
  readonly externalDocumentation: readonly DocumentationLink[];
}

/** Where an answer came from: just fetched, a fresh copy, a stale copy because the network failed, or a file of the user's. */
export type Origin = 'network' | 'disk' | 'stale' | 'local';

export interface RegistryContents {
  readonly entries: readonly RegistryEntry[];
  readonly source: Origin;
  /** Seconds since the registry was last known to be current. */
  readonly ageSeconds: number;
  /** One sentence for the reader: the list is old, or could not be cached. */
  readonly note?: string;
}

export interface SearchQuery {
  /** Words that must all be in the name or the title. */
  readonly search?: string;
  readonly type?: ConnectorType;
  readonly runtime?: RegistryRuntime;
  readonly support?: string;
  readonly limit: number;
  /** `nextCursor` of the answer before, with the same filters. */
  readonly cursor?: string;
}

export interface SearchResult {
  readonly entries: readonly RegistryEntry[];
  readonly total: number;
  readonly nextCursor?: string;
  /** Names that resemble the search, if nothing matches. */
  readonly near: readonly string[];
  readonly note?: string;
}

export interface SecretKeys {
  /** Configuration keys whose values are secret, regardless of the spec. */
  readonly keys: ReadonlySet<string>;
  readonly source: Origin | 'built-in';
  readonly note?: string;
}

export interface ReleasedVersion {
  readonly version: string;
  /** Day of the upload, as `2024-04-01`. */
  readonly date?: string;
  readonly requiresPython?: string;
  readonly yanked: boolean;
}

export interface Registry {
  /**
   * All connectors.
   * @throws UpstreamError when the registry cannot be fetched and none is cached; SetupError for a bad `AIRBYTE_LOCAL_REGISTRY`, or offline with none cached
   */
  all(signal: AbortSignal): Promise<RegistryContents>;
  /** One connector by its name, case-insensitive, with or without the repository's owner. @throws InputError `unknown_connector` with near names */
  find(name: string, signal: AbortSignal): Promise<RegistryEntry>;
  /** @throws InputError `bad_cursor` */
  search(query: SearchQuery, signal: AbortSignal): Promise<SearchResult>;
  /** The host from which specs, manifests and code of single versions come. @throws SetupError for a bad `AIRBYTE_LOCAL_REGISTRY` */
  versionsHost(): string;
  /** The spec message `{connectionSpecification, …}` of the registry's own version. Do not change it. */
  spec(entry: RegistryEntry, signal: AbortSignal): Promise<JsonObject>;
  /** The spec message of one exact version. @throws InputError `unknown_version`, UpstreamError, SetupError when offline */
  specFor(entry: RegistryEntry, version: string, signal: AbortSignal): Promise<JsonObject>;
  /** Never fails without a network: `note` reports when a built-in or an old list is used. */
  secretKeys(signal: AbortSignal): Promise<SecretKeys>;
  /** The YAML text of a low-code connector. @throws as `specFor` */
  manifest(entry: RegistryEntry, version: string, signal: AbortSignal): Promise<string>;
  /**
   * The `components.py` of a low-code connector, its archive's checksum compared.
   * @throws SetupError `components_unverified`; InputError `no_components`; as `specFor`
   */
  components(entry: RegistryEntry, version: string, signal: AbortSignal): Promise<string>;
  /** Releases of a package on PyPI, newest first. @throws UpstreamError, SetupError when offline */
  releases(pypiPackage: string, signal: AbortSignal): Promise<readonly ReleasedVersion[]>;
}
