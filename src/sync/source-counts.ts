/** Holds what a source says it has sent (`sourceStats` of its states) against what was loaded. */
import { count as countOf } from '../count.ts';
import { isObject, type JsonObject } from '../protocol/index.ts';
import type { Losing } from './losses.ts';
import { addWarning, type SyncRecord } from './sync-record.ts';

/** Counts of one stream, or of all where the source counts them together. */
interface Count {
  readonly of: string;
  readonly runs: readonly Losing[];
  sent: number;
  arrived: number;
}

export interface SourceCounts {
  /** A state has come; `run` is absent where it speaks of every stream. Notes in the runs what does not agree up to here. */
  state(state: JsonObject, run: Losing | undefined): void;
  /** Says a difference; call it when nothing more will be loaded. */
  end(): void;
}

/** @param taken what became of the records, for the warning */
export function createSourceCounts(
  record: SyncRecord,
  all: readonly Losing[] = record.runs,
  taken = 'came',
): SourceCounts {
  const counts = new Map<Losing | undefined, Count>();
  return {
    state(state, run) {
      const runs = run ? [run] : all;
      const arrived = runs.reduce((sum, one) => sum + one.recordsSinceState, 0);
      for (const one of runs) one.recordsSinceState = 0;
      const sent = isObject(state.sourceStats) ? state.sourceStats.recordCount : undefined;
      if (typeof sent !== 'number') return;
      const count = counts.get(run) ?? { of: run ? `of "${run.label}"` : 'in all', runs, sent: 0, arrived: 0 };
      count.sent += sent;
      count.arrived += arrived;
      counts.set(run, count);
      // What is late may still come: then a later state agrees.
      for (const one of runs) one.missing = count.sent - count.arrived;
    },
    end() {
      for (const { of, sent, arrived } of counts.values()) {
        if (sent === arrived) continue;
        const message = `The source counted ${countOf(sent, 'record')} ${of} up to its states, and ${arrived.toLocaleString('en-US')} ${taken}.`;
        addWarning(record, message);
      }
    },
  };
}
