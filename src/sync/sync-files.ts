/** The files of syncs in the project: status, log and requests, readable without any lock. */
import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, systemCode } from '../errors.ts';
import { identify, isAlive, type ProcessIdentity, type Project, readJson, writeAtomic } from '../project/index.ts';
import { isObject } from '../protocol/index.ts';
import type { SyncStatus } from './types.ts';

/** What the status file holds: the status, and who runs the sync. */
interface StatusFile {
  readonly runner: ProcessIdentity;
  readonly status: SyncStatus;
}

const SYNC_ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;
const STATUS = 'status.json';
const CANCEL = 'cancel';
/** Longer than any export may take. */
const OLD_EXPORT_MS = 3_600_000;

/** Date, time and milliseconds, so that ids sort by start time, and some randomness: `20261121-154620-123abc`. */
export function newSyncId(now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const digits = (text: string): string => text.replace(/\D/g, '');
  return `${digits(date)}-${digits(time.slice(0, 8))}-${time.slice(9, 12)}${randomBytes(2).toString('hex').slice(0, 3)}`;
}

export interface SyncFiles {
  /** Creates the folder of a new sync. */
  create(syncId: string): Promise<void>;
  write(status: SyncStatus): Promise<void>;
  /** @returns undefined for an id that no sync has; a dead process's running sync is marked interrupted first */
  read(syncId: string): Promise<SyncStatus | undefined>;
  /** All ids, newest first. */
  ids(): Promise<string[]>;
  /** Removes all files of a sync. */
  remove(syncId: string): Promise<void>;
  logPath(syncId: string): Promise<string>;
  requestCancel(syncId: string): Promise<void>;
  cancelRequested(syncId: string): Promise<boolean>;
}

export function createSyncFiles(project: Project): SyncFiles {
  const folder = async (syncId: string): Promise<string> => join(await project.folder('syncs'), syncId);
  const write = async (syncId: string, file: StatusFile): Promise<void> => {
    const path = await folder(syncId);
    // The project may have been removed while the sync ran.
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeAtomic(join(path, STATUS), JSON.stringify(file, undefined, 1));
  };
  return {
    async create(syncId) {
      await mkdir(await folder(syncId), { mode: 0o700 });
    },
    async write(status) {
      const runner = (await identify(process.pid)) ?? { pid: process.pid, started: '' };
      await write(status.sync_id, { runner, status });
    },
    async read(syncId) {
      if (!SYNC_ID.test(syncId)) return undefined;
      const path = join(await folder(syncId), STATUS);
      const file = asStatusFile(await readJson(path));
      if (file?.status.state !== 'running' || (await isAlive(file.runner))) return file?.status;
      // Its final status may have been written since the first read.
      const again = asStatusFile(await readJson(path));
      if (again?.status.state !== 'running') return again?.status;
      const lastSeen = (await stat(path)).mtime;
      const marked = interrupted(again.status, lastSeen.toISOString());
      await write(syncId, { runner: again.runner, status: marked });
      return marked;
    },
    async ids() {
      const names = await readdir(project.peek('syncs') ?? '').catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return [];
        throw error;
      });
      return names.filter((name) => SYNC_ID.test(name)).sort((a, b) => (a < b ? 1 : -1));
    },
    remove: async (syncId) => rm(await folder(syncId), { recursive: true, force: true }),
    logPath: async (syncId) => join(await folder(syncId), 'log.txt'),
    async requestCancel(syncId) {
      await writeFile(join(await folder(syncId), CANCEL), '', { mode: 0o600 });
    },
    async cancelRequested(syncId) {
      const path = join(await folder(syncId), CANCEL);
      return access(path).then(
        () => true,
        () => false,
      );
    },
  };
}

/** Marks a sync whose process has ended: committed records remain. */
export function interrupted(status: SyncStatus, endedAt: string): SyncStatus {
  return {
    ...status,
    state: 'interrupted',
    ended_at: endedAt,
    streams: status.streams.map((stream) =>
      stream.state === 'running' || stream.state === 'pending' ? { ...stream, state: 'interrupted' } : stream,
    ),
  };
}

/** Removes the staged records of syncs that no process runs: after a SIGKILL nothing else removes them. */
export async function sweepStaging(project: Project, isRunning: (syncId: string) => Promise<boolean>): Promise<void> {
  const staging = await project.folder('staging');
  for (const name of await readdir(staging)) {
    // A recent export is still being written; the process of an old one has ended.
    if (name.startsWith('export-') && (await ageOf(join(staging, name))) < OLD_EXPORT_MS) continue;
    if (!(await isRunning(name))) await rm(join(staging, name), { recursive: true, force: true });
  }
}

async function ageOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return Date.now() - (found?.mtimeMs ?? 0);
}

export function unknownSync(syncId: string, known: readonly string[]): InputError {
  return new InputError(
    'unknown_sync',
    `There is no sync "${syncId.slice(0, 80)}".`,
    known.length > 0
      ? `The latest are: ${known.slice(0, 5).join(', ')}.`
      : 'Nothing has been synced yet: call start_sync.',
  );
}

function asStatusFile(value: unknown): StatusFile | undefined {
  if (!isObject(value) || !isObject(value.status) || !isObject(value.runner)) return undefined;
  return value as unknown as StatusFile;
}
