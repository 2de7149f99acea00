/** Loads batches one after the other, beside the reading. */
import { rm, unlink } from 'node:fs/promises';
import type { Cache, LoadedStream } from '../cache/index.ts';
import { type Batch, countLoaded } from './batches.ts';
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

export interface Loader {
  /** Begins to load the batch when the one before is loaded; resolves when it has begun. */
  load(batch: Batch): Promise<void>;
  settled(): Promise<void>;
  /** Why a batch could not be loaded; nothing is loaded after that, for a later state would pass over its rows. */
  failure(): unknown;
}

export function createLoader({ request, record, cache, log, abort }: LoaderParts): Loader {
  let running: Promise<void> = Promise.resolve();
  let failure: unknown;

  const loadNow = async (batch: Batch): Promise<void> => {
    if (failure) return;
    const loaded = await cache.loadBatch(batch.load, { signal: abort, waitMs: LOAD_WAIT_MS });
    await cache.release();
    countLoaded(batch, loaded);
    for (const [index, entry] of batch.load.streams.entries()) {
      for (const { path } of entry.segments) {
        await unlink(path);
        await rm(`${path}.repaired`, { force: true });
      }
      const { prepared, swap, into } = entry;
      if (prepared.newTable && (swap || into === 'table')) {
        const name = `${record.dataset}.${prepared.target.table}`;
        if (prepared.tableId !== undefined) request.onCreated?.({ kind: 'table', id: prepared.tableId, name });
      }
      warn(batch.runs[index]?.label ?? '', loaded[index]);
    }
    const rows = loaded.reduce((sum, one) => sum + one.rows, 0);
    log.note(`loaded ${rows} rows of ${batch.load.streams.length} streams`);
  };

  const warn = (label: string, loaded: LoadedStream | undefined): void => {
    if (!loaded) return;
    if (loaded.dropped > 0) {
      addWarning(
        record,
        `"${label}": ${loaded.dropped} lines were no records that a table can take; they are not loaded.`,
      );
    }
    if (loaded.withoutKey > 0) {
      addWarning(
        record,
        `"${label}": the primary key of some records is NULL; they cannot be told apart, are all kept, and repeat when they are read again.`,
      );
    }
    for (const note of loaded.grown) {
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
