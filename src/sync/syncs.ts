/** Starts, watches and cancels background syncs across all processes of a project. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../count.ts';
import { abortError, InputError, LimitError, messageOf } from '../errors.ts';
import { type Project, withLock } from '../project/index.ts';
import { authorizeDelivery } from './deliver/authorize.ts';
import { removeStoredStates } from './deliver/stored-states.ts';
import { noStreams } from './modes.ts';
import { createSyncFiles, interrupted, newSyncId, type SyncFiles, sweepStaging, unknownSync } from './sync-files.ts';
import { lastLines } from './sync-log.ts';
import { addError, endUnsettled, statusOf } from './sync-record.ts';
import type { OnProgress, SyncRequest, SyncStatus, Syncs } from './types.ts';
import { cancelled, newRecord, type SyncsOptions, work } from './work.ts';

interface Job {
  status(): SyncStatus;
  readonly cancel: AbortController;
  readonly abort: AbortController;
  /** Settles when the sync is over and its status is written. */
  readonly done: Promise<void>;
  /** Settles `done`. */
  readonly finish: () => void;
}

/** What the operations on syncs share. */
interface SyncsState {
  readonly options: SyncsOptions;
  readonly files: SyncFiles;
  /** The syncs that this process runs, by their ids. */
  readonly jobs: Map<string, Job>;
}

const POLL_MS = 250;
/** How often progress is reported to waiting callers: changes at most this often, and unchanged progress. */
const REPORT_MS = 500;
const REPEAT_MS = 10_000;
const CANCEL_WAIT_MS = 20_000;
const SHUTDOWN_MS = 600;
const HOLDER_MS = 2_000;
const HOLDER_POLL_MS = 50;

export function createSyncs(options: SyncsOptions): Syncs {
  const { project, redactor } = options;
  const files = createSyncFiles(project);
  const all: SyncsState = { options, files, jobs: new Map() };
  return {
    start: (request) => startOrJoin(all, request),
    get: (syncId) => (syncId === undefined ? readLatest(all) : readStatus(all, syncId)),
    wait: (syncId, ms, signal, onProgress) => waitForEnd(all, syncId, { ms, signal, onProgress }),
    recent: (limit) => listRecent(all, limit),
    async log(syncId, lines) {
      await readStatus(all, syncId);
      return lastLines(await files.logPath(syncId), lines, redactor);
    },
    cancel: (syncId) => cancelSync(all, syncId),
    lastStreams: async (source, destination) =>
      (await lastSyncOf(files, source, destination))?.streams.map(({ stream }) => stream),
    lastOptions: async (source, destination) => (await lastSyncOf(files, source, destination))?.options ?? [],
    whileIdle: (source, purpose, body) => runWhileIdle(project, source, purpose, body),
    async remove(syncId) {
      const { state } = await readStatus(all, syncId);
      if (state === 'running') throw stillRunning(syncId);
      await files.remove(syncId);
    },
    removeDeliveryStates: (of) => removeStoredStates(project, of),
    sweep: () => sweepStaging(project, async (name) => (await files.read(name))?.state === 'running'),
    endAll: () => endAll(all),
  };
}

/** Starts a sync of the source, or returns the one that is running. */
async function startOrJoin(all: SyncsState, request: SyncRequest): ReturnType<Syncs['start']> {
  const { project } = all.options;
  if (request.streams.length === 0) throw noStreams();
  if (request.destination) await authorizeDelivery(project, request);
  const lock = await lockPath(project, request.source);
  const deadline = Date.now() + HOLDER_MS;
  for (;;) {
    const syncId = newSyncId(new Date());
    const failure = await startInBackground(all, request, syncId, lock);
    if (!failure) return { syncId, alreadyRunning: false };
    const holder = holderOf(failure.error);
    if (holder === undefined) throw failure.error;
    const status = await findStatus(all, holder);
    if (status?.state === 'running') return { syncId: holder, alreadyRunning: true };
    await all.jobs.get(holder)?.done;
    // The holder is about to end or to write its first status.
    if (Date.now() >= deadline) throw failure.error;
    await sleep(HOLDER_POLL_MS);
  }
}

/** @returns undefined once the sync has begun, or the error that prevented it */
function startInBackground(
  all: SyncsState,
  request: SyncRequest,
  syncId: string,
  lock: string,
): Promise<{ readonly error: unknown } | undefined> {
  return new Promise((resolve) => {
    withLock(lock, { purpose: `sync ${syncId}`, waitMs: 0 }, () =>
      run(all, request, syncId, () => resolve(undefined)),
    ).catch((error: unknown) => resolve({ error }));
  });
}

/** Runs a sync to its end, with its lock held. */
async function run(all: SyncsState, request: SyncRequest, syncId: string, onBegun: () => void): Promise<void> {
  const { options, files, jobs } = all;
  const record = newRecord(request, syncId, options.silenceMs);
  const job = createJob(() => statusOf(record, options.redactor));
  const { status, cancel, abort } = job;
  await files.create(syncId);
  await files.write(status());
  jobs.set(syncId, job);
  onBegun();
  try {
    await work(options, { request, record, cancel, abort, files });
    if (record.state === 'running') endUnsettled(record, cancel.signal.aborted ? 'cancelled' : 'interrupted');
  } catch (error) {
    // Nothing awaits a background sync, so its record must report a bug.
    addError(record, { message: messageOf(error), failure_type: 'system_error' });
    endUnsettled(record, 'failed');
  } finally {
    // Even if the write fails, waiting callers must be released.
    await files.write(status()).finally(() => {
      jobs.delete(syncId);
      job.finish();
    });
  }
}

