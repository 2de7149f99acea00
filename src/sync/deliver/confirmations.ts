/** Confirms delivered records: a state that the destination returns is stored, and the records before it count as delivered. */
import { count } from '../../count.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { noteFailure } from '../failure.ts';
import { isIncrementalMode } from '../modes.ts';
import { readState } from '../state-file.ts';
import type { StreamIndex } from '../stream-keys.ts';
import { markStateCommitted, persistRecords } from '../stream-progress.ts';
import type { SyncLog } from '../sync-log.ts';
import { addWarning, type SyncRecord } from '../sync-record.ts';
import { confirmDelivered, type DeliveryRun } from './delivery-run.ts';
import type { DeliveryStates } from './delivery-states.ts';
import { createSentStates, type SentState, type SentStates } from './sent-states.ts';

export interface Confirmations {
  /** The source sends a state. @returns whether it belongs to this sync */
  sent(state: JsonObject, text: string): boolean;
  /** The destination returns one. */
  returned(state: JsonObject, text: string): void;
  /** Stores the states of streams that replaced what was there, and are complete now. */
  release(): void;
  /** Settles when everything confirmed so far is on disk. */
  settled(): Promise<void>;
  /** Streams whose last state the destination has not returned. */
  readonly missing: () => ReadonlySet<number>;
  /** Warns where source and destination have counted differently. */
  end(): void;
}

interface Confirming {
  readonly record: SyncRecord;
  readonly indexOf: StreamIndex;
  readonly stored: DeliveryStates;
  readonly log: SyncLog;
  readonly sentStates: SentStates;
  /** The newest states of streams that replace existing data; stored when these streams are complete. */
  readonly held: Map<string, SentState>;
  /** Writes that are not on disk yet. */
  readonly writes: Set<Promise<void>>;
  /** Records as each side has counted them. */
  readonly counted: { source: number; destination: number; rejected: number };
}

export function createConfirmations(
  record: SyncRecord,
  indexOf: StreamIndex,
  stored: DeliveryStates,
  log: SyncLog,
): Confirmations {
  const confirming: Confirming = {
    record,
    indexOf,
    stored,
    log,
    sentStates: createSentStates(indexOf),
    held: new Map(),
    writes: new Set(),
    counted: { source: 0, destination: 0, rejected: 0 },
  };
  return {
    sent: (message, text) => takeSent(confirming, message, text),
    returned: (message, text) => takeReturned(confirming, message, text),
    release() {
      for (const sent of confirming.held.values()) {
        if (runsOf(confirming, sent).every(isSettledWell)) store(confirming, sent);
      }
    },
    async settled() {
      while (confirming.writes.size > 0) await Promise.all(confirming.writes);
    },
    missing: () => confirming.sentStates.missing(),
    end: () => warnOfCounts(confirming),
  };
}

function takeSent({ record, indexOf, sentStates }: Confirming, message: JsonObject, text: string): boolean {
  const state = readState(message, text);
  const own = state?.stream ? indexOf(state.stream.name, state.stream.namespace) : undefined;
  if (!state || own === -1) {
    addWarning(
      record,
      'The source sent a state that belongs to no stream of this sync; the destination does not get it.',
    );
    return false;
  }
  const { deliveries } = record;
  const streams = own === undefined ? [...deliveries.keys()] : [own];
  const records = streams.map((index) => deliveries[index]?.recordsRead ?? 0);
  sentStates.sent({ state, streams, records, sourceCount: statOf(message, 'sourceStats', 'recordCount') });
  return true;
}

function takeReturned(confirming: Confirming, message: JsonObject, text: string): void {
  const found = confirming.sentStates.returned(message, text);
  if (found === 'again') return;
  if (found === 'unknown') {
    addWarning(confirming.record, 'The destination returned a state that the source has not sent; it is not kept.');
    return;
  }
  countReturned(confirming, message, found);
  const newest = found.at(-1);
  if (!newest) return;
  if (runsOf(confirming, newest).some(({ replaces }) => replaces)) {
    const { stream, kind } = newest.state;
    confirming.held.set(stream ? JSON.stringify(stream) : kind, newest);
    confirm(confirming, newest);
  } else store(confirming, newest);
}

function countReturned({ counted }: Confirming, message: JsonObject, found: readonly SentState[]): void {
  const taken = statOf(message, 'destinationStats', 'recordCount');
  // Only where both count the same records can their counts be compared.
  if (taken !== undefined && found.every(({ sourceCount }) => sourceCount !== undefined)) {
    counted.source += found.reduce((sum, { sourceCount = 0 }) => sum + sourceCount, 0);
    counted.destination += taken;
  }
  counted.rejected += statOf(message, 'destinationStats', 'rejectedRecordCount') ?? 0;
}

function runsOf({ record }: Confirming, { streams }: SentState): DeliveryRun[] {
  return streams.flatMap((index) => record.deliveries[index] ?? []);
}

function confirm({ record }: Confirming, { streams, records }: SentState): void {
  for (const [at, index] of streams.entries()) {
    const run = record.deliveries[index];
    if (run) confirmDelivered(run, records[at] ?? 0);
  }
}

/** Writes the state to disk; then its records are confirmed. */
function store(confirming: Confirming, sent: SentState): void {
  const { record, stored, log, writes } = confirming;
  const runs = runsOf(confirming, sent).filter(({ configured }) => isIncrementalMode(configured.mode));
  // The progress of a full refresh is not a position from which the next sync could continue.
  if (runs.length === 0) {
    confirm(confirming, sent);
    return;
  }
  const streams = runs.map(({ configured }) => configured.stream);
  const writing = stored.keep(sent.state, streams).then(
    () => {
      confirm(confirming, sent);
      for (const [at, index] of sent.streams.entries()) {
        const run = record.deliveries[index];
        if (!run || !runs.includes(run)) continue;
        markStateCommitted(run);
        persistRecords(run, sent.records[at] ?? 0);
      }
    },
    (error: unknown) => noteFailure(record, log, error),
  );
  writes.add(writing);
  void writing.then(() => writes.delete(writing));
}

function warnOfCounts({ record, counted }: Confirming): void {
  const { source, destination, rejected } = counted;
  if (rejected > 0) addWarning(record, `The destination says that it rejected ${count(rejected, 'record')}.`);
  if (source === destination + rejected) return;
  const message = `The source counted ${count(source, 'record')} up to its states, and the destination ${destination.toLocaleString('en-US')}.`;
  addWarning(record, message);
}

function isSettledWell({ replaces, outcome }: DeliveryRun): boolean {
  return !replaces || outcome === 'complete';
}

function statOf(state: JsonObject, side: 'sourceStats' | 'destinationStats', key: string): number | undefined {
  const stats = state[side];
  const value = typeof stats === 'object' && stats !== null && !Array.isArray(stats) ? stats[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}
