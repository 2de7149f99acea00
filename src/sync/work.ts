/** Runs one background sync, into the cache or a destination, and writes its status and log meanwhile. */
import { join } from 'node:path';
import type { Cache } from '../cache/index.ts';
import type { Connectors } from '../connectors/index.ts';
import { LimitError } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { datasetName, streamLabel } from '../protocol/index.ts';
import type { Redactor } from '../secrets/index.ts';
import type { BatchLimits } from './batch.ts';
import { longestSilence } from './silence.ts';
import type { SyncFiles } from './sync-files.ts';
import { openSyncLog } from './sync-log.ts';
import { beginRecord, type SyncRecord, statusOf } from './sync-record.ts';
import type { SyncRequest } from './types.ts';

export interface SyncsOptions {
  readonly project: Project;
  readonly cache: Cache;
  readonly connectors: Connectors;
  readonly redactor: Redactor;
  /** When batches are cut; for tests of many small ones. */
  readonly limits?: BatchLimits;
  /** Replaces a connector's own limit; for tests of silence that end in seconds. */
  readonly silenceMs?: number;
  /** The same for a destination. */
  readonly destinationSilenceMs?: number;
}

const STATUS_MS = 500;
/** How long a cancelled sync may finish the batch that is loading, or the records sent to its destination. */
const CANCEL_GRACE_MS = 15_000;

export interface Work {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly cancel: AbortController;
  readonly abort: AbortController;
  readonly files: SyncFiles;
}

/** Runs one sync to its end, writes its status and its log meanwhile. */
export async function work(options: SyncsOptions, { request, record, cancel, abort, files }: Work): Promise<void> {
  const { project, redactor, cache, connectors, limits } = options;
  const { syncId } = record;
  const log = await openSyncLog(await files.logPath(syncId), redactor);
  let watching: Promise<void> | undefined;
  const timer = setInterval(() => {
    watching ??= watch().finally(() => {
      watching = undefined;
    });
  }, STATUS_MS);
  let last = '';
  const watch = async (): Promise<void> => {
    if (await files.cancelRequested(syncId)) cancel.abort(cancelled());
    const status = statusOf(record, redactor);
    const text = JSON.stringify(status);
    // A status that cannot be written now is written at the next tick, or at the end.
    if (text !== last && status.state === 'running') await files.write(status).catch(() => undefined);
    last = text;
    await log.flush();
  };
  const onCancel = (): void => {
    setTimeout(() => abort.abort(cancel.signal.reason), CANCEL_GRACE_MS).unref();
  };
  cancel.signal.addEventListener('abort', onCancel, { once: true });
  try {
    const common = { request, record, connectors, log, cancel: cancel.signal, abort: abort.signal };
    if (request.destination) {
      const { runDelivery } = await import('./deliver/deliver.ts');
      const { destinationSilenceMs } = options;
      await runDelivery({ ...common, target: request.destination, project, destinationSilenceMs });
    } else {
      const { runSync } = await import('./engine.ts');
      const stagingFolder = join(await project.folder('staging'), syncId);
      await runSync({ ...common, cache, stagingFolder, ...(limits ? { limits } : {}) });
    }
  } finally {
    clearInterval(timer);
    // A late "running" must not overwrite the end.
    await watching;
    await log.close();
  }
}

export function newRecord(request: SyncRequest, syncId: string, silenceMs?: number): SyncRecord {
  return beginRecord({
    syncId,
    source: request.source,
    dataset: datasetName(request.source),
    destination: request.destination?.name,
    labels: request.streams.map(({ stream }) => streamLabel(request.catalog, stream)),
    configured: request.streams,
    options: request.options ?? [],
    silenceMs: silenceMs ?? longestSilence(request.maxSecondsBetweenMessages),
    suspicions: request.suspicions ?? [],
    keepUpdate: request.config.keepUpdate,
  });
}

export function cancelled(): LimitError {
  return new LimitError(
    'sync_cancelled',
    'The sync was cancelled.',
    'Start it again: it continues from its last state.',
  );
}
