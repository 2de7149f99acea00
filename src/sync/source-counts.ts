/** Holds what a source says it has sent (`sourceStats` of its states) against what was loaded. */
import { isObject, type JsonObject } from '../protocol/index.ts';
import { addWarning, type SyncRecord } from './sync-record.ts';

/** What is counted of a stream. */
interface Counted {
  readonly label: string;
  /** Records since the last state that covers the stream. */
  recordsSinceState: number;
  /** Of them, those that could not be taken. */
  readonly recordsDropped?: number;
}

/** Counts of one stream, or of all where the source counts them together. */
interface Count {
  readonly of: string;
  readonly runs: readonly Counted[];
  sent: number;
  arrived: number;
}

export interface SourceCounts {
  /** A state has come; `run` is absent where it speaks of every stream. */
  state(state: JsonObject, run: Counted | undefined): void;
  /** Says a difference; call it when nothing more will be loaded. */
  end(): void;
}

/** @param taken what became of the records, for the warning */
export function createSourceCounts(
  record: SyncRecord,
  all: readonly Counted[] = record.runs,
  taken = 'could be loaded',
): SourceCounts {
  const counts = new Map<Counted | undefined, Count>();
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
    },
    end() {
      for (const { of, runs, sent, arrived } of counts.values()) {
        const loaded = arrived - runs.reduce((sum, { recordsDropped = 0 }) => sum + recordsDropped, 0);
        if (sent === loaded) continue;
        const message = `The source counted ${sent.toLocaleString('en-US')} records ${of} up to its states, and ${loaded.toLocaleString('en-US')} ${taken}.`;
        addWarning(record, message);
      }
    },
  };
}
