/** Lends connections of the project's one DuckDB file; the file is opened on use and closed when idle. */
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
  /** Ends the wait for the file, and interrupts the statement that runs. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for another process that holds the file. */
  readonly waitMs?: number;
  /** Threads for the file, where this use opens it; default those of the options. */
  readonly threads?: number;
  /** A read makes no file: without one it is an InputError `no_data_yet`. */
  readonly mustExist?: boolean;
}

export interface Database {
  /** Seals what is shown of the data, before it is cut. */
  readonly redactor: Redactor;
  /**
   * Runs `body` with a connection of its own; what it leaves open is rolled back. A streamed result has to be read to
   * its end (`withStream` sees to it), or the file stays open behind it.
   * @param purpose what is done, for messages to those who wait
   * @throws LimitError `cache_locked` naming the other process, SetupError when the file does not open
   */
  use<T>(purpose: string, body: (connection: DuckDBConnection) => Promise<T>, options?: UseOptions): Promise<T>;
  /** Closes the file now, or as soon as its users of this process are done, so that other processes get in. */
  release(): Promise<void>;
  /** Interrupts what runs, closes the file, and lends no more. */
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
    // Asking where the file lies makes its folder: a process that never used it leaves nothing behind.
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
        // After an internal error of DuckDB only a new opening helps.
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
