/** The cache in a DuckDB file of the project. */
import { InputError } from '../../errors.ts';
import type { Cache } from '../cache.ts';
import {
  datasetTables,
  deleteSync,
  finishSync,
  knownTables,
  loadBatch,
  prepareSync,
  removeTables,
} from '../load/index.ts';
import type { Database } from './database.ts';
import { describeData } from './describe.ts';
import { exportQuery } from './export.ts';
import { duckdbStore } from './load-store.ts';
import { dryRun, runQuery } from './query.ts';

export function duckdbCache(database: Database): Cache {
  const store = duckdbStore(database);
  // Looking up what to remove must not create the file.
  const mustExist = (): Promise<void> => database.use('looking', async () => undefined, { mustExist: true });
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
    async datasetTables(dataset) {
      await mustExist();
      return datasetTables(store, dataset);
    },
    async knownTables(dataset, options = {}) {
      try {
        await database.use('looking', async () => undefined, { ...options, mustExist: true });
      } catch (error) {
        if (error instanceof InputError && error.code === 'no_data_yet') return [];
        throw error;
      }
      return knownTables(store, dataset, options);
    },
    async removeTables(dataset, authorize, table) {
      await mustExist();
      return removeTables(store, dataset, authorize, table);
    },
    async deleteSync(syncId) {
      try {
        await mustExist();
      } catch (error) {
        if (error instanceof InputError) return;
        throw error;
      }
      await deleteSync(store, syncId);
    },
    release: () => database.release(),
    close: () => database.close(),
  };
}
