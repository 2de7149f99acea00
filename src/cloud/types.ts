/** The ports of the cloud module: an Airbyte that is operated over its API. Configurations come back as the API gives them: whoever shows one masks it. */
import type { JsonObject } from '../protocol/index.ts';
import type { Attempt, Job, JobFilter, RefreshMode, StreamName } from './job-types.ts';
import type { Organization, OrganizationInfo, Workspace } from './workspace-types.ts';

/** What Airbyte calls an actor: one end of a connection. */
export type ActorKind = 'source' | 'destination';

export interface Page {
  readonly offset: number;
  /** 1 to 100. */
  readonly limit: number;
}

export interface Paged<T> {
  readonly items: readonly T[];
  /** Where the next page begins; absent at the end. */
  readonly nextOffset?: number | undefined;
}

export interface Actor {
  readonly kind: ActorKind;
  readonly id: string;
  readonly name: string;
  /** Airbyte's short name of the connector, such as `postgres`, where it knows one. */
  readonly type?: string | undefined;
  readonly definitionId: string;
  readonly workspaceId: string;
  /** May hold secrets in clear: servers differ in what they mask. */
  readonly configuration: JsonObject;
  /** Seconds since 1970. */
  readonly createdAt?: number | undefined;
}

export interface NewActor {
  readonly name: string;
  readonly workspaceId: string;
  readonly definitionId: string;
  readonly configuration: JsonObject;
}

export interface CheckResult {
  readonly succeeded: boolean;
  readonly message?: string | undefined;
}

/** What a source offers to a destination. */
export interface OfferedStream {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly modes: readonly string[];
  readonly defaultCursorField: readonly string[];
  readonly sourceDefinedCursor: boolean;
  readonly primaryKey: readonly (readonly string[])[];
  /** Paths of its fields; empty where Airbyte does not tell them. */
  readonly fields: readonly (readonly string[])[];
}

/** One stream as a connection reads it; `rest` is what Sluice does not know and hands back unchanged. */
export interface ConnectionStream {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly mode?: string | undefined;
  readonly cursorField?: readonly string[] | undefined;
  readonly primaryKey?: readonly (readonly string[])[] | undefined;
  /** Paths of the fields that are read; undefined for all. */
  readonly fields?: readonly (readonly string[])[] | undefined;
  readonly rest?: JsonObject | undefined;
}

export interface Tag {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly color: string;
}

/** What a connection does where the source has new fields or streams. */
export const SCHEMA_CHANGES = ['ignore', 'disable_connection', 'propagate_columns', 'propagate_fully'] as const;
export type SchemaChanges = (typeof SCHEMA_CHANGES)[number];

export interface Schedule {
  /** `manual`, `cron`, `basic`, or a word that a later Airbyte has. */
  readonly type: string;
  readonly cron?: string | undefined;
  /** Airbyte's words, such as `Every 24 HOURS`; only read. */
  readonly timing?: string | undefined;
}

export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly sourceId: string;
  readonly destinationId: string;
  readonly workspaceId: string;
  /** `active`, `inactive`, `deprecated`, `locked`. */
  readonly status: string;
  readonly statusReason?: string | undefined;
  readonly schedule: Schedule;
  readonly prefix?: string | undefined;
  readonly namespaceDefinition?: string | undefined;
  readonly namespaceFormat?: string | undefined;
  /** One of `SCHEMA_CHANGES`, or a word that a later Airbyte has. */
  readonly schemaChanges?: string | undefined;
  readonly tags: readonly Tag[];
  readonly streams: readonly ConnectionStream[];
  /** Seconds since 1970. */
  readonly createdAt?: number | undefined;
}

