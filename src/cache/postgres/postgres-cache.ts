/** The cache in a Postgres that several machines share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LimitError, SluiceError } from '../../errors.ts';
import type { SyncRow } from '../bookkeeping/index.ts';
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
import type { Client } from './client.ts';
import { openConverter } from './converter.ts';
import { describeData } from './describe.ts';
import { exportQuery } from './export.ts';
import { postgresStore } from './load-store.ts';
import { dryRun, runQuery } from './query.ts';
import { openServer, type ServerOptions } from './server.ts';

export interface PostgresOptions extends ServerOptions {
  /** The folder of segments, and temporarily of the files made from them. */
  readonly stagingDirectory: () => Promise<string>;
}

/** How long to wait for a server that restarts during a sync; shorter where a caller waits for the answer. */
const LOAD_MS = 60_000;
const PREPARE_MS = 10_000;
const PAUSE_MS = 1_000;
/** A load that has not reached its COMMIT is rolled back by the server, and may be done again. */
const PASSING = new Set(['cache_connection_lost', 'cache_unreachable', 'cache_busy']);

export function postgresCache(options: PostgresOptions): Cache {
  const server = openServer(options);
  const converter = openConverter(options.stagingDirectory);
  const store = postgresStore(server, converter);
  return {
    kind: 'postgres',
    redactor: options.redactor,
    prepareSync: (request, choices = {}) =>
      patiently(choices.signal, PREPARE_MS, () => {
        // Objects that two servers create at once collide, so locks allow one of them at a time: first for all datasets, then for this one.
        const names = ['_sluice', request.sync.dataset];
        const alone = (client: Client): Promise<void> => lock(client, names.shift() ?? request.sync.dataset);
        return prepareSync(postgresStore(server, converter, alone), request, choices);
      }),
    loadBatch: (batch, choices = {}) =>
      patiently(choices.signal, LOAD_MS, () => {
        const current = (client: Client): Promise<void> => checkCurrent(client, batch.syncId, batch.source);
        return loadBatch(postgresStore(server, converter, current), batch, choices);
      }),
    finishSync: (row) => patiently(undefined, PREPARE_MS, () => finishSync(currentOnly(row), row)),
    query: (sql, limits) => runQuery(server, sql, limits),
    exportQuery: (sql, request) => exportQuery(server, converter, sql, request),
    dryRun: (sql, signal) => dryRun(server, sql, signal),
    describe: (request, signal) => describeData(server, request, signal),
    datasetTables: (dataset) => datasetTables(store, dataset),
    knownTables: (dataset, choices = {}) => knownTables(store, dataset, choices),
    removeTables: (dataset, authorize, table) => removeTables(store, dataset, authorize, table),
    deleteSync: (syncId) => deleteSync(store, syncId),
    release: async () => undefined,
    async close() {
      await Promise.allSettled([server.close(), converter.close()]);
    },
  };

  function currentOnly(row: SyncRow): typeof store {
    return postgresStore(server, converter, (client) => checkCurrent(client, row.syncId, row.source));
  }
}

async function lock(client: Client, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sluice:${name}`]);
}

/**
 * Another machine may have begun to sync the same source into this cache. Its sync has read the state and continues from
 * there, so rows that this one loads would be duplicated.
 */
async function checkCurrent(client: Client, syncId: string, source: string): Promise<void> {
  const { rows } = await client.query<{ state: string }>(
    'SELECT state FROM _sluice.syncs WHERE sync_id = $1 FOR SHARE',
    [syncId],
  );
  if (rows[0] === undefined || rows[0].state === 'running') return;
  throw new LimitError(
    'sync_superseded',
    `Another server has begun to sync "${source}" into the shared cache; this sync loads nothing more.`,
    'Let one machine sync a source; on the others save it under another name, or read its tables by query.',
  );
}

async function patiently<T>(signal: AbortSignal | undefined, ms: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof SluiceError && PASSING.has(error.code);
      if (!passing || Date.now() > deadline || signal?.aborted) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
