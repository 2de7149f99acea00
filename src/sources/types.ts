/** Saved sources and destinations, and how a name becomes a connector that can run. */
import type { ConnectorRequest, Installed, RunControl, Runtime } from '../connectors/index.ts';
import type { Problem } from '../errors.ts';
import type { JsonObject, Location, UnknownField } from '../protocol/index.ts';
import type { RegistryEntry } from '../registry/index.ts';
import type { ConfigLayers, ResolvedConfig } from '../secrets/index.ts';

/** The kind of a connector, and of what is saved of it. */
export type Kind = 'source' | 'destination';

/** A connector with its configuration, as a caller describes it. */
export interface ConnectorConfigInput extends ConnectorRequest, ConfigLayers {}

/** A source or a destination in the form of its file in the project: references as written, never a resolved value. */
export interface SavedConnector {
  /** Created when the name is first saved; saving it again after a removal creates another one. Absent in files of earlier versions. */
  readonly id?: string;
  readonly name: string;
  readonly connector: string;
  /** The version that was installed when it was saved. */
  readonly version: string;
  readonly runtime: Runtime;
  /** Why this runtime, where Sluice chose it. */
  readonly runtimeReason?: string | undefined;
  /** Absolute path of a manifest of the user's own, read again at each use. */
  readonly manifestPath?: string;
  readonly config?: JsonObject;
  readonly configFile?: string;
  readonly configSecret?: string;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

export interface Validation {
  readonly valid: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** The connector's message; absent if only the schema was checked or problems were found before. */
  readonly checkMessage?: string;
  readonly connector: string;
  readonly version: string;
  readonly runtime: Runtime;
  /** Why this runtime, where the caller named none. */
  readonly runtimeReason?: string | undefined;
  /** The connector that ran; absent if only the registry's spec was used. */
  readonly installed?: Installed;
  /** The checked configuration, for `save`. */
  readonly checked?: ResolvedConfig;
  /** Where the spec came from. */
  readonly specFrom: 'connector' | 'registry' | 'manifest';
}

/** A source or a destination that is ready to run. */
export interface Prepared {
  readonly installed: Installed;
  readonly config: ResolvedConfig;
  /** Streams that the registry suggests for this connector; empty for an executable. */
  readonly suggestedStreams: readonly string[];
  /** How long this connector may be silent according to the registry, in seconds. */
  readonly maxSecondsBetweenMessages?: number | undefined;
  /** The sync modes that a destination supports, in the protocol's terms (`overwrite`); undefined if it does not list them. */
  readonly destinationModes?: readonly string[] | undefined;
  /** Identifies the connector and its configuration without secrets. */
  readonly fingerprint: string;
  /** Distinguishes a destination from others that are certainly elsewhere. */
  readonly location: Location;
  /** Whether a destination waits for the message that each stream is complete. */
  readonly supportsRefreshes: boolean;
  /** Possible reasons why the connector rejects its secrets, to be shown next to a failure. */
  readonly suspicions: readonly string[];
}

/** What is needed to recreate a connector elsewhere; nothing was installed or run for it. */
export interface CloudExport {
  /** The registry's entry; absent for a manifest or a program of the user's own. */
  readonly entry?: RegistryEntry | undefined;
  /** With its secrets, and with the connector's own updates. */
  readonly config: ResolvedConfig;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** A configuration checked against a spec. */
export interface InspectedLayers {
  readonly config: ResolvedConfig;
  readonly problems: readonly Problem[];
  /** Fields that the spec does not have. */
  readonly unknown: readonly UnknownField[];
}

/** A version that was replaced or removed. */
export interface StoredVersion {
  /** A time and a random part. */
  readonly version: string;
  /** ISO 8601, UTC: when it was replaced or removed. */
  readonly storedAt: string;
  readonly saved: SavedConnector;
}

export interface Saved {
  readonly id: string;
  readonly replaced: boolean;
}

/**
 * Called right before a saved connector is replaced or removed, while no other process can change it: throws if that
 * is not allowed. @returns whether it belongs to the caller
 */
export type MayReplace = (present: SavedConnector) => boolean | Promise<boolean>;

/** The saved connectors of one kind. */
export interface Sources {
  readonly kind: Kind;
  list(): Promise<readonly SavedConnector[]>;
  /** @throws InputError `unknown_source`, `unknown_destination` with near names */
  get(name: string): Promise<SavedConnector>;
  has(name: string): Promise<boolean>;
  /** Registers secrets that connectors of other processes updated, so that they are redacted before data is shown. */
  registerUpdates(): void;
  /** Names of the fields that the connector itself has changed since the source was saved; undefined if there are none. */
  updateOf(source: SavedConnector): { readonly fields: readonly string[]; readonly keptAt: string } | undefined;
  /**
   * Saves a source; a replaced one is stored in the history. Earlier configuration updates of its connector are dropped;
   * those made during the check of `checked` are stored. Keeps the id if the caller owns the replaced source.
   * @throws InputError for a bad name or a clash of datasets; what `mayReplace` throws
   */
  save(source: Omit<SavedConnector, 'id'>, mayReplace: MayReplace, checked?: ResolvedConfig): Promise<Saved>;
  /**
   * Removes a source, stores it in the history, and drops the updates of its connector.
   * @throws InputError `unknown_source`; what `mayReplace` throws
   */
  remove(name: string, mayReplace: MayReplace): Promise<{ readonly hadUpdate: boolean }>;
  /** Stored versions of a name, newest first. */
  versions(name: string): Promise<readonly StoredVersion[]>;
  /** Names with stored versions. */
  storedNames(): Promise<readonly string[]>;
  /**
   * For a person: restores a stored version, by default the newest; the present one is stored in the history.
   * @throws InputError `no_history`, `unknown_version`, `dataset_clash`
   */
  restore(name: string, version?: string): Promise<Saved & { readonly restored: StoredVersion }>;
  /** For a person: removes all stored versions of a name, or one. @throws InputError `no_history`, `unknown_version` */
  prune(name: string, version?: string): Promise<readonly StoredVersion[]>;
  /** Checks a configuration of either kind: references, schema, then the connector's own check. */
  validate(input: ConnectorConfigInput, schemaOnly: boolean, control: RunControl): Promise<Validation>;
  /** As `validate`, for a configuration to be saved. @throws InputError `other_kind` for a connector of the other kind */
  validateOwn(input: ConnectorConfigInput, control: RunControl): Promise<Validation>;
  /**
   * A saved connector for another Airbyte: resolved against the registry's spec or that of its own manifest.
   * @throws InputError `no_spec_to_export` for a program of the user's own
   */
  exportForCloud(source: SavedConnector, control: RunControl): Promise<CloudExport>;
  /** A configuration against any spec (`connectionSpecification`): references, literals, schema. */
  inspect(layers: ConfigLayers, spec: JsonObject, control: RunControl): Promise<InspectedLayers>;
  /** Prepares a source that is not saved, without the connector's own check. @throws InputError `invalid_config`, `other_kind` */
  prepareUnsaved(input: ConnectorConfigInput, control: RunControl): Promise<Prepared>;
  /** @throws InputError `invalid_config` with every problem when a saved configuration no longer holds */
  prepare(source: SavedConnector, control: RunControl): Promise<Prepared>;
}
