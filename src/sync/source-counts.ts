/** Compares how many records a source counts (`sourceStats` of its states) with how many arrived. */
import { isObject, type JsonObject } from '../protocol/index.ts';
import { type StreamProgress, setMissing, takeRecordsSinceState } from './stream-progress.ts';

/** What a source counts up to its states of one kind, and what arrived. */
interface Count {
  sent: number;
  arrived: number;
  /** Of these, the records of streams that states of all streams cover. */
  tracked: number;
}

export interface SourceCounts {
  /** A state has arrived; `run` is absent where it covers every stream. Notes in the runs what does not agree up to here. */
  state(state: JsonObject, run: StreamProgress | undefined): void;
}

/** @param isTracked whether a state of all streams holds a position of the stream: not of one that is read in full */
export function createSourceCounts<Run extends StreamProgress>(
  all: readonly Run[],
  isTracked: (run: Run) => boolean,
): SourceCounts {
  const counts = new Map<StreamProgress | undefined, Count>();
  const tracked = new Set<StreamProgress>(all.filter(isTracked));
  return {
    state(state, run) {
      const arrived = { all: 0, tracked: 0 };
      for (const one of run ? [run] : all) {
        const records = takeRecordsSinceState(one);
        arrived.all += records;
        if (run || tracked.has(one)) arrived.tracked += records;
      }
      const sent = isObject(state.sourceStats) ? state.sourceStats.recordCount : undefined;
      if (typeof sent !== 'number') return;
      const count = counts.get(run) ?? { sent: 0, arrived: 0, tracked: 0 };
      count.sent += sent;
      count.arrived += arrived.all;
      count.tracked += arrived.tracked;
      counts.set(run, count);
      // Sources count with or without the streams that they read in full. Late records may still arrive: then a later state agrees.
      const agrees = count.sent === count.arrived;
      for (const one of run ? [run] : tracked) setMissing(one, agrees ? 0 : count.sent - count.tracked);
    },
  };
}
