/** Loading into DuckDB: the segments are read by the database that holds the tables. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { isDataError, SegmentFailure } from '../convert/segment-failure.ts';
import { convertedRows, pointer } from '../convert/select-sql.ts';
import { dataColumns, quoteText } from '../load/names.ts';
import type { Dialect, LoadConnection, LoadStore, SqlRow } from '../sql.ts';
import type { Database } from './database.ts';

export const DUCKDB: Dialect = {
  kind: 'duckdb',
  typeName: (type) => type,
  nameBytes: 255,
  systemColumns: ['rowid'],
  isoTime: (expression) => `strftime(${expression}, '%Y-%m-%dT%H:%M:%S.%gZ')`,
  jsonMember: (column, path) =>
    `json_extract_string(${column}, ${quoteText(path.length === 0 ? '$' : path.map(pointer).join(''))})`,
  toJson: (column) => `to_json(${column})`,
  arrival: 'rowid',
  storedOrder: 'rowid',
};

/**
 * A second thread costs more processor time than it saves: the rows of several threads are buffered in order in
 * memory, and when memory runs short the work is done twice. Reading runs in parallel to the load anyway.
 */
const ONE_THREAD = { threads: 1 };

export function duckdbStore(database: Database): LoadStore {
  return {
    transaction: (purpose, body, options) =>
      database.use(purpose, (connection) => inTransaction(connection, () => body(loadConnection(connection))), {
        ...options,
        ...ONE_THREAD,
      }),
    reader: (purpose, body, options) => database.use(purpose, body, { ...options, ...ONE_THREAD }),
  };
}

/** Rows of plain SQL over a connection of DuckDB. */
export function loadConnection(connection: DuckDBConnection): LoadConnection {
  return {
    dialect: DUCKDB,
    run: async (sql, values = []) => (await connection.run(sql, [...values])).rowsChanged,
    async rows(sql, values = []) {
      // The driver strips a leading U+FEFF from texts, and may from column names.
      const guarded = `SELECT '.' || CAST(COLUMNS(*) AS VARCHAR) FROM (${sql})`;
      const reader = await connection.runAndReadAll(guarded, [...values]);
      return reader
        .getRowObjectsJson()
        .map((row): SqlRow => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, textOf(value)])));
    },
    async insertSegment(table, columns, readable) {
      const values = columns.map((_column, index) => `v${index}`);
      const rows = convertedRows(readable, columns, Date.now());
      const select = `SELECT ${[...values, 'extracted_at', 'meta'].join(', ')} FROM (${rows})`;
      try {
        const inserted = await connection.run(`INSERT INTO ${table} (${dataColumns(columns).join(', ')}) ${select}`);
        return { rows: inserted.rowsChanged, changed: {} };
      } catch (error) {
        throw isDataError(error) ? new SegmentFailure(readable.origin, error) : error;
      }
    },
    async createIncoming(table, definitions) {
      await connection.run(`CREATE TEMPORARY TABLE ${table} (${definitions})`);
    },
  };
}

/** Runs `body` in a transaction. */
async function inTransaction<T>(connection: DuckDBConnection, body: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await body();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT has already rolled back; the first error names the cause.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return String(value).slice(1);
}
