/** One sync from a source into an Airbyte destination: two connectors and the data between them. */
import type { Connectors, DestinationRun, Exit } from '../../connectors/index.ts';
import type { Project } from '../../project/index.ts';
import { type Clock, createClock } from '../clock.ts';
import { noteFailure } from '../failure.ts';
import { badEnd } from '../outcome.ts';
import { stateFile } from '../state-file.ts';
import { indexStreams } from '../stream-keys.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, type SyncRecord } from '../sync-record.ts';
import type { DeliveryTarget, SyncFailure, SyncRequest } from '../types.ts';
import { createConfirmations } from './confirmations.ts';
import type { DeliveryStates } from './delivery-states.ts';
import { destinationCatalog } from './destination-catalog.ts';
import { type DestinationSide, openDestination } from './destination-side.ts';
import { prepareDelivery } from './prepare.ts';
import { settleDelivery } from './settle.ts';
import { createSourceHandler } from './source-handler.ts';
import { readSource, type SourceHandler } from './source-side.ts';
import { destinationClosed, waitForEnd } from './wait-for-end.ts';

export interface DeliveryOptions {
  readonly request: SyncRequest;
  readonly target: DeliveryTarget;
  readonly record: SyncRecord;
  readonly project: Project;
  readonly connectors: Connectors;
  readonly log: SyncLog;
  /** Ends the source; the destination may still confirm what it has. */
  readonly cancel: AbortSignal;
  /** Ends both at once. */
  readonly abort: AbortSignal;
  /** Milliseconds that the destination may neither read nor send anything. */
  readonly destinationSilenceMs?: number | undefined;
}

/** Warehouses load in large batches, so a destination may be silent for this long. */
const DESTINATION_SILENCE_MS = 3_600_000;

/** Runs the sync and settles the record's states; rejects only on bugs. */
export async function runDelivery(options: DeliveryOptions): Promise<void> {
  const { record, log, cancel, abort } = options;
  let from: SyncFailure['from'];
  try {
    const stored = await prepareDelivery(options);
    // Errors of the source are caught where it is read.
    from = 'destination';
    await deliver(options, stored);
  } catch (error) {
    if (!cancel.aborted && !abort.aborted) noteFailure(record, log, error, from);
    if (!abort.aborted)
      settleDelivery(record, { cancelled: cancel.aborted, destinationWell: false, unreturned: new Set() });
  }
  if (!abort.aborted) record.endedAt = new Date();
}

async function deliver(options: DeliveryOptions, stored: DeliveryStates): Promise<void> {
  const { request, target, record, connectors, log, abort } = options;
  const catalog = destinationCatalog(
    request.streams,
    stored.streams.map(({ generation, minimum }, index) => ({
      generation,
      minimum,
      overwrite: record.deliveries[index]?.replaces === true,
    })),
    record.startedAt.getTime(),
  );
  const writing = new AbortController();
  const stop = (): void => writing.abort(abort.reason);
  abort.addEventListener('abort', stop, { once: true });
  if (abort.aborted) stop();
  const clock = createClock();
  const control = { signal: writing.signal, progress: (message: string) => log.note(message) };
  try {
    await connectors.write(target.installed, { config: target.config, catalog }, control, (run) =>
      carry(run, { ...options, stored, clock, writing }),
    );
  } finally {
    clock.stop();
    abort.removeEventListener('abort', stop);
  }
}

interface Carriage extends DeliveryOptions {
  readonly stored: DeliveryStates;
  readonly clock: Clock;
  /** Ends the destination. */
  readonly writing: AbortController;
}

/** While the destination runs: reads the source into it, and waits for both ends. */
async function carry(run: DestinationRun, carriage: Carriage): Promise<void> {
  const { target, record, log, cancel, abort, stored, clock } = carriage;
  const { deliveries } = record;
  const indexOf = indexStreams(deliveries.map(({ configured }) => configured.stream));
  const confirmations = createConfirmations(record, indexOf, stored, log);
  const destination = openDestination(
    run,
    {
      record,
      log,
      runOf: (name, namespace) => deliveries[indexOf(name, namespace)],
      keepUpdate: target.config.keepUpdate,
      silenceMs: carriage.destinationSilenceMs ?? DESTINATION_SILENCE_MS,
      state: confirmations.returned,
    },
    clock,
  );
  const reading = new AbortController();
  const handler = createSourceHandler({
    record,
    log,
    indexOf,
    confirmations,
    tellsStatus: target.supportsRefreshes,
    isStopped: () => reading.signal.aborted,
  });
  const read = await readUntilEnd(carriage, { destination, handler, reading });
  const early = destination.isClosed();
  handler.ended(read, destination.feed);
  destination.feed.end();
  const exit = await waitForEnd(destination, clock, carriage.writing, early);
  const destinationWell = exit?.code === 0 && !early && !destination.hasFailed();
  if (!destinationWell) noteBadEnd(carriage, exit, early);
  await confirmations.settled();
  if (abort.aborted) return;
  settleDelivery(record, { cancelled: cancel.aborted, destinationWell, unreturned: confirmations.missing() });
  confirmations.release();
  confirmations.end();
  await confirmations.settled();
  const complete = deliveries
    .filter(({ outcome }) => outcome === 'complete')
    .map(({ configured }) => configured.stream);
  if (complete.length > 0) await stored.complete(complete);
}

interface Reading {
  readonly destination: DestinationSide;
  readonly handler: SourceHandler;
  readonly reading: AbortController;
}

/** Runs the source until it ends, the destination stops reading or the sync is cancelled. */
async function readUntilEnd(carriage: Carriage, { destination, handler, reading }: Reading): Promise<Exit | undefined> {
  const { request, record, connectors, log, cancel, abort, clock } = carriage;
  const stop = (): void => reading.abort(cancel.aborted ? cancel.reason : abort.reason);
  for (const signal of [cancel, abort]) signal.addEventListener('abort', stop, { once: true });
  if (cancel.aborted || abort.aborted) stop();
  // Nothing reads its records any more.
  void destination.closed.then(() => reading.abort(destinationClosed()));
  try {
    return await connectors.read(
      request.installed,
      { config: request.config, streams: request.streams, ...stateOf(carriage) },
      { signal: reading.signal, progress: (message) => log.note(message) },
      (source) => readSource(source, destination, handler, clock),
    );
  } catch (error) {
    if (!reading.signal.aborted) noteFailure(record, log, error, 'source');
    return undefined;
  } finally {
    for (const signal of [cancel, abort]) signal.removeEventListener('abort', stop);
  }
}

/** Records why the destination failed, unless it has reported an error itself. */
function noteBadEnd({ record, cancel, abort }: Carriage, exit: Exit | undefined, early: boolean): void {
  // A destination that was stopped may report that as an error.
  if (cancel.aborted || abort.aborted) return;
  if (record.errors.some(({ from }) => from === 'destination')) return;
  if (exit && exit.code !== 0) {
    addError(record, { ...badEnd(exit, 'The destination'), from: 'destination' });
  } else if (early) {
    const message = 'The destination closed its input, or ended, before the source was read to its end.';
    addError(record, { message, failure_type: 'system_error', from: 'destination' });
  }
}

function stateOf({ record, stored }: Carriage): { stateText?: string } {
  const streams = (resumes: boolean) =>
    record.deliveries.filter((run) => run.resumes === resumes).map(({ configured }) => configured.stream);
  const stateText = stateFile({ states: stored.states, resumed: streams(true), restarted: streams(false) });
  return stateText === undefined ? {} : { stateText };
}
