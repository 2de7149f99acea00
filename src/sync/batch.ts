/** What is loaded in one transaction, and when. */
import type { BatchLoad } from '../cache/index.ts';
import type { StreamRun } from './stream-run.ts';

export interface Batch {
  readonly load: BatchLoad;
  /** The runs of `load.streams`, in the same order. */
  readonly runs: readonly StreamRun[];
  /** Streams that a state of this batch covers. */
  readonly withState: readonly StreamRun[];
  /** Streams that are committed with this batch. */
  readonly completed: readonly StreamRun[];
}

/** When a batch is cut. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds after the first confirmation of a slow source. */
  readonly ms: number;
}

export const BATCH_LIMITS: BatchLimits = { rows: 500_000, bytes: 256 * 1024 * 1024, ms: 10_000 };
