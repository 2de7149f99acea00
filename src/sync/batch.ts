/** What is loaded in one transaction. */
import type { BatchLoad } from '../cache/index.ts';
import type { StreamRun } from './stream-run.ts';

export interface Batch {
  readonly load: BatchLoad;
  /** The runs of `load.streams`, in the same order. */
  readonly runs: readonly StreamRun[];
  /** Streams that a state of this batch speaks of. */
  readonly withState: readonly StreamRun[];
  /** Streams that are whole with this batch. */
  readonly whole: readonly StreamRun[];
}
