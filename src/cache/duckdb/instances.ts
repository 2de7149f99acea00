/** The open database files of this process: one instance per file, because DuckDB would silently open a file twice. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { abortError, SluiceError } from '../../errors.ts';
import { quoteText } from '../load/names.ts';
import { isWaitedFor, requestLock, withdraw } from './lock-request.ts';
import { makeDatabaseFile } from './new-file.ts';
import { isLockConflict, lockedError, openError } from './open-errors.ts';

/** The settings of an instance; the first use that opens a file decides. */
export interface InstanceSettings {
  /** The only folder that SQL may read files from. */
  readonly stagingDirectory: string;
  /** Where large sorts and joins spill. */
  readonly temporaryDirectory: string;
  readonly memoryLimit: string;
  readonly threads: number;
}

export interface Waiting {
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** One database file of this process, open or not. */
export interface SharedInstance {
  /** A new connection; opens the file where it is closed. Every connection must be given back. */
  withInstance(settings: () => Promise<InstanceSettings>, waiting: Waiting): Promise<DuckDBConnection>;
  giveBack(connection: DuckDBConnection): void;
  /** Closes the file now, or when the last connection is given back. */
  release(): Promise<void>;
}

const IDLE_MS = 2_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;
/** How long this process keeps the file closed for another that waits: longer than the longest pause between two tries. */
const YIELD_MS = 1_000;
const shared = new Map<string, SharedInstance>();

/** The one instance of a file; `path` must be real (links resolved). */
export function sharedInstance(path: string): SharedInstance {
  let instance = shared.get(path);
  if (!instance) {
    instance = createShared(path);
    shared.set(path, instance);
  }
  return instance;
}

function createShared(path: string): SharedInstance {
  let opened: Promise<DuckDBInstance> | undefined;
  let closing: Promise<void> | undefined;
  let users = 0;
  let closeSoon = false;
  let idle: NodeJS.Timeout | undefined;

  const closeNow = (): Promise<void> => {
    clearTimeout(idle);
    closeSoon = false;
    if (!closing && opened) {
      const instance = opened;
      opened = undefined;
      closing = closeInstance(path, instance).finally(() => {
        closing = undefined;
      });
    }
    return closing ?? Promise.resolve();
  };

  const leave = (): void => {
    users -= 1;
    if (users > 0) return;
    if (closeSoon) {
      void closeNow();
      return;
    }
    idle = setTimeout(() => void closeNow(), IDLE_MS);
    idle.unref();
  };
  /** Without this, a client that queries continuously would block another process's sync. */
  const letOthersIn = async (): Promise<void> => {
    if (!opened || !(await isWaitedFor(path))) return;
    if (users > 0) closeSoon = true;
    else await closeNow();
    const deadline = Date.now() + YIELD_MS;
    while (Date.now() < deadline && (await isWaitedFor(path))) await sleep(FIRST_RETRY_MS);
  };
  // The first caller opens the file; others wait for the same opening, each with its own time limit.
  const join = async (settings: () => Promise<InstanceSettings>): Promise<DuckDBInstance> => {
    while (closing) await closing;
    opened ??= settings()
      .then((chosen) => openLocked(path, chosen))
      .catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
    return opened;
  };

  return {
    async withInstance(settings, waiting) {
      await letOthersIn();
      users += 1;
      clearTimeout(idle);
      try {
        const instance = await retryLocked(path, waiting, () => join(settings));
        return await instance.connect();
      } catch (error) {
        leave();
        throw error;
      }
    },
    giveBack(connection) {
      connection.closeSync();
      leave();
    },
    async release() {
      if (users === 0) await closeNow();
      else closeSoon = true;
    },
  };
}

async function retryLocked<T>(path: string, { waitMs, signal }: Waiting, open: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + waitMs;
  let asked = false;
  try {
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LAST_RETRY_MS)) {
      if (signal?.aborted) throw abortError(signal);
      try {
        return await open();
      } catch (error) {
        if (!isLockConflict(error)) throw error instanceof SluiceError ? error : openError(error, path);
        if (Date.now() + pause > deadline) throw lockedError(error, path, waitMs);
      }
      asked = true;
      await requestLock(path);
      await sleep(pause);
    }
  } finally {
    if (asked) await withdraw(path);
  }
}

/** Instead of a path: the database has no file. */
export const IN_MEMORY = ':memory:';

/** An instance that can read only files of the staging folder, and whose settings no statement can change. */
export async function openLocked(path: string, settings: InstanceSettings): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  if (path !== IN_MEMORY) await makeDatabaseFile(path, (file) => DuckDBInstance.create(file));
  const instance = await DuckDBInstance.create(path, {
    threads: String(settings.threads),
    memory_limit: settings.memoryLimit,
    temp_directory: settings.temporaryDirectory,
    max_temp_directory_size: '4GB',
    checkpoint_threshold: '256MB',
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      // The order matters: after the last statement no setting can change, on any connection.
      await connection.run("SET GLOBAL TimeZone = 'UTC'");
      // Planning values nested to DuckDB's own limit of 1,000 levels takes gigabytes and minutes.
      await connection.run('SET GLOBAL max_expression_depth = 250');
      await connection.run(`SET GLOBAL allowed_directories = [${quoteText(settings.stagingDirectory)}]`);
      await connection.run('SET GLOBAL enable_external_access = false');
      await connection.run('SET GLOBAL lock_configuration = true');
    } finally {
      connection.closeSync();
    }
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function closeInstance(path: string, opened: Promise<DuckDBInstance>): Promise<void> {
  const instance = await opened;
  try {
    // closeSync would write a large log into the file on the main thread.
    if (await hasLog(path)) {
      const connection = await instance.connect();
      await connection.run('CHECKPOINT').finally(() => connection.closeSync());
    }
  } catch {
    // A log that cannot be written into the file now (a full disk) remains, and is replayed at the next opening.
  } finally {
    instance.closeSync();
  }
}

async function hasLog(path: string): Promise<boolean> {
  const found = await stat(`${path}.wal`).catch(() => undefined);
  return found !== undefined && found.size > 0;
}
