/** One sync from its connector's first byte to its end. */
import { rm, unlink } from 'node:fs/promises';
import { type Database, finishSync, loadBatch, prepareSync } from '../cache/index.ts';
import type { ConnectorRun, Connectors, Exit } from '../connectors/index.ts';
import { LimitError, messageOf, SluiceError } from '../errors.ts';
import { type Batch, type BatchLimits, countLoaded, createBatches } from './batches.ts';
import { createMessageHandler, type MessageHandler } from './messages.ts';
import { confirmByEnd, type ReadEnding, settle } from './outcome.ts';
import { createRouter } from './router/index.ts';
import { createSegments, type Segments } from './segments.ts';
import { stateFile } from './state-file.ts';
import { indexStreams } from './stream-keys.ts';
import { newStreamRun } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addError, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncRequest } from './types.ts';

export interface EngineOptions {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly database: Database;
  readonly connectors: Connectors;
  readonly log: SyncLog;
  /** Where the segments lie; made and removed here. */
  readonly stagingFolder: string;
  /** Ends the reading; what is confirmed is still loaded. */
  readonly cancel: AbortSignal;
  /** Ends everything at once: nothing more is loaded. */
  readonly abort: AbortSignal;
  readonly limits?: BatchLimits;
}

/** A load waits so long for another program that has the cache open; the connector is held back meanwhile. */
const LOAD_WAIT_MS = 10 * 60_000;
const TICK_MS = 1_000;
/** A connector that has closed its output gets so long to end. */
const EXIT_MS = 10_000;

/** Runs the sync and settles the record's states; never rejects but for bugs. */
export async function runSync(options: EngineOptions): Promise<void> {
  const { record, log, stagingFolder, abort, cancel } = options;
  let ending: ReadEnding = { cancelled: false, statusSeen: false };
  try {
    await prepare(options);
    ending = await readAndLoad(options);
  } catch (error) {
    ending = { cancelled: cancel.aborted, statusSeen: false };
    if (!cancel.aborted && !abort.aborted) noteFailure(record, log, error);
  } finally {
    await rm(stagingFolder, { recursive: true, force: true });
  }
  if (abort.aborted) return;
  settle(record, ending);
  record.endedAt = new Date();
  await finish(options);
}

async function prepare({ request, record, database, cancel }: EngineOptions): Promise<void> {
  const namespaces = new Set(request.catalog.streams.map(({ namespace }) => namespace ?? ''));
  const prepared = await database.use(
    `preparing sync ${record.syncId}`,
    (connection) =>
      prepareSync(connection, {
        sync: rowOf(record),
        streams: request.streams,
        severalNamespaces: namespaces.size > 1,
        restart: request.restart === true,
      }),
    { signal: cancel },
  );
  await database.release();
  record.prepared = prepared;
  record.runs = prepared.streams.map((stream, index) => newStreamRun(index, record.labels[index] ?? '', stream));
  if (prepared.newDataset) request.onCreated?.('dataset', record.dataset);
}

async function readAndLoad(options: EngineOptions): Promise<ReadEnding> {
  const { request, record, connectors, log, cancel, abort } = options;
  const segments = await createSegments(options.stagingFolder, record.runs.length);
  const batches = createBatches(record, record.runs, segments, options.limits);
  const indexOf = indexStreams(request.streams.map(({ stream }) => stream));
  const messages = createMessageHandler(record, indexOf, batches, log);
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
    const pump = createPump({ record, segments, batches, messages, loader, log });
    await connectors.read(
      request.installed,
      { config: request.config, streams: request.streams, ...stateOf(record) },
      { signal: reading.signal, progress: (message) => log.note(message) },
      async (run) => {
        exit = await pump(run, stop);
      },
    );
  } catch (error) {
    // A failed load ends the reading; its own error says why.
    if (!cancel.aborted && !abort.aborted && !loader.failure()) noteFailure(record, log, error);
  } finally {
    for (const signal of [cancel, abort]) signal.removeEventListener('abort', stopped);
  }
  const ending: ReadEnding = {
    cancelled: cancel.aborted,
    statusSeen: messages.statusSeen(),
    ...(exit && !loader.failure() ? { exit } : {}),
  };
  if (!abort.aborted && !loader.failure()) {
    confirmByEnd(record, batches, ending);
    const last = await batches.cut();
    if (last) await loader.load(last);
  }
  await loader.settled();
  const failure = loader.failure();
  if (failure && !abort.aborted) noteFailure(record, log, failure);
  return ending;
}

interface PumpParts {
  readonly record: SyncRecord;
  readonly segments: Segments;
  readonly batches: ReturnType<typeof createBatches>;
  readonly messages: MessageHandler;
  readonly loader: Loader;
  readonly log: SyncLog;
}

