/** Loads batches one after the other, while reading continues. */
import { rm, unlink } from 'node:fs/promises';
import { type Cache, type LoadedStream, LostRecords, type PreparedStream } from '../cache/index.ts';
import { count } from '../count.ts';
import type { Batch } from './batch.ts';
import { countLoaded } from './batches.ts';
import { withoutLoss } from './losses.ts';
import { loseLoaded } from './stream-progress.ts';
import type { StreamRun } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addNote, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncRequest } from './types.ts';

export interface LoaderParts {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly cache: Cache;
  readonly log: SyncLog;
  /** Aborts a load: it is rolled back. */
  readonly abort: AbortSignal;
}

/** How long a load waits for another program that has the cache open; the connector is held back meanwhile. */
const LOAD_WAIT_MS = 10 * 60_000;
/** A table that keeps less than this part of its rows causes a warning. */
const SMALL_PART = 0.1;

export interface Loader {
  /** Starts to load the batch when the one before is loaded; resolves when it has started. */
  load(batch: Batch): Promise<void>;
  settled(): Promise<void>;
  /** Why a batch could not be loaded; nothing is loaded after that, because a later state would move past its rows. */
  failure(): unknown;
}

interface Loading extends LoaderParts {
  /** Streams in which a load has found lost records. */
  readonly lossy: Set<StreamRun>;
}

export function createLoader({ request, record, cache, log, abort }: LoaderParts): Loader {
  const loading: Loading = { request, record, cache, log, abort, lossy: new Set() };
  let running: Promise<void> = Promise.resolve();
  let failure: unknown;
  return {
    async load(batch) {
      await running;
      if (failure) return;
      running = loadBatch(loading, batch).catch((error: unknown) => {
        failure ??= error;
      });
    },
    settled: () => running,
    failure: () => failure,
  };
}

async function loadBatch(loading: Loading, requested: Batch): Promise<void> {
  const { cache, log } = loading;
  const { batch, loaded } = await loadWithoutLoss(loading, requested);
  await cache.release();
  countLoaded(batch, loaded);
  for (const [index, run] of batch.runs.entries()) report(loading, batch, run, index, loaded[index]);
  for (const { path } of requested.load.streams.flatMap(({ segments }) => segments)) {
    await unlink(path);
    await rm(`${path}.repaired`, { force: true });
  }
  const rows = loaded.reduce((sum, one) => sum + one.rows, 0);
  log.note(`loaded ${count(rows, 'row')} of ${count(batch.load.streams.length, 'stream')}`);
}

/** The database finds losses before anything is loaded: then the batch is loaded again without what they affect. */
async function loadWithoutLoss(
  loading: Loading,
  requested: Batch,
): Promise<{ batch: Batch; loaded: readonly LoadedStream[] }> {
  const { cache, abort, lossy } = loading;
  for (;;) {
    const batch = lossy.size > 0 ? withoutLoss(requested, lossy) : requested;
    try {
      return { batch, loaded: await cache.loadBatch(batch.load, { signal: abort, waitMs: LOAD_WAIT_MS }) };
    } catch (error) {
      if (!(error instanceof LostRecords)) throw error;
      noteLosses(loading, batch, error);
    }
  }
}

function noteLosses(loading: Loading, batch: Batch, { strays, counts, grown }: LostRecords): void {
  const lose = (run: StreamRun, records: number): void => {
    loseLoaded(run, records);
    loading.lossy.add(run);
  };
  // Some lost records do not name their stream: they may belong to any.
  if (strays > 0) for (const run of loading.record.runs) lose(run, strays);
  for (const [index, records] of counts.entries()) {
    const run = batch.runs[index];
    if (!run) continue;
    noteGrowth(loading, run, grown[index] ?? []);
    if (records > 0) lose(run, records);
  }
}

/** Reports what is notable about one entry of a loaded batch. */
function report(loading: Loading, batch: Batch, run: StreamRun, index: number, loaded: LoadedStream | undefined): void {
  const { request, record } = loading;
  const entry = batch.load.streams[index];
  if (entry?.swap) {
    warnOfShrinking(record, run);
    if (entry.prepared.newTable) ownTable(request, entry.prepared);
  }
  if (!loaded) return;
  if (loaded.withoutKey > 0) {
    addWarning(
      record,
      `"${run.label}": the primary key of some records is NULL; they cannot be told apart, are all kept, and repeat when they are read again.`,
    );
  }
  noteGrowth(loading, run, loaded.grown);
}

function noteGrowth({ record, log }: Loading, { label }: StreamRun, notes: readonly string[]): void {
  for (const note of notes) {
    addNote(record, `"${label}": ${note}.`);
    log.note(`"${label}": ${note}`);
  }
}

/** Typical of a source that has lost rows, or of a token with fewer permissions. */
function warnOfShrinking(record: SyncRecord, { label, rowsReplaced = 0, rowsCommitted }: StreamRun): void {
  if (rowsReplaced * SMALL_PART <= rowsCommitted) return;
  addWarning(
    record,
    `"${label}" was read in full: ${count(rowsCommitted, 'row')} replaced the ${rowsReplaced.toLocaleString('en-US')} that the table had. If the source should have more, look at its permissions and filters, and sync again.`,
  );
}

/** Reports that the sync has created the stream's table. */
export function ownTable({ onCreated }: SyncRequest, { tableId, target }: PreparedStream): void {
  if (tableId !== undefined) onCreated?.({ kind: 'table', id: tableId, name: `${target.dataset}.${target.table}` });
}
