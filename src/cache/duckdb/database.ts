/** Connections to the project's one DuckDB file, which is opened on use and closed when idle. */
import { mkdir, realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { abortError, LimitError, messageOf, systemCode } from '../../errors.ts';
import { exists } from '../../project/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { type InstanceSettings, sharedInstance } from './instances.ts';
import { interruptible } from './interruptible.ts';
import { badPath, isFileError, noDataYet, openError } from './open-errors.ts';

export interface UseOptions {
  /** Ends the wait for the file, and interrupts the running statement. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for another process that holds the file. */
  readonly waitMs?: number;
  /** Threads, if this use opens the file; default those of the options. */
  readonly threads?: number;
  /** A read does not create the file: without one it fails with InputError `no_data_yet`. */
  readonly mustExist?: boolean;
}

export interface Database {
  /** Redacts data before it is cut and shown. */
  readonly redactor: Redactor;
  /**
   * Runs `body` with its own connection; a transaction that it leaves open is rolled back. A streamed result must be read to
   * its end (`withStream` does that), or the file stays open.
   * @param purpose what is done, for the messages of processes that wait
   * @throws LimitError `cache_locked` naming the other process, SetupError when the file does not open
   */
  use<T>(purpose: string, body: (connection: DuckDBConnection) => Promise<T>, options?: UseOptions): Promise<T>;
  /** Closes the file now, or as soon as its users in this process are done, so that other processes can open it. */
  release(): Promise<void>;
  /** Interrupts running work, closes the file, and rejects further use. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly redactor: Redactor;
  /** Absolute path of the database file; its folder exists. */
  readonly file: () => Promise<string>;
  /** The only folder whose files SQL may read. */
  readonly stagingDirectory: () => Promise<string>;
  /** Where large sorts and joins spill; default `<file>.spill`. */
  readonly temporaryDirectory?: () => Promise<string>;
  /** DuckDB's own notation; default `1GB`. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

const WAIT_MS = 15_000;

/** A database that is opened on first use. */
export function openDatabase(options: DatabaseOptions): Database {
  const running = new Map<DuckDBConnection, Promise<unknown>>();
  let closed = false;
  let used = false;

  const settings = async (path: string, threads?: number): Promise<InstanceSettings> => ({
    stagingDirectory: await realpath(await options.stagingDirectory()),
    temporaryDirectory: await temporaryDirectory(path),
    memoryLimit: options.memoryLimit ?? '1GB',
    threads: threads ?? options.threads ?? Math.min(4, availableParallelism()),
  });
  const temporaryDirectory = async (path: string): Promise<string> => {
    const folder = (await options.temporaryDirectory?.()) ?? `${path}.spill`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return realpath(folder);
  };
  const releaseFile = async (): Promise<void> => {
    // Resolving the path creates its folder, which a process that never used the file must not do.
    if (!used) return;
    await sharedInstance(await realFile(await options.file())).release();
  };

  return {
    redactor: options.redactor,
    async use(purpose, body, { signal, waitMs = WAIT_MS, threads, mustExist = false } = {}) {
      if (closed) throw closedError(purpose);
      used = true;
      if (signal?.aborted) throw abortError(signal);
      const path = await realFile(await options.file());
      if (path.includes('?')) throw badPath(path);
      if (mustExist && !(await exists(path))) throw noDataYet();
      const shared = sharedInstance(path);
      const connection = await shared.withInstance(() => settings(path, threads), {
        waitMs,
        ...(signal && { signal }),
      });
      try {
        if (closed) throw closedError(purpose);
        const work = interruptible(connection, signal, body);
        running.set(connection, work);
        return await work;
      } catch (error) {
        // After an internal error of DuckDB the file must be reopened.
        if (/database has been invalidated/.test(messageOf(error))) await shared.release();
        throw isFileError(error) ? openError(error, path) : error;
      } finally {
        running.delete(connection);
        shared.giveBack(connection);
      }
    },
    release: releaseFile,
    async close() {
      closed = true;
      for (const connection of running.keys()) connection.interrupt();
      await Promise.allSettled(running.values());
      await releaseFile();
    },
  };
}

// The file may not exist yet; its folder does.
async function realFile(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return join(await realpath(dirname(path)), basename(path));
  }
}

function closedError(purpose: string): LimitError {
  return new LimitError(
    'closing',
    `The server is shutting down; not started: ${purpose}.`,
    'Start it again and repeat the call.',
  );
}