export interface ConnectionChanges {
  readonly name?: string | undefined;
  readonly enabled?: boolean | undefined;
  /** A cron expression in UTC, or `manual`. */
  readonly schedule?: string | undefined;
  readonly prefix?: string | undefined;
  /** `source`, `destination`, or a format such as `raw_${SOURCE_NAMESPACE}`. */
  readonly namespace?: string | undefined;
  readonly schemaChanges?: SchemaChanges | undefined;
  /** Takes the place of those that there are. */
  readonly tags?: readonly Tag[] | undefined;
  readonly streams?: readonly ConnectionStream[] | undefined;
}

export interface NewConnection extends ConnectionChanges {
  readonly sourceId: string;
  readonly destinationId: string;
}

/** A low-code connector published to a workspace. */
export interface Definition {
  readonly id: string;
  readonly name: string;
  readonly version?: string | undefined;
  readonly manifest: JsonObject;
}

export interface Draft {
  readonly manifest: JsonObject;
  readonly isDraft: boolean;
  readonly projectId: string;
  /** The configuration with which the connector builder tests; may hold secrets in clear. */
  readonly testingValues?: JsonObject | undefined;
}

/** Where things are, without a slash at the end. */
export interface CloudAddresses {
  readonly api: string;
  readonly configApi?: string | undefined;
  /** Where a person looks. */
  readonly web: string;
}

export interface Contact {
  /** ISO 8601. */
  readonly at: string;
  /** Whether an answer came, whatever it says. */
  readonly answered: boolean;
}

/**
 * Every call may throw: SetupError `cloud_not_configured`, `cloud_settings`, `cloud_credentials`, `cloud_forbidden`, `no_config_api`;
 * InputError `bad_id`, `cloud_not_found`, `cloud_rejected`; LimitError `cloud_rate_limited`, `cloud_too_large`; UpstreamError `cloud_conflict`, `cloud_unreachable`,
 * `cloud_timeout`, `cloud_failed`, `cloud_bad_answer`, and for a deed whose answer was lost `cloud_outcome_unknown`.
 * Reads end with their signal; what creates or changes does not: its end must be known.
 */
