/** Loads batches one after the other, beside the reading. */
import { rm, unlink } from 'node:fs/promises';
import { type Cache, type LoadedStream, LostRecords, type PreparedStream } from '../cache/index.ts';
import { count } from '../count.ts';
import type { Batch } from './batch.ts';
import { countLoaded } from './batches.ts';
import { withoutLoss } from './losses.ts';
import type { StreamRun } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addNote, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncRequest } from './types.ts';

export interface LoaderParts {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly cache: Cache;
  readonly log: SyncLog;
  /** Ends a load at once: it is rolled back. */
  readonly abort: AbortSignal;
}

/** A load waits so long for another program that has the cache open; the connector is held back meanwhile. */
const LOAD_WAIT_MS = 10 * 60_000;
/** A table that keeps less than this part of its rows is worth a word. */
const SMALL_PART = 0.1;

export interface Loader {
  /** Begins to load the batch when the one before is loaded; resolves when it has begun. */
  load(batch: Batch): Promise<void>;
  settled(): Promise<void>;
  /** Why a batch could not be loaded; nothing is loaded after that, for a later state would pass over its rows. */
  failure(): unknown;
}

/** A source that has lost its rows, or a token that sees less of them, looks like this. */
function warnOfShrinking(record: SyncRecord, { label, rowsReplaced = 0, rowsCommitted }: StreamRun): void {
  if (rowsReplaced * SMALL_PART <= rowsCommitted) return;
  addWarning(
    record,
    `"${label}" was read in full: ${count(rowsCommitted, 'row')} took the place of the ${rowsReplaced.toLocaleString('en-US')} that the table had. If the source should have more, look at its permissions and filters, and sync again.`,
  );
}

/** Tells that the sync has made the stream's table. */
export function ownTable({ onCreated }: SyncRequest, { tableId, target }: PreparedStream): void {
  if (tableId !== undefined) onCreated?.({ kind: 'table', id: tableId, name: `${target.dataset}.${target.table}` });
}

export function createLoader({ request, record, cache, log, abort }: LoaderParts): Loader {
  let running: Promise<void> = Promise.resolve();
  let failure: unknown;
  /** Streams of which a load has found records that are lost. */
  const lossy = new Set<StreamRun>();

  const loadNow = async (whole: Batch): Promise<void> => {
    if (failure) return;
    const { batch, loaded } = await loadWhatMayBe(whole);
    await cache.release();
    countLoaded(batch, loaded);
    for (const [index, { prepared, swap }] of batch.load.streams.entries()) {
      const run = batch.runs[index];
      if (run && swap) warnOfShrinking(record, run);
      if (prepared.newTable && swap) ownTable(request, prepared);
      warn(run?.label ?? '', loaded[index]);
    }
    for (const { path } of whole.load.streams.flatMap(({ segments }) => segments)) {
      await unlink(path);
      await rm(`${path}.repaired`, { force: true });
    }
    const rows = loaded.reduce((sum, one) => sum + one.rows, 0);
    log.note(`loaded ${count(rows, 'row')} of ${count(batch.load.streams.length, 'stream')}`);
  };

  /** A loss that only the database finds is found before anything is loaded: then the batch is done as far as it may be. */
  const loadWhatMayBe = async (whole: Batch): Promise<{ batch: Batch; loaded: readonly LoadedStream[] }> => {
    for (;;) {
      const batch = lossy.size > 0 ? withoutLoss(whole, lossy) : whole;
      try {
        return { batch, loaded: await cache.loadBatch(batch.load, { signal: abort, waitMs: LOAD_WAIT_MS }) };
      } catch (error) {
        if (!(error instanceof LostRecords)) throw error;
        // Of which stream they are is not looked for: it may be any.
        for (const run of error.strays > 0 ? record.runs : []) {
          run.lost += error.strays;
          lossy.add(run);
        }
        for (const [index, count] of error.counts.entries()) {
          const run = batch.runs[index];
          if (!run) continue;
          tellGrowth(run.label, error.grown[index] ?? []);
          if (count === 0) continue;
          run.lost += count;
          lossy.add(run);
        }
      }
    }
  };

  const warn = (label: string, loaded: LoadedStream | undefined): void => {
    if (!loaded) return;
    if (loaded.withoutKey > 0) {
      addWarning(
        record,
        `"${label}": the primary key of some records is NULL; they cannot be told apart, are all kept, and repeat when they are read again.`,
      );
    }
    tellGrowth(label, loaded.grown);
  };

  const tellGrowth = (label: string, notes: readonly string[]): void => {
    for (const note of notes) {
      addNote(record, `"${label}": ${note}.`);
      log.note(`"${label}": ${note}`);
    }
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
