/** From a state that the source sends to the one that the destination returns: only then it is kept. */
import { count } from '../../count.ts';
import type { JsonObject } from '../../protocol/index.ts';
import { noteFailure } from '../failure.ts';
import { isIncrementalMode } from '../modes.ts';
import { readState } from '../state-file.ts';
import type { StreamIndex } from '../stream-keys.ts';
import type { SyncLog } from '../sync-log.ts';
import { addWarning, type SyncRecord } from '../sync-record.ts';
import type { DeliveryRun } from './delivery-run.ts';
import type { DeliveryStates } from './delivery-states.ts';
import { createSentStates, type SentState } from './sent-states.ts';

export interface Confirmations {
  /** The source sends a state. @returns whether it belongs to this sync */
  sent(state: JsonObject, text: string): boolean;
  /** The destination returns one. */
  returned(state: JsonObject, text: string): void;
  /** Keeps the states of streams that took the place of what was there, and are whole now. */
  release(): void;
  /** Settles when all that was confirmed so far is on disk. */
  settled(): Promise<void>;
  /** Streams whose last state the destination has not returned. */
  readonly missing: () => ReadonlySet<number>;
  /** Says where source and destination have counted differently. */
  end(): void;
}

export function createConfirmations(
  record: SyncRecord,
  indexOf: StreamIndex,
  kept: DeliveryStates,
  log: SyncLog,
): Confirmations {
  const { deliveries } = record;
  const sentStates = createSentStates(indexOf);
  const all = deliveries.map((_run, index) => index);
  const held = new Map<string, SentState>();
  const pending = new Set<Promise<void>>();
  const counted = { source: 0, destination: 0, rejected: 0 };

  const runsOf = ({ streams }: SentState): DeliveryRun[] => streams.flatMap((index) => deliveries[index] ?? []);
  const confirm = ({ streams, records }: SentState): void => {
    for (const [at, index] of streams.entries()) {
      const run = deliveries[index];
      if (run) run.recordsConfirmed = Math.max(run.recordsConfirmed, records[at] ?? 0);
    }
  };
  const keep = (sent: SentState): void => {
    const runs = runsOf(sent).filter(({ configured }) => isIncrementalMode(configured.mode));
    // What a full refresh says of its progress is no place from which the next sync could continue.
    if (runs.length === 0) {
      confirm(sent);
      return;
    }
    const writing = kept
      .keep(
        sent.state,
        runs.map(({ configured }) => configured.stream),
      )
      .then(
        () => {
          confirm(sent);
          for (const [at, index] of sent.streams.entries()) {
            const run = deliveries[index];
            if (!run || !runs.includes(run)) continue;
            run.committedState = true;
            run.recordsPersisted = Math.max(run.recordsPersisted, sent.records[at] ?? 0);
          }
        },
        (error: unknown) => noteFailure(record, log, error),
      );
    pending.add(writing);
    void writing.then(() => pending.delete(writing));
  };

  return {
    sent(message, text) {
      const state = readState(message, text);
      const own = state?.stream ? indexOf(state.stream.name, state.stream.namespace) : undefined;
      if (!state || own === -1) {
        addWarning(
          record,
          'The source sent a state that belongs to no stream of this sync; the destination does not get it.',
        );
        return false;
      }
      const streams = own === undefined ? all : [own];
      const records = streams.map((index) => deliveries[index]?.recordsRead ?? 0);
      sentStates.sent({ state, streams, records, sourceCount: statOf(message, 'sourceStats', 'recordCount') });
      return true;
    },
    returned(message, text) {
      const found = sentStates.returned(message, text);
      if (found === 'again') return;
      if (found === 'unknown') {
        addWarning(record, 'The destination returned a state that the source has not sent; it is not kept.');
        return;
      }
      const taken = statOf(message, 'destinationStats', 'recordCount');
      // Only where both count the same records can their counts be compared.
      if (taken !== undefined && found.every(({ sourceCount }) => sourceCount !== undefined)) {
        counted.source += found.reduce((sum, { sourceCount = 0 }) => sum + sourceCount, 0);
        counted.destination += taken;
      }
      counted.rejected += statOf(message, 'destinationStats', 'rejectedRecordCount') ?? 0;
      const newest = found.at(-1);
      if (!newest) return;
      if (runsOf(newest).some(({ replaces }) => replaces)) {
        held.set(newest.state.stream ? JSON.stringify(newest.state.stream) : newest.state.kind, newest);
        confirm(newest);
      } else keep(newest);
    },
    release() {
      for (const sent of held.values()) if (runsOf(sent).every(isSettledWell)) keep(sent);
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
    missing: () => sentStates.missing(),
    end() {
      const { source, destination, rejected } = counted;
      if (rejected > 0) addWarning(record, `The destination says that it rejected ${count(rejected, 'record')}.`);
      if (source === destination + rejected) return;
      const message = `The source counted ${count(source, 'record')} up to its states, and the destination ${destination.toLocaleString('en-US')}.`;
      addWarning(record, message);
    },
  };
}

function isSettledWell({ replaces, state }: DeliveryRun): boolean {
  return !replaces || state === 'complete';
}

function statOf(state: JsonObject, side: 'sourceStats' | 'destinationStats', key: string): number | undefined {
  const stats = state[side];
  const value = typeof stats === 'object' && stats !== null && !Array.isArray(stats) ? stats[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}