export interface Cloud {
  /** @throws SetupError */
  addresses(): CloudAddresses;
  /** The last request of this process; undefined before the first. */
  lastContact(): Contact | undefined;
  /** What credentials are used, in words, with the application's name where Airbyte tells it. */
  identity(signal: AbortSignal): Promise<string>;
  readonly workspaces: {
    list(page: Page, signal: AbortSignal): Promise<Paged<Workspace>>;
    get(id: string, signal: AbortSignal): Promise<Workspace>;
    /**
     * The wanted one, else that of the settings, else the only one there is.
     * @throws InputError `several_workspaces` listing them; SetupError `no_workspace`, `unknown_workspace` where the settings name none
     */
    choose(wanted: string | undefined, signal: AbortSignal): Promise<Workspace>;
    /** By the configuration API. */
    organization(id: string, signal: AbortSignal): Promise<OrganizationInfo>;
  };
  readonly organizations: {
    list(signal: AbortSignal): Promise<readonly Organization[]>;
    /** By the configuration API. */
    info(id: string, signal: AbortSignal): Promise<OrganizationInfo>;
  };
  readonly actors: {
    list(kind: ActorKind, workspaceId: string, page: Page, signal: AbortSignal): Promise<Paged<Actor>>;
    get(kind: ActorKind, id: string, signal: AbortSignal): Promise<Actor>;
    create(kind: ActorKind, actor: NewActor): Promise<Actor>;
    /** `configuration` is laid over what is there; what it does not name stays. A mask in it would be stored as the value. */
    update(
      kind: ActorKind,
      id: string,
      changes: { readonly name?: string; readonly configuration?: JsonObject },
    ): Promise<Actor>;
    /** `configuration` takes the place of what is there; Airbyte's own masks in it keep the values that they stand for. */
    replace(
      kind: ActorKind,
      id: string,
      whole: { readonly name?: string | undefined; readonly configuration: JsonObject },
    ): Promise<Actor>;
    /** Airbyte deletes the connections of it too. */
    delete(kind: ActorKind, id: string): Promise<void>;
    check(kind: ActorKind, id: string, signal: AbortSignal): Promise<CheckResult>;
    /** `connectionSpecification` of the connector that a definition is, in this workspace. */
    spec(kind: ActorKind, definitionId: string, workspaceId: string, signal: AbortSignal): Promise<JsonObject>;
    /**
     * As the source was found to offer them last, unless the cache is ignored; then its connector runs.
     * @throws UpstreamError `discovery_failed` with the connector's words
     */
    streams(
      sourceId: string,
      how: { readonly destinationId?: string | undefined; readonly ignoreCache?: boolean | undefined },
      signal: AbortSignal,
    ): Promise<readonly OfferedStream[]>;
  };
  readonly connections: {
    list(workspaceId: string, page: Page, signal: AbortSignal): Promise<Paged<Connection>>;
    get(id: string, signal: AbortSignal): Promise<Connection>;
    create(connection: NewConnection): Promise<Connection>;
    update(id: string, changes: ConnectionChanges): Promise<Connection>;
    /** In a time zone of its own, which only the configuration API takes. */
    setCron(id: string, cron: string, timeZone: string): Promise<void>;
    delete(id: string): Promise<void>;
    /** Those that a workspace has, to be put on its connections. */
    tags(workspaceId: string, signal: AbortSignal): Promise<readonly Tag[]>;
    /** The state as the API has it. */
    state(id: string, signal: AbortSignal): Promise<JsonObject>;
    /** Its `syncCatalog`. */
    catalog(id: string, signal: AbortSignal): Promise<JsonObject>;
  };
  readonly jobs: {
    /** Newest first, unless the filter says otherwise. */
    list(filter: JobFilter, page: Page, signal: AbortSignal): Promise<Paged<Job>>;
    get(id: number, signal: AbortSignal): Promise<Job>;
    /**
     * One that waits for its first attempt is answered with again. `reset` and `clear` make a job of type `reset` at once, and
     * cancel what runs.
     * @throws UpstreamError `cloud_conflict` where one runs already, or the connection is locked or inactive
     */
    create(connectionId: string, type: 'sync' | 'reset' | 'clear'): Promise<Job>;
    /** Clears some streams only, as `create` clears all of them; by the configuration API. */
    clearStreams(connectionId: string, streams: readonly StreamName[]): Promise<Job>;
    /**
     * By the configuration API; all streams where none is named.
     * @returns undefined where the destination cannot do it, and where a job runs: then the next run becomes the refresh
     */
    refresh(connectionId: string, mode: RefreshMode, streams: readonly StreamName[]): Promise<Job | undefined>;
    /** Cancels what runs on the connection of the job, whichever job that is. */
    cancel(id: number): Promise<Job>;
    /** Oldest first; empty where the job is too old for Airbyte to tell. */
    attempts(job: Job, signal: AbortSignal): Promise<readonly Attempt[]>;
    log(jobId: number, attempt: number, signal: AbortSignal): Promise<readonly string[]>;
  };
  readonly definitions: {
    list(workspaceId: string, signal: AbortSignal): Promise<readonly Definition[]>;
    get(workspaceId: string, id: string, signal: AbortSignal): Promise<Definition>;
    create(
      workspaceId: string,
      definition: { readonly name: string; readonly manifest: JsonObject },
    ): Promise<Definition>;
    update(workspaceId: string, id: string, manifest: JsonObject): Promise<Definition>;
    /** Airbyte deletes the sources made with it, and their connections, too. */
    delete(workspaceId: string, id: string): Promise<void>;
    /** @param spec the schema of a configuration, by which Airbyte finds the secrets in them */
    setTestingValues(
      workspaceId: string,
      projectId: string,
      spec: JsonObject,
      testingValues: JsonObject,
    ): Promise<void>;
    /** What stands in the connector builder; undefined where the definition has no project there. */
    draft(workspaceId: string, id: string, signal: AbortSignal): Promise<Draft | undefined>;
  };
}
