/** The ports of the sync module. */
import type { Origin } from '../cache/index.ts';
import type { Installed } from '../connectors/index.ts';
import type { Catalog, ConfiguredStream, Location, SyncMode } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import type { StreamOption } from './modes.ts';

export type SyncState = 'running' | 'complete' | 'incomplete' | 'failed' | 'cancelled' | 'interrupted';
export type StreamState = 'pending' | SyncState;

/** A saved destination that is ready to be written to. */
export interface DeliveryTarget {
  /** Name of the saved destination. */
  readonly id: string;
  readonly name: string;
  readonly installed: Installed;
  readonly config: ResolvedConfig;
  /** Fingerprint of the configuration. It changes if the data may be somewhere else: stored states are invalid then. */
  readonly locationKey: string;
  /** Tells it from destinations that are surely elsewhere. */
  readonly location: Location;
  /** What it can do with records, in the protocol's terms; undefined if it does not report this. */
  readonly modes?: readonly string[] | undefined;
  /** Whether it waits for the status COMPLETE of each stream, and knows generations of a stream. */
  readonly supportsRefreshes: boolean;
  readonly suspicions?: readonly string[] | undefined;
}

export interface SyncRequest {
  /** Name of the saved source. */
  readonly source: string;
  readonly installed: Installed;
  readonly config: ResolvedConfig;
  readonly catalog: Catalog;
  readonly streams: readonly ConfiguredStream[];
  /** The options chosen for streams of the source, now or earlier; stored for its later syncs. */
  readonly options?: readonly StreamOption[] | undefined;
  /** Forget the state of these streams: read them in full, and replace what is stored. */
  readonly restart?: boolean | undefined;
  /** How long the connector may be silent according to the registry, in seconds. */
  readonly maxSecondsBetweenMessages?: number | undefined;
  /** Where the records go instead of the cache. */
  readonly destination?: DeliveryTarget | undefined;
  /** Where the rows come from; if absent, existing tables are not compared with it. */
  readonly origin?: Origin | undefined;
  /** Those of `options` that this call gives. */
  readonly chosen?: readonly StreamOption[] | undefined;
  /** Possible reasons why a connector rejects its secrets; reported if the sync fails. */
  readonly suspicions?: readonly string[] | undefined;
  /** Notes about the preparation, for the sync's warnings. */
  readonly notes?: readonly string[] | undefined;
  /** Called at the end with the fields that did not fit the catalog, each once: `stream.field`. */
  readonly onMisfits?: ((misfits: readonly string[]) => Promise<void>) | undefined;
  /** Called with what the sync creates. */
  readonly onCreated?: (made: Made) => void;
  /** Whether the object with this id was created in this session. */
  readonly owns?: ((id: string) => boolean) | undefined;
  /** Asked with what the sync would do more to than to load what is new, right before it does; throws where it must not. */
  readonly authorize?: ((targets: readonly Made[]) => void) | undefined;
}

/** What a sync creates, as recorded in the ledger. */
export interface Made {
  readonly kind: 'dataset' | 'table' | 'delivery' | 'destination';
  readonly id: string;
  readonly name: string;
}

/** Field names are those that tools show. */
export interface StreamSummary {
  /** The stream's name, or `namespace.name` where the name alone is ambiguous. */
  readonly stream: string;
  readonly state: StreamState;
  readonly mode: SyncMode;
  /** Absent where the records go to a destination. */
  readonly table?: string;
  /** Records read. */
  readonly records: number;
  /** Rows written to the table and committed: fewer than records where several share a primary key. */
  readonly rows?: number;
  /** Records that the destination has confirmed: by returning a state that covers them, or by its good end. */
  readonly confirmed?: number;
  /** Of these, rows with a new key, and rows that replaced one with the same key. */
  readonly added?: number;
  readonly updated?: number;
  /** Rows removed from the table because the source deleted them. */
  readonly deleted?: number;
  /** Rows that the table had before it was read in full and replaced. */
  readonly replaced?: number;
  /** Records that changed nothing, because the table has a row of the same key with a greater cursor. */
  readonly late?: number;
  /** Rows and columns of the table when the sync ended. */
  readonly table_rows?: number;
  readonly columns?: readonly string[];
  /** Records that could not be read or loaded. The stream is then incomplete, and its state does not advance. */
  readonly lost?: number;
  /** Values that did not fit and were changed, by field; each is noted in its row's `_airbyte_meta`. */
  readonly changed_values?: Readonly<Record<string, number>>;
  /** Bytes read. */
  readonly bytes: number;
  /** Whether this sync has committed a state of this stream. */
  readonly committed_state: boolean;
  readonly error?: string;
}