/** Moves the connector's output: reading goes on while a batch loads, and waits when a second one is ready. */
function createPump({ record, segments, batches, messages, loader, log }: PumpParts) {
  let boundary = false;
  const router = createRouter(
    record.runs.map(({ prepared }) => prepared.stream),
    {
      records(index, lines, rows, longest) {
        const run = record.runs[index];
        if (run) batches.records(run, lines, rows, longest);
      },
      message(line) {
        if (messages.handle(line)) boundary = true;
      },
      text: (line) => log.write('stdout', `${line}\n`),
      broken: () => addWarning(record, 'The connector wrote records that are cut off or broken; they are not loaded.'),
      stray: (stream) =>
        addWarning(record, `The connector sent records of "${stream}", which was not asked for; they are not loaded.`),
    },
  );

  return async (run: ConnectorRun, stop: (reason: unknown) => void): Promise<Exit | undefined> => {
    run.onStderr((text) => log.write('stderr', text));
    const chunks = (run.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    const clock = createClock();
    try {
      let next = chunks.next();
      for (;;) {
        const got = await Promise.race([next, clock.tick()]);
        if (loader.failure()) {
          stop(loader.failure());
          return undefined;
        }
        if (got !== 'tick') {
          if (got.done) break;
          router.push(got.value);
          next = chunks.next();
          await segments.flush();
        }
        if (batches.isDue(Date.now(), boundary)) {
          const batch = await batches.cut();
          if (batch) await loader.load(batch);
        }
        boundary = false;
      }
      router.end();
      const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
      if (exit !== 'late') return exit;
      addError(record, {
        message: 'The connector closed its output and did not end; it was ended.',
        failure_type: 'system_error',
      });
      return undefined;
    } finally {
      clock.stop();
    }
  };
}

interface Loader {
  /** Begins to load the batch when the one before is loaded; resolves when it has begun. */
  load(batch: Batch): Promise<void>;
  settled(): Promise<void>;
  /** Why a batch could not be loaded; nothing is loaded after that, for a later state would pass over its rows. */
  failure(): unknown;
}

function createLoader({ request, record, database, log, abort }: EngineOptions): Loader {
  let running: Promise<void> = Promise.resolve();
  let failure: unknown;

  const loadNow = async (batch: Batch): Promise<void> => {
    if (failure) return;
    const loaded = await loadBatch(database, batch.load, { signal: abort, waitMs: LOAD_WAIT_MS });
    await database.release();
    countLoaded(batch, loaded);
    for (const [index, { segments, prepared, swap, into }] of batch.load.streams.entries()) {
      const label = batch.runs[index]?.label ?? '';
      const result = loaded[index];
      for (const { path } of segments) {
        await unlink(path);
        await rm(`${path}.repaired`, { force: true });
      }
      if (prepared.newTable && (swap || into === 'table')) {
        request.onCreated?.('table', `${record.dataset}.${prepared.target.table}`);
      }
      if (result && result.dropped > 0) {
        addWarning(
          record,
          `"${label}": ${result.dropped} lines were no records that a table can take; they are not loaded.`,
        );
      }
      for (const field of result?.unknownFields ?? []) {
        addWarning(record, `"${label}": the field "${field}" is not in the stream's schema; it is not kept.`);
      }
    }
    const rows = loaded.reduce((sum, one) => sum + one.rows, 0);
    log.note(`loaded ${rows} rows of ${batch.load.streams.length} streams`);
  };

  return {
    async load(batch) {
      await running;
      running = loadNow(batch).catch((error: unknown) => {
        failure ??= error;
      });
    },
    settled: () => running,
    failure: () => failure,
  };
}

function createClock() {
  let wake: (value: 'tick') => void = () => undefined;
  let ticking = nextTick();
  const timers = new Set<NodeJS.Timeout>();
  const interval = setInterval(() => {
    wake('tick');
    ticking = nextTick();
  }, TICK_MS);
  function nextTick(): Promise<'tick'> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }
  return {
    tick: () => ticking,
    after: (ms: number) => new Promise<'late'>((resolve) => timers.add(setTimeout(() => resolve('late'), ms))),
    stop() {
      clearInterval(interval);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

async function finish({ record, database, log }: EngineOptions): Promise<void> {
  try {
    await database.use(`ending sync ${record.syncId}`, (connection) => finishSync(connection, rowOf(record)));
    await database.release();
  } catch (error) {
    // The rows and states stand; only this sync's own entry is missing, and the next sync tidies up.
    addWarning(record, `The end of the sync could not be noted in the cache: ${messageOf(error)}`);
    log.note(`could not note the end: ${messageOf(error)}`);
  }
}

function stateOf(record: SyncRecord): { stateText?: string } {
  const goesOn = ({ prepared }: SyncRecord['runs'][number]): boolean =>
    prepared.fill === 'append' && !prepared.newTable && prepared.mode.startsWith('incremental');
  const stateText = stateFile({
    states: record.prepared?.states ?? [],
    resumed: record.runs.filter(goesOn).map(({ prepared }) => prepared.stream),
    anew: record.runs.filter((run) => !goesOn(run)).map(({ prepared }) => prepared.stream),
  });
  return stateText === undefined ? {} : { stateText };
}

function rowOf(record: SyncRecord) {
  return {
    syncId: record.syncId,
    source: record.source,
    dataset: record.dataset,
    state: record.state,
    startedAt: record.startedAt.toISOString(),
    ...(record.endedAt ? { endedAt: record.endedAt.toISOString() } : {}),
    records: record.runs.reduce((sum, run) => sum + run.recordsRead, 0),
    rows: record.runs.reduce((sum, run) => sum + run.rowsCommitted, 0),
    streams: record.runs.map(({ label, state, prepared, recordsRead, rowsCommitted }) => ({
      stream: label,
      state,
      mode: prepared.mode,
      table: prepared.target.table,
      records: recordsRead,
      rows: rowsCommitted,
    })),
  };
}

function noteFailure(record: SyncRecord, log: SyncLog, error: unknown): void {
  const next = error instanceof SluiceError ? ` ${error.next}` : '';
  addError(record, { message: `${messageOf(error)}${next}`, failure_type: failureType(error) });
  log.note(`failed: ${messageOf(error)}`);
}

function failureType(error: unknown): string {
  if (error instanceof LimitError) return 'transient_error';
  return error instanceof SluiceError && (error.kind === 'input' || error.kind === 'setup')
    ? 'config_error'
    : 'system_error';
}
