/** Holds what a source says it has sent (`sourceStats` of its states) against what was loaded. */
import { isObject, type JsonObject } from '../protocol/index.ts';
import type { Losing } from './losses.ts';

/** Counts of one stream, or of all where the source counts them together. */
interface Count {
  sent: number;
  arrived: number;
}

export interface SourceCounts {
  /** A state has come; `run` is absent where it speaks of every stream. Notes in the runs what does not agree up to here. */
  state(state: JsonObject, run: Losing | undefined): void;
}

export function createSourceCounts(all: readonly Losing[]): SourceCounts {
  const counts = new Map<Losing | undefined, Count>();
  return {
    state(state, run) {
      const runs = run ? [run] : all;
      const arrived = runs.reduce((sum, one) => sum + one.recordsSinceState, 0);
      for (const one of runs) one.recordsSinceState = 0;
      const sent = isObject(state.sourceStats) ? state.sourceStats.recordCount : undefined;
      if (typeof sent !== 'number') return;
      const count = counts.get(run) ?? { sent: 0, arrived: 0 };
      count.sent += sent;
      count.arrived += arrived;
      counts.set(run, count);
      // What is late may still come: then a later state agrees.
      for (const one of runs) one.missing = count.sent - count.arrived;
    },
  };
}