export interface SyncFailure {
  readonly message: string;
  readonly failure_type: string;
  readonly stream?: string;
  /** Which connector it comes from, where two run. */
  readonly from?: 'source' | 'destination';
}

export interface SyncStatus {
  readonly sync_id: string;
  readonly source: string;
  /** Name of the saved destination; absent where the records go into the cache. */
  readonly destination?: string;
  readonly state: SyncState;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly ended_at?: string;
  readonly streams: readonly StreamSummary[];
  readonly records: number;
  readonly bytes: number;
  readonly records_per_second: number;
  readonly errors: readonly SyncFailure[];
  readonly warnings: readonly string[];
  /** What is stored for the source's later syncs. */
  readonly options?: readonly StreamOption[];
  /** Absent where the records go to a destination. */
  readonly dataset?: string;
  readonly tables: readonly string[];
}

export type OnProgress = (message: string, done?: number, total?: number) => void;

export interface Syncs {
  /**
   * Starts a sync in the background; one per source across all processes of the project. If one is running already,
   * returns its id.
   * @throws InputError `no_streams`
   */
  start(request: SyncRequest): Promise<{ syncId: string; alreadyRunning: boolean }>;
  /**
   * A sync's status; without an id, that of the latest sync. Needs no lock on the database.
   * @throws InputError `unknown_sync`, `no_syncs_yet`
   */
  get(syncId?: string): Promise<SyncStatus>;
  /** Waits for the end of a sync, at most `ms`. Cancelling the wait does not cancel the sync. */
  wait(syncId: string, ms: number, signal: AbortSignal, onProgress?: OnProgress): Promise<SyncStatus>;
  /** The latest syncs, newest first. */
  recent(limit: number): Promise<SyncStatus[]>;
  /** The last lines of a sync's redacted log. */
  log(syncId: string, lines: number): Promise<string[]>;
  /**
   * Ends a sync, also one of another live process, and waits some seconds for its end.
   * Committed records remain. A finished sync does not change.
   */
  cancel(syncId: string): Promise<SyncStatus>;
  /** The streams of a source's last sync into the cache, or into this destination, by their labels. */
  lastStreams(source: string, destination?: string): Promise<string[] | undefined>;
  /** The stream options of that sync. */
  lastOptions(source: string, destination?: string): Promise<readonly StreamOption[]>;
  /**
   * Runs `body` while no sync of the source runs or begins, in any process.
   * @throws LimitError `sync_running` naming it, or `locked`
   */
  whileIdle<T>(source: string, purpose: string, body: () => Promise<T>): Promise<T>;
  /** Removes a sync's status and log. @throws InputError `unknown_sync`, LimitError `sync_running` */
  remove(syncId: string): Promise<void>;
  /** For shutdown: ends all syncs of this process within about 700 ms; committed records remain. */
  endAll(): Promise<void>;
  /** Forgets what destinations have confirmed: of a source, or to a destination. @returns whether there was anything */
  removeDeliveryStates(of: { readonly source: string } | { readonly destination: string }): Promise<boolean>;
  /** Removes the staged records of syncs whose process is dead. */
  sweep(): Promise<void>;
}
