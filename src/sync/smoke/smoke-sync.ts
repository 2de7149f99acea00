/** One sync of generated records into a destination. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connectors, DestinationRun, RunControl } from '../../connectors/index.ts';
import { abortError } from '../../errors.ts';
import type { ConfiguredStream } from '../../protocol/index.ts';
import { type Clock, createClock } from '../clock.ts';
import { destinationCatalog } from '../deliver/destination-catalog.ts';
import { openDestination } from '../deliver/destination-side.ts';
import { createSentStates, type SentStates } from '../deliver/sent-states.ts';
import { waitForEnd } from '../deliver/wait-for-end.ts';
import { badEnd } from '../outcome.ts';
import { readState } from '../state-file.ts';
import { indexStreams } from '../stream-keys.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, type SyncRecord } from '../sync-record.ts';
import type { DeliveryTarget } from '../types.ts';

export interface SmokeSync {
  readonly streams: readonly { readonly configured: ConfiguredStream; readonly records: readonly string[] }[];
  /** Counts the syncs of the scenario, from 1. */
  readonly round: number;
  /** Records between two states. */
  readonly batch: number;
}

export interface SmokeWrite {
  readonly written: number;
  readonly statesSent: number;
  readonly statesReturned: number;
}

export interface SmokeParts {
  readonly connectors: Connectors;
  readonly target: DeliveryTarget;
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly control: RunControl;
  readonly silenceMs: number;
}

/** Errors are noted in the record. @throws the signal's reason if the call was cancelled */
export async function writeSmoke(sync: SmokeSync, parts: SmokeParts): Promise<SmokeWrite> {
  const { connectors, target, control } = parts;
  const { signal } = control;
  const writing = new AbortController();
  const stop = (): void => writing.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const clock = createClock();
  const overwrite = sync.streams[0]?.configured.mode === 'full_refresh_overwrite';
  const generation = overwrite ? sync.round : 1;
  const streams = sync.streams.map(({ configured }) => configured);
  const catalog = destinationCatalog(
    streams,
    streams.map(() => ({ generation, minimum: overwrite ? generation : 0, overwrite: false })),
    Date.now(),
  );
  try {
    if (signal.aborted) throw abortError(signal);
    const quiet = { signal: writing.signal, progress: () => undefined };
    return await connectors.write(target.installed, { config: target.config, catalog }, quiet, (run) =>
      feedAll(run, sync, { ...parts, clock, writing }),
    );
  } finally {
    clock.stop();
    signal.removeEventListener('abort', stop);
  }
}

interface Feeding extends SmokeParts {
  readonly clock: Clock;
  readonly writing: AbortController;
}

async function feedAll(run: DestinationRun, sync: SmokeSync, parts: Feeding): Promise<SmokeWrite> {
  const { target, record, log, clock, control, writing } = parts;
  const indexOf = indexStreams(sync.streams.map(({ configured }) => configured.stream));
  const states = createSentStates(indexOf);
  let returned = 0;
  const destination = openDestination(
    run,
    {
      record,
      log,
      runOf: () => undefined,
      keepUpdate: target.config.keepUpdate,
      silenceMs: parts.silenceMs,
      state(state, text) {
        const found = states.returned(state, text);
        if (typeof found !== 'string') returned += found.length;
      },
    },
    clock,
  );
  let written = 0;
  let sent = 0;
  const { feed } = destination;
  for (const piece of piecesOf(sync, states, target.supportsRefreshes)) {
    if (destination.isClosed()) break;
    feed.put(Buffer.from(piece.text));
    written += piece.records;
    sent += piece.states;
    const held = feed.flush();
    if (!held) continue;
    for (;;) {
      const got = await Promise.race([held.then(() => 'taken' as const), destination.closed, clock.tick()]);
      if (got !== 'tick' || destination.isStuck(true)) break;
    }
  }
  // A destination that has closed its input is noticed a moment later.
  await Promise.race([destination.closed, sleep(0)]);
  const early = destination.isClosed();
  feed.end();
  const exit = await waitForEnd(destination, clock, writing, early);
  if (control.signal.aborted) throw abortError(control.signal);
  const hasReported = record.errors.length > 0;
  if (exit && exit.code !== 0 && !hasReported) addError(record, badEnd(exit, 'The destination'));
  else if (early && !hasReported) {
    const message = 'The destination closed its input, or ended, before it was told all.';
    addError(record, { message, failure_type: 'system_error' });
  }
  return { written, statesSent: sent, statesReturned: returned };
}

interface Piece {
  readonly text: string;
  readonly records: number;
  readonly states: number;
}

/** The messages of a sync, in pieces of a batch each: its records and the state that covers them. */
function* piecesOf({ streams, batch, round }: SmokeSync, sent: SentStates, tellsStatus: boolean): Generator<Piece> {
  for (const [index, { configured, records }] of streams.entries()) {
    const { name } = configured.stream;
    for (let from = 0; from === 0 || from < records.length; from += batch) {
      const part = records.slice(from, from + batch);
      const lines = part.map(
        (data) =>
          `{"type":"RECORD","record":{"stream":${JSON.stringify(name)},"data":${data},"emitted_at":${Date.now()}}}\n`,
      );
      const state = {
        type: 'STREAM',
        stream: { stream_descriptor: { name }, stream_state: { round, sent: from + part.length } },
        sourceStats: { recordCount: part.length },
      };
      const text = JSON.stringify(state);
      const read = readState(state, text);
      if (read) sent.sent({ state: read, streams: [index], records: [from + part.length], sourceCount: part.length });
      yield { text: `${lines.join('')}{"type":"STATE","state":${text}}\n`, records: part.length, states: 1 };
    }
    if (!tellsStatus) continue;
    const status = { stream_descriptor: { name }, status: 'COMPLETE' };
    const trace = { type: 'STREAM_STATUS', emitted_at: Date.now(), stream_status: status };
    yield { text: `${JSON.stringify({ type: 'TRACE', trace })}\n`, records: 0, states: 0 };
  }
}
