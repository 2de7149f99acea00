/** The ports of the secrets module. Values live behind them and come out only through `ResolvedConfig.use`. */
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';

/**
 * How much is redacted: `data` (query results, records): sensitive values only; `text` (errors, logs of ours): plain
 * values too; `connector` (anything a connector printed): also values under 8 characters as complete tokens, and
 * `Authorization:` headers and `token=`-like pairs by their shape.
 */
export type RedactionLevel = 'data' | 'text' | 'connector';

export interface Redactor {
  /** `text` with every known secret value replaced by `[secret:NAME]`. */
  redact(text: string, level: RedactionLevel): string;
  /** Redacts texts that were printed one after the other: a value split across neighbours is found too. Same length as the input. */
  redactAll(texts: readonly string[], level: RedactionLevel): string[];
  /**
   * Redacts the beginning of a text that continues elsewhere. Leaves out as much of its end as the longest form of a
   * secret could take, whether or not it looks like one.
   */
  redactBeginningOf(text: string, level: RedactionLevel): string;
  /** Redacts a stream of texts: `push` returns what is safe to write now, in order; the end of the text waits. */
  stream(level: RedactionLevel): RedactionStream;
  /** How many secret values are in a text, including those that are already redacted. */
  count(text: string, level: RedactionLevel): number;
  /** Redacts every string, number and, where `isOwnKey` returns false, every key of a value; the input is not changed. */
  redactValue(value: unknown, level: RedactionLevel, isOwnKey?: (key: string) => boolean): unknown;
}

export interface RedactionStream {
  push(text: string): string[];
  /** The complete lines that are still waiting, redacted as if the text ended there; for a text that pauses. */
  flushLines(): string[];
  /** The rest. */
  end(): string[];
}

export type SecretKind = 'sensitive' | 'plain' | 'setting';

export interface SecretEntry {
  readonly name: string;
  readonly store: 'env file' | 'keychain';
  readonly set: boolean;
  readonly kind: SecretKind;
}

/** Another store of secrets in addition to the env file, such as the system's keychain. */
export interface SecretStore {
  readonly store: SecretEntry['store'];
  /** Name to value; called when secrets are first needed, never at start. */
  read(): Promise<ReadonlyMap<string, string>>;
}

/** Where a configuration comes from. Later layers override earlier ones in the order file, config, secret; objects are merged key by key. */
export interface ConfigLayers {
  readonly config?: JsonObject;
  /** Absolute path of a YAML or JSON file. */
  readonly configFile?: string;
  /** Name of a secret whose value is the configuration as JSON or YAML. */
  readonly configSecret?: string;
}

export interface StoredUpdateReport {
  /** Names of the fields that changed. */
  readonly fields: readonly string[];
  /** One sentence: why they could not be stored. */
  readonly problem?: string;
}

/** A configuration with its secrets in it. It prints as nothing and serialises as nothing. */
export interface ResolvedConfig {
  /** Equal for equal values that are written in the same way, without revealing them; used in the keys of cached catalogs. */
  readonly fingerprint: string;
  /**
   * The configuration with a held value (`isHeldValue`) instead of each value that came by reference, from a secret, or
   * from a file at a secret field. Answers are made from it alone.
   */
  readonly outline: JsonObject;
  /** The part that the assistant wrote, with its references as they are; absent if the assistant wrote none of it. */
  readonly literals?: JsonObject | undefined;
  /** Calls back with the plain configuration. It must go to the connector and nowhere else. */
  use<T>(callback: (config: JsonObject) => T): T;
  /** Stores at once the configuration that a CONTROL message reports; absent if it is not stored. Never throws. */
  readonly keepUpdate?: (control: JsonObject) => StoredUpdateReport;
}

export type CredentialName = 'AIRBYTE_CLOUD_CLIENT_ID' | 'AIRBYTE_CLOUD_CLIENT_SECRET' | 'AIRBYTE_CLOUD_BEARER_TOKEN';

/** A value for one purpose, passed to a callback only. It prints as nothing and serialises as nothing. */
export interface Credential {
  use<T>(callback: (value: string) => T): T;
}

export interface Resolution {
  /** Empty when the configuration can be handed to the connector. */
  readonly problems: readonly Problem[];
  /** Why the connector may refuse its secrets, judged by how the env file writes them; shown next to a rejection. */
  readonly suspicions: readonly string[];
  readonly config: ResolvedConfig;
}

/** What a configuration is resolved against. */
export interface ConfigSpec {
  /** The connector's `connectionSpecification`. */
  readonly spec: JsonObject;
  /** The registry's published list of keys whose values are secret regardless of the spec. */
  readonly secretKeys: ReadonlySet<string>;
  /** Whether the registry publishes the spec. Values of a person's file are not checked against a spec that anybody may have written. */
  readonly isPublished: boolean;
}

export interface Vault {
  readonly redactor: Redactor;
  /** All names, sorted; reads the stores again if they have changed. */
  list(): Promise<readonly SecretEntry[]>;
  /**
   * Resolves references and layers against a connector's spec, and reports literals at secret fields, unknown names,
   * sensitive secrets at fields that are not secret, and references inside longer strings, all of them. No value that came
   * by reference decides what is reported.
   */
  resolve(layers: ConfigLayers, against: ConfigSpec): Promise<Resolution>;
  /** A setting of this server that is a credential, as it was at the start; undefined if it is not set. */
  credential(name: CredentialName): Credential | undefined;
  /** A secret that came up while we ran, such as an access token: redacted from now on under this name. */
  protect(name: string, value: string): Credential;
  /** What connectors changed in their configurations, stored in this folder, which is created with mode 0700 when needed. */
  configUpdates(folder: string | undefined): ConfigUpdates;
  /** The state of the stores for `get_status`: problems of the env file, names too short to protect, settings that changed since the start. */
  status(): Promise<VaultStatus>;
}

export interface VaultStatus {
  readonly envFile?: { readonly path: string; readonly readable: boolean; readonly readableBy?: 'group' | 'everyone' };
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Names of sensitive secrets under 8 characters. */
  readonly tooShort: readonly string[];
  /** Names of other sensitive secrets whose values could be guessed: below some 50 bits. */
  readonly guessable: readonly string[];
  /** Settings whose value in the env file changed after the start; they need a restart. */
  readonly changedSettings: readonly string[];
}

export interface UpdatedSource {
  readonly name: string;
  /** ISO 8601; saved again, it starts over. */
  readonly savedAt: string;
}

/** What decides which fields are secret. */
export interface UpdateFacts {
  /** The connector's `connectionSpecification`. */
  readonly spec: JsonObject;
  readonly secretKeys: ReadonlySet<string>;
}

export interface ConfigUpdates {
  /** A saved source's configuration with its stored changes applied; further ones are stored. Changes of another configuration are dropped. */
  forSource(source: UpdatedSource, config: ResolvedConfig, facts: UpdateFacts): ResolvedConfig;
  /** The same for a configuration that is not saved yet: its changes wait in memory for `keepFor`. */
  forCheck(config: ResolvedConfig, facts: UpdateFacts): ResolvedConfig;
  /** The source was saved: drops its stored changes, and stores those that wait for its configuration, which was just checked. */
  keepFor(source: UpdatedSource, checked: ResolvedConfig | undefined): void;
  /** Names of the changed fields, never a value; undefined if nothing is stored. */
  fieldsOf(source: UpdatedSource): { readonly fields: readonly string[]; readonly keptAt: string } | undefined;
  /** @returns whether there was anything */
  drop(source: string): boolean;
  /** Registers with the redactor what is stored on disk, by other processes too. */
  registerStoredValues(): void;
}
