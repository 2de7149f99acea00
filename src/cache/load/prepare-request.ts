/** The request to prepare the cache for a sync, and its result. */
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
  /** Whether this session created the object with this id. */
  readonly owns?: ((id: string) => boolean) | undefined;
  /** Called with the tables that this sync would change beyond loading new rows; throws if that is not allowed. */
  readonly authorize?: ((tables: readonly Identified[]) => void) | undefined;
}

export interface PreparedSync {
  readonly streams: readonly PreparedStream[];
  /** The stored states, except those of streams that start over. */
  readonly states: readonly StateText[];
  readonly newDataset: boolean;
  readonly datasetId: string;
}
