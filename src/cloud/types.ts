/** The port of the cloud module: an Airbyte that is operated over its API. Configurations are returned as the API sends them: callers mask them before they show them. */
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
  /** Paths of its fields; empty if Airbyte does not list them. */
  readonly fields: readonly (readonly string[])[];
}

/** One stream of a connection; `rest` holds fields that Sluice does not know and sends back unchanged. */
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
  /** Replaces the present tags. */
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
  /** The pages of the web interface. */
  readonly web: string;
}

export interface Contact {
  /** ISO 8601. */
  readonly at: string;
  /** Whether an answer came, successful or not. */
  readonly answered: boolean;
}

/**
 * Every call may throw: SetupError `cloud_not_configured`, `cloud_settings`, `cloud_credentials`, `cloud_forbidden`, `no_config_api`;
 * InputError `bad_id`, `cloud_not_found`, `cloud_rejected`; LimitError `cloud_rate_limited`, `cloud_too_large`; UpstreamError `cloud_conflict`, `cloud_unreachable`,
 * `cloud_timeout`, `cloud_failed`, `cloud_bad_answer`, and `cloud_outcome_unknown` for an operation whose answer was lost.
 * Reads end when their signal aborts. Operations that create or change run to their end, because their outcome must be known.
 */
export interface Cloud {
  /** @throws SetupError */
  addresses(): CloudAddresses;
  /** The last request of this process; undefined before the first. */
  lastContact(): Contact | undefined;
  /** The credentials in use, in words, with the application's name where Airbyte returns it. */
  identity(signal: AbortSignal): Promise<string>;
  readonly workspaces: {
    list(page: Page, signal: AbortSignal): Promise<Paged<Workspace>>;
    get(id: string, signal: AbortSignal): Promise<Workspace>;
    /**
     * The workspace with this id, else that of the settings, else the only one there is.
     * @throws InputError `several_workspaces` listing them; SetupError `no_workspace`, `unknown_workspace` where the settings name none
     */
    choose(id: string | undefined, signal: AbortSignal): Promise<Workspace>;
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
    /** Merges `configuration` into the present one. A mask in it would be stored as the value. */
    update(
      kind: ActorKind,
      id: string,
      changes: { readonly name?: string; readonly configuration?: JsonObject },
    ): Promise<Actor>;
    /** Replaces the present configuration. Fields that hold one of Airbyte's masks keep their present value. */
    replace(
      kind: ActorKind,
      id: string,
      replacement: { readonly name?: string | undefined; readonly configuration: JsonObject },
    ): Promise<Actor>;
    /** Airbyte also deletes its connections. */
    delete(kind: ActorKind, id: string): Promise<void>;
    check(kind: ActorKind, id: string, signal: AbortSignal): Promise<CheckResult>;
    /** The `connectionSpecification` of a definition's connector in this workspace. */
    spec(kind: ActorKind, definitionId: string, workspaceId: string, signal: AbortSignal): Promise<JsonObject>;
    /**
     * The streams of the last discovery, or of a new one when the cache is ignored; then the connector runs.
     * @throws UpstreamError `discovery_failed` with the connector's message
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
    /** Sets a schedule with a time zone, which only the configuration API accepts. */
    setCron(id: string, cron: string, timeZone: string): Promise<void>;
    delete(id: string): Promise<void>;
    /** The tags of a workspace, for its connections. */
    tags(workspaceId: string, signal: AbortSignal): Promise<readonly Tag[]>;
    /** The state in the form of the API. */
    state(id: string, signal: AbortSignal): Promise<JsonObject>;
    /** Its `syncCatalog`. */
    catalog(id: string, signal: AbortSignal): Promise<JsonObject>;
  };
  readonly jobs: {
    /** Newest first, unless the filter asks for the oldest first. */
    list(filter: JobFilter, page: Page, signal: AbortSignal): Promise<Paged<Job>>;
    get(id: number, signal: AbortSignal): Promise<Job>;
    /**
     * Returns the present job where one waits for its first attempt. `reset` and `clear` make a job of type `reset` at once, and
     * cancel what runs.
     * @throws UpstreamError `cloud_conflict` if one runs already, or the connection is locked or inactive
     */
    create(connectionId: string, type: 'sync' | 'reset' | 'clear'): Promise<Job>;
    /** Clears some streams, where `create` clears all of them; by the configuration API. */
    clearStreams(connectionId: string, streams: readonly StreamName[]): Promise<Job>;
    /**
     * By the configuration API; all streams where none is named.
     * @returns undefined if the destination does not support it, and while a job runs: then the next run becomes the refresh
     */
    refresh(connectionId: string, mode: RefreshMode, streams: readonly StreamName[]): Promise<Job | undefined>;
    /** Cancels the running job of the job's connection, even if that is another job. */
    cancel(id: number): Promise<Job>;
    /** Oldest first; empty if the job is too old for Airbyte to list them. */
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
    /** Airbyte also deletes the sources made with it, and their connections. */
    delete(workspaceId: string, id: string): Promise<void>;
    /** @param spec the schema of the configuration, by which Airbyte finds the secrets in the values */
    setTestingValues(
      workspaceId: string,
      projectId: string,
      spec: JsonObject,
      testingValues: JsonObject,
    ): Promise<void>;
    /** The draft in the connector builder; undefined if the definition has no project there. */
    draft(workspaceId: string, id: string, signal: AbortSignal): Promise<Draft | undefined>;
  };
}