function createJob(status: () => SyncStatus): Job {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { status, cancel: new AbortController(), abort: new AbortController(), done, finish };
}

/** @returns undefined if the id is unknown, or its server died before the first status was written */
async function findStatus({ jobs, files }: SyncsState, syncId: string): Promise<SyncStatus | undefined> {
  return jobs.get(syncId)?.status() ?? (await files.read(syncId));
}

async function readStatus(all: SyncsState, syncId: string): Promise<SyncStatus> {
  const status = await findStatus(all, syncId);
  if (!status) throw unknownSync(syncId, await all.files.ids());
  return status;
}

async function readLatest(all: SyncsState): Promise<SyncStatus> {
  const [latest] = await listRecent(all, 1);
  if (!latest) throw new InputError('no_syncs_yet', 'Nothing has been synced yet.', 'Call start_sync first.');
  return latest;
}

async function listRecent(all: SyncsState, limit: number): Promise<SyncStatus[]> {
  const found: SyncStatus[] = [];
  for (const id of await all.files.ids()) {
    if (found.length === limit) break;
    const status = await findStatus(all, id);
    if (status) found.push(status);
  }
  return found;
}

async function lastSyncOf(files: SyncFiles, source: string, destination?: string): Promise<SyncStatus | undefined> {
  for (const id of await files.ids()) {
    const status = await files.read(id);
    if (status?.source === source && status.destination === destination) return status;
  }
  return undefined;
}

interface WaitOptions {
  readonly ms: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
}

/** @returns the final status, or the current one after `ms` */
async function waitForEnd(
  all: SyncsState,
  syncId: string,
  { ms, signal, onProgress }: WaitOptions,
): Promise<SyncStatus> {
  const deadline = Date.now() + ms;
  const report = progressReporter(onProgress);
  for (;;) {
    if (signal?.aborted) throw abortError(signal);
    const status = await readStatus(all, syncId);
    const left = deadline - Date.now();
    if (status.state !== 'running') {
      // Its source counts as busy until its final status is written.
      await all.jobs.get(syncId)?.done;
      return status;
    }
    if (left <= 0) return status;
    report(status);
    await sleep(Math.min(POLL_MS, left));
  }
}

async function cancelSync(all: SyncsState, syncId: string): Promise<SyncStatus> {
  const status = await readStatus(all, syncId);
  if (status.state !== 'running') return status;
  await all.files.requestCancel(syncId);
  all.jobs.get(syncId)?.cancel.abort(cancelled());
  const ended = await waitForEnd(all, syncId, { ms: CANCEL_WAIT_MS });
  if (ended.state !== 'running') return ended;
  const note =
    'Cancellation was requested, but the sync is still finishing its last commit. Check again with get_sync.';
  return { ...ended, warnings: [...ended.warnings, note] };
}

async function runWhileIdle<T>(project: Project, source: string, purpose: string, body: () => Promise<T>): Promise<T> {
  const lock = await lockPath(project, source);
  try {
    return await withLock(lock, { purpose, waitMs: 0 }, body);
  } catch (error) {
    const holder = holderOf(error);
    throw holder === undefined ? error : stillRunning(holder);
  }
}

async function endAll({ files, jobs }: SyncsState): Promise<void> {
  const running = [...jobs.values()];
  for (const { abort } of running) {
    abort.abort(new LimitError('closing', 'The server is shutting down.', 'Start the sync again: it continues.'));
  }
  await Promise.race([Promise.all(running.map(({ done }) => done)), sleep(SHUTDOWN_MS, undefined, { ref: false })]);
  for (const job of jobs.values()) await files.write(interrupted(job.status(), new Date().toISOString()));
}

async function lockPath(project: Project, source: string): Promise<string> {
  return join(await project.folder('locks'), `sync-${source}.lock`);
}

/** Reports changed progress at most twice a second, and unchanged progress every 10 seconds. */
function progressReporter(onProgress: OnProgress | undefined): (status: SyncStatus) => void {
  let before = '';
  let at = 0;
  return (status) => {
    const active = status.streams.filter(({ state }) => state === 'running').map(({ stream }) => stream);
    const of = active.length > 0 ? ` (${active.slice(0, 3).join(', ')})` : '';
    const text = `${count(status.records, 'record')} read${of}`;
    if (Date.now() - at < (text === before ? REPEAT_MS : REPORT_MS)) return;
    [before, at] = [text, Date.now()];
    onProgress?.(text, status.records);
  };
}

/** @returns the id of the sync that holds the lock, if that is why the lock was not acquired */
function holderOf(error: unknown): string | undefined {
  if (!(error instanceof LimitError) || error.code !== 'locked') return undefined;
  const purpose = error.details.holder_purpose;
  return typeof purpose === 'string' ? /^sync (\S+)$/.exec(purpose)?.[1] : undefined;
}

function stillRunning(syncId: string): LimitError {
  const next = `Wait for its end (get_sync with sync_id "${syncId}"), or end it with cancel_sync.`;
  return new LimitError('sync_running', `The sync ${syncId} is running.`, next, { details: { sync_id: syncId } });
}
