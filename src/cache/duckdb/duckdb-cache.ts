/** The cache as a DuckDB file of the project. */
import type { Cache } from '../cache.ts';
import { finishSync, loadBatch, prepareSync } from '../load/index.ts';
import type { Database } from './database.ts';
import { describeData } from './describe.ts';
import { exportQuery } from './export.ts';
import { duckdbStore } from './load-store.ts';
import { dryRun, runQuery } from './query.ts';

export function duckdbCache(database: Database): Cache {
  const store = duckdbStore(database);
  return {
    kind: 'duckdb',
    redactor: database.redactor,
    prepareSync: (request, options = {}) => prepareSync(store, request, options),
    loadBatch: (batch, options = {}) => loadBatch(store, batch, options),
    finishSync: (row) => finishSync(store, row),
    query: (sql, limits) => runQuery(database, sql, limits),
    exportQuery: (sql, request) => exportQuery(database, sql, request),
    dryRun: (sql, signal) => dryRun(database, sql, signal),
    describe: (request, signal) => describeData(database, request, signal),
    release: () => database.release(),
    close: () => database.close(),
  };
}
