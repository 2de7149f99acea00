/** What the cache is asked to get ready for a sync, and what it answers. */
import type { SyncRow } from '../bookkeeping/index.ts';
import type { Identified, Origin, PreparedStream, StateText, StreamRequest } from './types.ts';

export interface PrepareRequest {
  readonly sync: SyncRow;
  readonly streams: readonly StreamRequest[];
  /** Whether the source's catalog has several namespaces. */
  readonly severalNamespaces: boolean;
  /** Forget the states of these streams and rebuild their tables. */
  readonly restart: boolean;
  readonly origin?: Origin | undefined;
  /** Whether the session that syncs made what has this id. */
  readonly owns?: ((id: string) => boolean) | undefined;
  /** Asked with the tables that this sync would do more to than to load what is new; throws where it must not be. */
  readonly authorize?: ((tables: readonly Identified[]) => void) | undefined;
}

export interface PreparedSync {
  readonly streams: readonly PreparedStream[];
  /** The kept states, those of streams that start over left out. */
  readonly states: readonly StateText[];
  readonly newDataset: boolean;
  readonly datasetId: string;
}
