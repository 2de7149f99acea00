/** One sync from its connector's first byte to its end. */
import { rm } from 'node:fs/promises';
import type { Cache, SyncRow } from '../cache/index.ts';
import type { Connectors, Exit } from '../connectors/index.ts';
import { messageOf } from '../errors.ts';
import { type ConfiguredStream, findStreams } from '../protocol/index.ts';
import type { BatchLimits } from './batch.ts';
import { createBatches } from './batches.ts';
import { noteFailure } from './failure.ts';
import { createLoader, ownTable } from './loader.ts';
import { createMessageHandler } from './messages.ts';
import type { StreamOption } from './modes.ts';
import { readIntoBatches } from './pump.ts';
import { createSegments, type Segments } from './segments.ts';
import { confirmByEnd, type ReadEnding, settle } from './settle.ts';
import { createSourceCounts } from './source-counts.ts';
import { stateFile } from './state-file.ts';
import { indexStreams } from './stream-keys.ts';
import { streamState } from './stream-progress.ts';
import { isIncremental, newStreamRun, setTableRows } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addNote, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncRequest } from './types.ts';

export interface EngineOptions {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly cache: Cache;
  readonly connectors: Connectors;
  readonly log: SyncLog;
  /** The folder of the segments; created and removed here. */
  readonly stagingFolder: string;
  /** Ends the reading; what is confirmed is still loaded. */
  readonly cancel: AbortSignal;
  /** Stops immediately: nothing more is loaded. */
  readonly abort: AbortSignal;
  readonly limits?: BatchLimits;
}

/** Runs the sync and settles the record's states; rejects only on bugs. */
export async function runSync(options: EngineOptions): Promise<void> {
  const { record, log, stagingFolder, abort, cancel } = options;
  let ending: ReadEnding = { cancelled: false, endSeen: false };
  try {
    await prepare(options);
    ending = await readAndLoad(options);
  } catch (error) {
    ending = { cancelled: cancel.aborted, endSeen: false };
    if (!cancel.aborted && !abort.aborted) noteFailure(record, log, error);
  } finally {
    await rm(stagingFolder, { recursive: true, force: true });
  }
  if (abort.aborted) return;
  const state = settle(record, ending);
  const endedAt = new Date();
  // Clean up only what was prepared: the dataset may belong to another source.
  if (record.prepared) await finish(options, { ...rowOf(record), state, endedAt: endedAt.toISOString() });
  record.endedAt = endedAt;
  record.state = state;
}

async function prepare({ request, record, cache, cancel }: EngineOptions): Promise<void> {
  const namespaces = new Set(request.catalog.streams.map(({ namespace }) => namespace ?? ''));
  const prepared = await cache.prepareSync(
    {
      sync: rowOf(record),
      streams: request.streams.map((configured) => ({ ...configured, option: optionOf(configured, request) })),
      origin: request.origin,
      owns: request.owns,
      authorize: request.authorize,
      severalNamespaces: namespaces.size > 1,
      restart: request.restart === true,
    },
    { signal: cancel },
  );
  await cache.release();
  record.prepared = prepared;
  for (const note of request.notes ?? []) addNote(record, note);
  for (const [index, { aligned = [] }] of prepared.streams.entries()) {
    for (const note of aligned) addNote(record, `"${record.labels[index]}": ${note}.`);
  }
  record.runs = prepared.streams.map((stream, index) => newStreamRun(index, record.labels[index] ?? '', stream));
  if (prepared.newDataset) request.onCreated?.({ kind: 'dataset', id: prepared.datasetId, name: record.dataset });
  // No stream owns a replacement table before it is swapped in.
  for (const stream of prepared.streams)
    if (stream.newTable && stream.writeMode === 'append') ownTable(request, stream);
}

/** The options chosen for the stream, in this sync or an earlier one. */
function optionOf({ stream }: ConfiguredStream, { options = [], catalog }: SyncRequest): StreamOption | undefined {
  return options.find((option) => findStreams(catalog, option.stream).includes(stream));
}

async function readAndLoad(options: EngineOptions): Promise<ReadEnding> {
  const segments = await createSegments(options.stagingFolder, options.record.runs.length);
  try {
    return await readInto(segments, options);
  } finally {
    await segments.close();
  }
}

