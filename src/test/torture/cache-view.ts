/** What a test sees of a cache from outside: complete tables and their states, at one moment. */
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface StoredState {
  readonly kind: 'STREAM' | 'GLOBAL' | 'LEGACY';
  readonly stream: string | null;
  readonly text: string;
}

export interface CacheView {
  /** The states of a source; none where the cache does not exist yet. */
  states(source: string): Promise<StoredState[]>;
  /** All rows, each value as text; undefined where there is no such table. */
  rows(dataset: string, table: string, columns: readonly string[]): Promise<(string | null)[][] | undefined>;
}

/** Opens a view of the cache as it is on disk, including a log that was not merged yet; the cache is not changed. */
export type LookAtCache = <T>(look: (view: CacheView) => Promise<T>) => Promise<T>;

/** A file without all of its headers has never held a row: its server died while creating it. */
const HEADER_BYTES = 12_288;

/** @param file the database file of a project; nobody may write to it meanwhile */
export function duckdbCache(file: string): LookAtCache {
  return async (look) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-view-'));
    try {
      const copy = join(folder, 'cache.duckdb');
      // A copy, so that the log of a killed server stays for the next server to replay.
      for (const ending of ['', '.wal']) await copyFile(file + ending, copy + ending).catch(ignoreMissing);
      const { size } = await stat(copy).catch(() => ({ size: 0 }));
      const instance = await DuckDBInstance.create(size < HEADER_BYTES ? ':memory:' : copy, { threads: '1' });
      const connection = await instance.connect();
      try {
        return await look(viewOf(connection));
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function viewOf(connection: DuckDBConnection): CacheView {
  const exists = async (schema: string, table: string): Promise<boolean> => {
    const sql = 'SELECT 1 FROM duckdb_tables() WHERE schema_name = $1 AND table_name = $2';
    return (await connection.runAndReadAll(sql, [schema, table])).currentRowCount > 0;
  };
  return {
    async states(source) {
      if (!(await exists('_sluice', 'states'))) return [];
      const reader = await connection.runAndReadAll(
        'SELECT kind, stream, state AS text FROM _sluice.states WHERE source = $1',
        [source],
      );
      return reader.getRowObjectsJson() as unknown as StoredState[];
    },
    async rows(dataset, table, columns) {
      if (!(await exists(dataset, table))) return undefined;
      const list = columns.map((column) => `CAST("${column}" AS VARCHAR)`).join(', ');
      const reader = await connection.runAndReadAll(`SELECT ${list} FROM "${dataset}"."${table}"`);
      return reader.getRows() as (string | null)[][];
    },
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
