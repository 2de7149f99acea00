/** A DuckDB in memory that reads segments and writes what Postgres reads; opened on use, closed when idle. */
import { realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { IN_MEMORY, openLocked } from '../duckdb/instances.ts';
import { interruptible } from '../duckdb/interruptible.ts';

export interface Converter {
  /** Runs `body` with a connection that may read and write the files of the staging folder, and no others. */
  use<T>(body: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Interrupts running work and closes. */
  close(): Promise<void>;
}

const IDLE_MS = 2_000;
const MEMORY = '512MB';

export function openConverter(stagingDirectory: () => Promise<string>): Converter {
  const running = new Map<DuckDBConnection, Promise<unknown>>();
  let opened: Promise<DuckDBInstance> | undefined;
  let users = 0;
  let idle: NodeJS.Timeout | undefined;

  const open = async (): Promise<DuckDBInstance> => {
    const folder = await realpath(await stagingDirectory());
    const threads = Math.min(2, availableParallelism());
    return openLocked(IN_MEMORY, {
      stagingDirectory: folder,
      temporaryDirectory: folder,
      memoryLimit: MEMORY,
      threads,
    });
  };
  const closeNow = async (): Promise<void> => {
    const instance = opened;
    opened = undefined;
    (await instance)?.closeSync();
  };

  return {
    async use(body, signal) {
      users += 1;
      clearTimeout(idle);
      try {
        opened ??= open().catch((error: unknown) => {
          opened = undefined;
          throw error;
        });
        const connection = await (await opened).connect();
        try {
          const work = interruptible(connection, signal, body);
          running.set(connection, work);
          return await work;
        } finally {
          running.delete(connection);
          connection.closeSync();
        }
      } finally {
        users -= 1;
        if (users === 0) {
          idle = setTimeout(() => void closeNow().catch(() => undefined), IDLE_MS);
          idle.unref();
        }
      }
    },
    async close() {
      for (const connection of running.keys()) connection.interrupt();
      await Promise.allSettled(running.values());
      clearTimeout(idle);
      await closeNow().catch(() => undefined);
    },
  };
}
