/** What this session was asked to do, and what it made, changed and deleted: in memory, for its own reader. */
import type { Ledger, LedgerEntry } from './ledger.ts';

export interface CallNote {
  /** ISO 8601, UTC: when the call came. */
  readonly at: string;
  readonly tool: string;
  /** `ok`, `in_progress`, or the code of the error. */
  readonly outcome: string;
  readonly made: readonly LedgerEntry[];
  readonly changed: readonly LedgerEntry[];
  readonly deleted: readonly LedgerEntry[];
}

/** What one call does while it runs. */
export interface Doing {
  readonly made: LedgerEntry[];
  readonly changed: LedgerEntry[];
  readonly deleted: LedgerEntry[];
}

export interface SessionHistory {
  note(call: CallNote): void;
  /** The latest calls, oldest first. */
  list(): readonly CallNote[];
}

const MAX_CALLS = 200;

export function createSessionHistory(): SessionHistory {
  const calls: CallNote[] = [];
  return {
    note(call) {
      calls.push(call);
      if (calls.length > MAX_CALLS) calls.shift();
    },
    list: () => [...calls],
  };
}

export function newDoing(): Doing {
  return { made: [], changed: [], deleted: [] };
}

/** A ledger that also notes what one call enters, the sync that it started in the background included. */
export function notingLedger(ledger: Ledger, { made }: Doing): Ledger {
  return {
    ...ledger,
    enter(entry) {
      ledger.enter(entry);
      if (!made.some(({ kind, id }) => kind === entry.kind && id === entry.id)) made.push(entry);
    },
  };
}
