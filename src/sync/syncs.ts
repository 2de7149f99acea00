/** Syncs in the background: started, watched, cancelled, over all processes of a project. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../count.ts';
import { abortError, InputError, LimitError, messageOf } from '../errors.ts';
import { withLock } from '../project/index.ts';
import { authorizeDelivery } from './deliver/authorize.ts';
import { removeStoredStates } from './deliver/delivery-states.ts';
import { noStreams } from './modes.ts';
import { createSyncFiles, interrupted, newSyncId, sweepStaging, unknownSync } from './sync-files.ts';
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
}

const POLL_MS = 250;
/** How often progress is reported to those who wait: at most, and where nothing changes. */
const TELL_MS = 500;
const STILL_MS = 10_000;
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

  const lastOf = async (source: string, destination?: string): Promise<SyncStatus | undefined> => {
    for (const id of await files.ids()) {
      const status = await files.read(id);
      if (status?.source === source && status.destination === destination) return status;
    }
    return undefined;
  };

  const wait: Syncs['wait'] = async (syncId, ms, signal, onProgress) => {
    const deadline = Date.now() + ms;
    const tell = teller(onProgress);
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
      tell(status);
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
      if (request.destination) await authorizeDelivery(project, request);
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
      return lastLines(await files.logPath(syncId), lines, redactor);
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
    lastStreams: async (source, destination) =>
      (await lastOf(source, destination))?.streams.map(({ stream }) => stream),
    lastOptions: async (source, destination) => (await lastOf(source, destination))?.options ?? [],
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
    forgetDeliveries: (of) => removeStoredStates(project, of),
    sweep: () => sweepStaging(project, async (name) => (await files.read(name))?.state === 'running'),
    async endAll() {
      const running = [...jobs.values()];
      for (const { abort } of running) {
        abort.abort(new LimitError('closing', 'The server is shutting down.', 'Start the sync again: it continues.'));
      }
      await Promise.race([Promise.all(running.map(({ done }) => done)), sleep(SHUTDOWN_MS, undefined, { ref: false })]);
      for (const job of jobs.values()) await files.write(interrupted(job.status(), new Date().toISOString()));
    },
  };
}

/** Tells what is new, at most twice a second; of a sync that is still at the same, that it continues. */
function teller(onProgress: OnProgress | undefined): (status: SyncStatus) => void {
  let before = '';
  let at = 0;
  return (status) => {
    const active = status.streams.filter(({ state }) => state === 'running').map(({ stream }) => stream);
    const of = active.length > 0 ? ` (${active.slice(0, 3).join(', ')})` : '';
    const text = `${count(status.records, 'record')} read${of}`;
    if (Date.now() - at < (text === before ? STILL_MS : TELL_MS)) return;
    [before, at] = [text, Date.now()];
    onProgress?.(text, status.records);
  };
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
