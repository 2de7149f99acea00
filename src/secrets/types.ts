/** The ports of the secrets module. Values live behind them and come out only through `ResolvedConfig.use`. */
import type { Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';

/**
 * How much is sealed: `data` (query results, records): sensitive values only; `text` (errors, logs of ours): plain
 * values too; `connector` (anything a connector printed): also values under 8 characters as whole tokens, and
 * `Authorization:` headers and `token=`-like pairs by their shape.
 */
export type RedactionLevel = 'data' | 'text' | 'connector';

export interface Redactor {
  /** `text` with every known secret value replaced by `[secret:NAME]`. */
  redact(text: string, level: RedactionLevel): string;
  /** Seals texts that were printed one after the other: a value spread over neighbours is found too. Same length as the input. */
  redactAll(texts: readonly string[], level: RedactionLevel): string[];
  /**
   * The beginning of a text that continues elsewhere, sealed: as much of its end is left out as the longest form of a
   * secret could fill, whether or not it looks like one.
   */
  redactBeginningOf(text: string, level: RedactionLevel): string;
  /** Seals a stream of texts: `push` returns what is safe to write now, in order; the end of the text waits. */
  stream(level: RedactionLevel): RedactionStream;
  /** How many secret values stand in a text, those included that are sealed already. */
  count(text: string, level: RedactionLevel): number;
  /** Every string, number and, where `isOwnKey` says no, every key of a value, sealed; the input is not changed. */
  redactValue(value: unknown, level: RedactionLevel, isOwnKey?: (key: string) => boolean): unknown;
}

export interface RedactionStream {
  push(text: string): string[];
  /** The complete lines of what waits, sealed as if the text ended with them; for a text that makes a pause. */
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

/** Another store of secrets beside the env file, such as the system's keychain. */
export interface SecretStore {
  readonly store: SecretEntry['store'];
  /** Name to value; asked at the first call that needs secrets, never at start. */
  read(): Promise<ReadonlyMap<string, string>>;
}

/** Where a configuration comes from; laid over each other in the order file, config, secret, objects merged key by key. */
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
  /** One sentence: why they could not be kept. */
  readonly problem?: string;
}

/** A configuration with its secrets in it. It prints as nothing and serialises as nothing. */
export interface ResolvedConfig {
  /** Stable for equal values that are written in the same way, without telling them: for the keys of kept catalogs. */
  readonly fingerprint: string;
  /**
   * The configuration with a held value (`isHeldValue`) in the place of each that came by reference, from a secret, or
   * from a file at a field for secrets. Everything that an answer says of a configuration comes from it.
   */
  readonly outline: JsonObject;
  /** The part that the assistant wrote, with its references as they are; absent where nothing of it is the assistant's. */
  readonly literals?: JsonObject | undefined;
  /** Lends the plain configuration to the callback. It must go to the connector and nowhere else. */
  use<T>(callback: (config: JsonObject) => T): T;
  /** Keeps what a CONTROL message says the configuration is now, at once; absent where nobody keeps it. Never throws. */
  readonly keepUpdate?: (control: JsonObject) => StoredUpdateReport;
}

export type CredentialName = 'AIRBYTE_CLOUD_CLIENT_ID' | 'AIRBYTE_CLOUD_CLIENT_SECRET' | 'AIRBYTE_CLOUD_BEARER_TOKEN';

/** A value that is lent for one purpose. It prints as nothing and serialises as nothing. */
export interface Credential {
  use<T>(callback: (value: string) => T): T;
}

export interface Resolution {
  /** Empty when the configuration can be handed to the connector. */
  readonly problems: readonly Problem[];
  /** What may be why the connector refuses its secrets, by how the env file has them; to be shown next to a rejection. */
  readonly suspicions: readonly string[];
  readonly config: ResolvedConfig;
}

/** What a configuration is resolved against. */
export interface ConfigSpec {
  /** The connector's `connectionSpecification`. */
  readonly spec: JsonObject;
  /** The registry's published list of keys whose values are secret whatever the spec says. */
  readonly secretKeys: ReadonlySet<string>;
  /** Whether the registry publishes the spec. Values of a person's file are not held against one that anybody may have written. */
  readonly isPublished: boolean;
}

export interface Vault {
  readonly redactor: Redactor;
  /** All names, sorted; reads the stores again where they have changed. */
  list(): Promise<readonly SecretEntry[]>;
  /**
   * Resolves references and layers against a connector's spec, and reports literals at fields for secrets, unknown names,
   * sensitive secrets at fields that are not secret, and references inside longer strings, all of them. No value that came
   * by reference decides what is reported.
   */
  resolve(layers: ConfigLayers, against: ConfigSpec): Promise<Resolution>;
  /** A setting of this server that is a credential, as it was at the start; undefined where it is not set. */
  credential(name: CredentialName): Credential | undefined;
  /** A secret that came up while we ran, such as an access token: sealed from now on under this name, and lent. */
  protect(name: string, value: string): Credential;
  /** What connectors changed in their configurations, kept in this folder; it is made with mode 0700 when it is needed. */
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

/** What tells which fields are secret. */
export interface UpdateFacts {
  /** The connector's `connectionSpecification`. */
  readonly spec: JsonObject;
  readonly secretKeys: ReadonlySet<string>;
}

export interface ConfigUpdates {
  /** A saved source's configuration with its kept changes laid over it; further ones are kept. Changes of another configuration are dropped. */
  forSource(source: UpdatedSource, config: ResolvedConfig, facts: UpdateFacts): ResolvedConfig;
  /** The same for a configuration that is not saved yet: its changes wait in memory for `keepFor`. */
  forCheck(config: ResolvedConfig, facts: UpdateFacts): ResolvedConfig;
  /** The source was saved: what was kept for it is dropped; what waits for its configuration, checked just now, is kept for it. */
  keepFor(source: UpdatedSource, checked: ResolvedConfig | undefined): void;
  /** Names of the changed fields, never a value; undefined where nothing is kept. */
  fieldsOf(source: UpdatedSource): { readonly fields: readonly string[]; readonly keptAt: string } | undefined;
  /** @returns whether there was anything */
  drop(source: string): boolean;
  /** Teaches the seal what is kept on disk, by other processes too. */
  registerStoredValues(): void;
}
