/** Holds what a source says it has sent (`sourceStats` of its states) against what was loaded. */
import { isObject, type JsonObject } from '../protocol/index.ts';
import type { Losing } from './losses.ts';

/** What a source says to have sent up to its states of one kind, and what came. */
interface Count {
  sent: number;
  arrived: number;
  /** Of them, those of the streams that states of all streams speak of. */
  tracked: number;
}

export interface SourceCounts {
  /** A state has come; `run` is absent where it speaks of every stream. Notes in the runs what does not agree up to here. */
  state(state: JsonObject, run: Losing | undefined): void;
}

/** @param isTracked whether a state of all streams holds a position of the stream: not of one that is read in full */
export function createSourceCounts<Run extends Losing>(
  all: readonly Run[],
  isTracked: (run: Run) => boolean,
): SourceCounts {
  const counts = new Map<Losing | undefined, Count>();
  const tracked = all.filter(isTracked);
  const take = (runs: readonly Losing[]): number => runs.reduce((sum, one) => sum + one.recordsSinceState, 0);
  return {
    state(state, run) {
      const runs = run ? [run] : all;
      const arrived = { all: take(runs), tracked: take(run ? [run] : tracked) };
      for (const one of runs) one.recordsSinceState = 0;
      const sent = isObject(state.sourceStats) ? state.sourceStats.recordCount : undefined;
      if (typeof sent !== 'number') return;
      const count = counts.get(run) ?? { sent: 0, arrived: 0, tracked: 0 };
      count.sent += sent;
      count.arrived += arrived.all;
      count.tracked += arrived.tracked;
      counts.set(run, count);
      // Sources count with or without the streams that they read in full. What is late may still come: then a later state agrees.
      const agrees = count.sent === count.arrived;
      for (const one of run ? [run] : tracked) one.missing = agrees ? 0 : count.sent - count.tracked;
    },
  };
}
