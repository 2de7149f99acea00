/** The calls of this session, and what it created, changed and deleted. In memory only. */
import type { Ledger, LedgerEntry } from './ledger.ts';

export interface CallEntry {
  /** ISO 8601, UTC: when the call arrived. */
  readonly at: string;
  readonly tool: string;
  /** `ok`, `in_progress`, or the code of the error. */
  readonly outcome: string;
  readonly made: readonly LedgerEntry[];
  readonly changed: readonly LedgerEntry[];
  readonly deleted: readonly LedgerEntry[];
}

/** What one call does while it runs. */
export interface CallEffects {
  readonly made: LedgerEntry[];
  readonly changed: LedgerEntry[];
  readonly deleted: LedgerEntry[];
}

export interface SessionHistory {
  record(call: CallEntry): void;
  /** The latest calls, oldest first. */
  list(): readonly CallEntry[];
}

const MAX_CALLS = 200;

export function createSessionHistory(): SessionHistory {
  const calls: CallEntry[] = [];
  return {
    record(call) {
      calls.push(call);
      if (calls.length > MAX_CALLS) calls.shift();
    },
    list: () => [...calls],
  };
}

export function noEffects(): CallEffects {
  return { made: [], changed: [], deleted: [] };
}

/** A ledger that also records what one call creates and deletes, the sync that it started in the background included. */
export function recordingLedger(ledger: Ledger, { made, deleted }: CallEffects): Ledger {
  return {
    ...ledger,
    enter(entry) {
      ledger.enter(entry);
      if (!made.some(({ kind, id }) => kind === entry.kind && id === entry.id)) made.push(entry);
    },
    remove(entry) {
      ledger.remove(entry);
      deleted.push(entry);
    },
  };
}
