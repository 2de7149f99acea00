/** Syncs in the background: started, watched, cancelled, over all processes of a project. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '../cache/index.ts';
import type { Connectors } from '../connectors/index.ts';
import { abortError, InputError, LimitError, messageOf } from '../errors.ts';
import { type Project, withLock } from '../project/index.ts';
import { datasetName, streamLabel } from '../protocol/index.ts';
import type { Redactor } from '../secrets/index.ts';
import type { BatchLimits } from './batches.ts';
import { noStreams } from './modes.ts';
import { longestSilence } from './silence.ts';
import { createSyncFiles, interrupted, newSyncId, sweepStaging, unknownSync } from './sync-files.ts';
import { lastLines, openSyncLog } from './sync-log.ts';
import { addError, endUnsettled, type SyncRecord, statusOf } from './sync-record.ts';
import type { OnProgress, SyncRequest, SyncStatus, Syncs } from './types.ts';

export interface SyncsOptions {
  readonly project: Project;
  readonly cache: Cache;
  readonly connectors: Connectors;
  readonly redactor: Redactor;
  /** When batches are cut; for tests of many small ones. */
  readonly limits?: BatchLimits;
  /** In the place of a connector's own limit; for tests of silence that end in seconds. */
  readonly silenceMs?: number;
}

interface Job {
  status(): SyncStatus;
  readonly cancel: AbortController;
  readonly abort: AbortController;
  /** Settles when the sync is over and its status is written. */
  readonly done: Promise<void>;
}

const STATUS_MS = 500;
const POLL_MS = 250;
/** A cancelled sync may finish the batch that is loading, so long. */
const CANCEL_GRACE_MS = 15_000;
const CANCEL_WAIT_MS = 20_000;
const SHUTDOWN_MS = 600;
const HOLDER_MS = 2_000;

export function createSyncs(options: SyncsOptions): Syncs {
  const { project, redactor } = options;
  const files = createSyncFiles(project);
  const jobs = new Map<string, Job>();

  const read = async (syncId: string): Promise<SyncStatus> => {
    const status = jobs.get(syncId)?.status() ?? (await files.read(syncId));
    if (!status) throw unknownSync(syncId, await files.ids());
    return status;
  };

  const newest = async (limit: number): Promise<SyncStatus[]> => {
    const found: SyncStatus[] = [];
    for (const id of await files.ids()) {
      if (found.length === limit) break;
      const status = jobs.get(id)?.status() ?? (await files.read(id));
      // One without a status is one whose server died while it began.
      if (status) found.push(status);
    }
    return found;
  };

  const lastOf = async (source: string): Promise<SyncStatus | undefined> => {
    for (const id of await files.ids()) {
      const status = await files.read(id);
      if (status?.source === source) return status;
    }
    return undefined;
  };

  const wait: Syncs['wait'] = async (syncId, ms, signal, onProgress) => {
    const deadline = Date.now() + ms;
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      const status = await read(syncId);
      const left = deadline - Date.now();
      if (status.state !== 'running') {
        // Until its end is written, its source counts as busy.
        await jobs.get(syncId)?.done;
        return status;
      }
      if (left <= 0) return status;
      tell(status, onProgress);
      await sleep(Math.min(POLL_MS, left));
    }
  };

  const run = async (request: SyncRequest, syncId: string, begun: () => void): Promise<void> => {
    const record = newRecord(request, syncId, options.silenceMs);
    const status = (): SyncStatus => statusOf(record, redactor);
    await files.create(syncId);
    await files.write(status());
    const cancel = new AbortController();
    const abort = new AbortController();
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    jobs.set(syncId, { status, cancel, abort, done });
    begun();
    try {
      await work(options, { request, record, cancel, abort, files });
      if (record.state === 'running') endUnsettled(record, cancel.signal.aborted ? 'cancelled' : 'interrupted');
    } catch (error) {
      // Nobody awaits a sync in the background: its own record is where a bug must show.
      addError(record, { message: messageOf(error), failure_type: 'system_error' });
      endUnsettled(record, 'failed');
    } finally {
      // Where even that fails, those who wait must not wait for ever.
      await files.write(status()).finally(() => {
        jobs.delete(syncId);
        finished();
      });
    }
  };

  return {
    async start(request) {
      if (request.streams.length === 0) throw noStreams();
      const lock = join(await project.folder('locks'), `sync-${request.source}.lock`);
      const deadline = Date.now() + HOLDER_MS;
      for (;;) {
        const syncId = newSyncId(new Date());
        const started = await new Promise<'begun' | { error: unknown }>((resolve) => {
          withLock(lock, { purpose: `sync ${syncId}`, waitMs: 0 }, () =>
            run(request, syncId, () => resolve('begun')),
          ).catch((error: unknown) => resolve({ error }));
        });
        if (started === 'begun') return { syncId, alreadyRunning: false };
        const holder = holderOf(started.error);
        if (holder === undefined) throw started.error;
        const status = jobs.get(holder)?.status() ?? (await files.read(holder));
        if (status?.state === 'running') return { syncId: holder, alreadyRunning: true };
        await jobs.get(holder)?.done;
        // Its end, or its first status, is only a moment away.
        if (Date.now() >= deadline) throw started.error;
        await sleep(50);
      }
    },
    async get(syncId) {
      if (syncId !== undefined) return read(syncId);
      const [latest] = await newest(1);
      if (!latest) throw new InputError('no_syncs_yet', 'Nothing has been synced yet.', 'Call start_sync first.');
      return latest;
    },
    wait,
    recent: newest,
    async log(syncId, lines) {
      await read(syncId);
      return lastLines(await files.logPath(syncId), lines);
    },
    async cancel(syncId) {
      const status = await read(syncId);
      if (status.state !== 'running') return status;
      await files.requestCancel(syncId);
      const job = jobs.get(syncId);
      job?.cancel.abort(cancelled());
      const ended = await wait(syncId, CANCEL_WAIT_MS, new AbortController().signal);
      if (ended.state !== 'running') return ended;
      const note = 'It was told to end and has not ended yet: it finishes what it commits. Look again with get_sync.';
      return { ...ended, warnings: [...ended.warnings, note] };
    },
    lastStreams: async (source) => (await lastOf(source))?.streams.map(({ stream }) => stream),
    lastOptions: async (source) => (await lastOf(source))?.options ?? [],
    async whileIdle(source, purpose, body) {
      const lock = join(await project.folder('locks'), `sync-${source}.lock`);
      try {
        return await withLock(lock, { purpose, waitMs: 0 }, body);
      } catch (error) {
        const holder = holderOf(error);
        throw holder === undefined ? error : stillRunning(holder);
      }
    },
    async remove(syncId) {
      const { state } = await read(syncId);
      if (state === 'running') throw stillRunning(syncId);
      await files.remove(syncId);
    },
    sweep: () => sweepStaging(project, async (name) => (await files.read(name))?.state === 'running'),
    async endAll() {
      const running = [...jobs.values()];
      for (const { abort } of running) {
        abort.abort(new LimitError('closing', 'The server is shutting down.', 'Start the sync again: it goes on.'));
      }
      await Promise.race([Promise.all(running.map(({ done }) => done)), sleep(SHUTDOWN_MS, undefined, { ref: false })]);
      for (const job of jobs.values()) await files.write(interrupted(job.status(), new Date().toISOString()));
    },
  };
}