async function readInto(segments: Segments, options: EngineOptions): Promise<ReadEnding> {
  const { request, record, connectors, log, cancel, abort } = options;
  const sharedStates = record.prepared?.states.some(({ kind }) => kind !== 'STREAM') === true;
  const batches = createBatches({ ...record, sharedStates }, record.runs, segments, options.limits);
  const indexOf = indexStreams(request.streams.map(({ stream }) => stream));
  const counts = createSourceCounts(record.runs, isIncremental);
  const messages = createMessageHandler(record, indexOf, batches, counts, log);
  const loader = createLoader(options);
  const reading = new AbortController();
  const stop = (reason: unknown): void => reading.abort(reason);
  const stopped = (): void => stop(cancel.aborted ? cancel.reason : abort.reason);
  for (const signal of [cancel, abort]) {
    if (signal.aborted) stopped();
    signal.addEventListener('abort', stopped, { once: true });
  }
  let exit: Exit | undefined;
  try {
    await connectors.read(
      request.installed,
      { config: request.config, streams: request.streams, ...stateOf(record) },
      { signal: reading.signal, progress: (message) => log.note(message) },
      async (run) => {
        exit = await readIntoBatches(run, { record, segments, batches, messages, loader, log }, stop);
      },
    );
  } catch (error) {
    // A failed load ends the reading; its own error has the reason.
    if (!cancel.aborted && !abort.aborted && !loader.failure()) noteFailure(record, log, error);
  } finally {
    for (const signal of [cancel, abort]) signal.removeEventListener('abort', stopped);
  }
  const ending: ReadEnding = {
    cancelled: cancel.aborted,
    endSeen: messages.endSeen(),
    ...(exit && !loader.failure() ? { exit } : {}),
  };
  try {
    if (!abort.aborted && !loader.failure()) {
      confirmByEnd(record, batches, ending);
      const last = await batches.cut();
      if (last) await loader.load(last);
    }
  } finally {
    // Keep the files while a load reads them.
    await loader.settled();
  }
  await request.onMisfits?.(misfitsOf(record));
  const failure = loader.failure();
  if (failure && !abort.aborted) noteFailure(record, log, failure);
  return ending;
}

/** Fields whose values did not fit the schema, or that it does not have. */
function misfitsOf({ runs }: SyncRecord): string[] {
  return runs.flatMap(({ label, changedValues, prepared }) => {
    const fresh = prepared.target.columns.flatMap(({ field, undeclared }) => (undeclared && field ? [field] : []));
    return [...new Set([...changedValues.keys(), ...fresh])].map((field) => `${label}.${field}`);
  });
}

async function finish({ record, cache, log }: EngineOptions, row: SyncRow): Promise<void> {
  try {
    const rows = await cache.finishSync(row);
    for (const run of record.runs) setTableRows(run, rows.get(run.prepared.target.table));
    await cache.release();
  } catch (error) {
    // Rows and states are committed; only this sync's own entry is missing, and the next sync adds it.
    addWarning(record, `The end of the sync could not be noted in the cache: ${messageOf(error)}`);
    log.note(`could not note the end: ${messageOf(error)}`);
  }
}

function stateOf(record: SyncRecord): { stateText?: string } {
  const stateText = stateFile({
    states: record.prepared?.states ?? [],
    resumed: record.runs.filter(({ prepared }) => prepared.resumes).map(({ prepared }) => prepared.stream),
    restarted: record.runs.filter(({ prepared }) => !prepared.resumes).map(({ prepared }) => prepared.stream),
  });
  return stateText === undefined ? {} : { stateText };
}

function rowOf(record: SyncRecord): SyncRow {
  return {
    syncId: record.syncId,
    source: record.source,
    dataset: record.dataset,
    state: record.state,
    startedAt: record.startedAt.toISOString(),
    ...(record.endedAt ? { endedAt: record.endedAt.toISOString() } : {}),
    records: record.runs.reduce((sum, run) => sum + run.recordsRead, 0),
    rows: record.runs.reduce((sum, run) => sum + run.rowsCommitted, 0),
    streams: record.runs.map((run) => ({
      stream: run.label,
      state: streamState(run),
      mode: run.prepared.mode,
      table: run.prepared.target.table,
      records: run.recordsRead,
      rows: run.rowsCommitted,
    })),
  };
}