interface Work {
  readonly request: SyncRequest;
  readonly record: SyncRecord;
  readonly cancel: AbortController;
  readonly abort: AbortController;
  readonly files: ReturnType<typeof createSyncFiles>;
}

async function work(options: SyncsOptions, { request, record, cancel, abort, files }: Work): Promise<void> {
  const { project, redactor, cache, connectors, limits } = options;
  const { syncId } = record;
  const { runSync } = await import('./engine.ts');
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
    const stagingFolder = join(await project.folder('staging'), syncId);
    await runSync({
      request,
      record,
      cache,
      connectors,
      log,
      stagingFolder,
      cancel: cancel.signal,
      abort: abort.signal,
      ...(limits ? { limits } : {}),
    });
  } finally {
    clearInterval(timer);
    // A late "running" must not overwrite the end.
    await watching;
    await log.close();
  }
}

function newRecord(request: SyncRequest, syncId: string, silenceMs?: number): SyncRecord {
  return {
    syncId,
    source: request.source,
    dataset: datasetName(request.source),
    startedAt: new Date(),
    labels: request.streams.map(({ stream }) => streamLabel(request.catalog, stream)),
    configured: request.streams,
    options: request.options ?? [],
    prepared: undefined,
    runs: [],
    state: 'running',
    endedAt: undefined,
    errors: [],
    warnings: new Set(),
    silenceMs: silenceMs ?? longestSilence(request.maxSecondsBetweenMessages),
    keepUpdate: request.config.keepUpdate,
  };
}

function tell(status: SyncStatus, onProgress: OnProgress | undefined): void {
  const active = status.streams.filter(({ state }) => state === 'running').map(({ stream }) => stream);
  const of = active.length > 0 ? ` (${active.slice(0, 3).join(', ')})` : '';
  onProgress?.(`${status.records.toLocaleString('en-US')} records read${of}`, status.records);
}

/** The id of the sync that holds the lock, where that is why the lock was not taken. */
function holderOf(error: unknown): string | undefined {
  if (!(error instanceof LimitError) || error.code !== 'locked') return undefined;
  const purpose = error.details.holder_purpose;
  return typeof purpose === 'string' ? /^sync (\S+)$/.exec(purpose)?.[1] : undefined;
}

function stillRunning(syncId: string): LimitError {
  const next = `Wait for its end (get_sync with sync_id "${syncId}"), or end it with cancel_sync.`;
  return new LimitError('sync_running', `The sync ${syncId} is running.`, next, { details: { sync_id: syncId } });
}

function cancelled(): LimitError {
  return new LimitError('sync_cancelled', 'The sync was cancelled.', 'Start it again: it goes on from its last state.');
}
