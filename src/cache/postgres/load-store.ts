/** Loading into Postgres: segments become CSV by DuckDB in memory, and rows by COPY; all of a batch in one transaction. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SegmentFailure } from '../convert/segment-failure.ts';
import type { LoadConnection, LoadStore, SqlRow, SqlValue, StoreOptions } from '../sql.ts';
import type { Client } from './client.ts';
import type { Converter } from './converter.ts';
import { copySegment } from './copy-segment.ts';
import { ARRIVAL, POSTGRES } from './dialect.ts';
import { isValueError, sqlState } from './errors.ts';
import type { Server } from './server.ts';
import { changedBefore, insertSoftly } from './soft-insert.ts';
import { inTransaction } from './transaction.ts';

const WAIT_MS = 15_000;
/** A statement that needs an exclusive lock blocks new readers while it waits, so it waits in short turns. */
const TURN_MS = 2_000;
const PAUSE_MS = 500;

/** @param first runs at the start of each transaction */
export function postgresStore(
  server: Server,
  converter: Converter,
  first: (client: Client) => Promise<void> = async () => undefined,
): LoadStore {
  return {
    transaction: (purpose, body, options = {}) =>
      inTransaction(server, purpose, options, async (client) => {
        await first(client);
        return body(loadConnection(client, converter, options));
      }),
    reader: (_purpose, body, options = {}) => converter.use(body, options.signal),
  };
}

/** Plain SQL over a connection of Postgres. */
export function loadConnection(client: Client, converter?: Converter, options: StoreOptions = {}): LoadConnection {
  return {
    dialect: POSTGRES,
    run: (sql, values = []) => runPatiently(client, sql, values, options),
    async rows(sql, values = []) {
      const { rows } = await client.query<SqlRow>(sql, [...values]);
      return rows;
    },
    async insertSegment(table, columns, readable) {
      if (!converter) throw new TypeError('This connection loads nothing.');
      const copy = { client, converter, signal: options.signal };
      await client.query('SAVEPOINT sluice_segment');
      try {
        const rows = await copySegment(copy, table, columns, readable);
        return { rows, changed: readable.careful ? await changedBefore(copy, columns, readable) : {} };
      } catch (error) {
        if (!isValueError(error)) throw error;
        if (!readable.careful) throw new SegmentFailure(readable.origin, error);
        await client.query('ROLLBACK TO SAVEPOINT sluice_segment');
        return await insertSoftly(copy, table, columns, readable);
      }
    },
    async createIncoming(table, definitions) {
      await client.query(
        `CREATE TEMPORARY TABLE ${table} (${ARRIVAL} bigint GENERATED ALWAYS AS IDENTITY, ${definitions}) ON COMMIT DROP`,
      );
    },
  };
}

async function runPatiently(
  client: Client,
  sql: string,
  values: readonly SqlValue[],
  { signal, waitMs = WAIT_MS }: StoreOptions,
): Promise<number> {
  const run = async (): Promise<number> => (await client.query(sql, [...values])).rowCount ?? 0;
  if (!/^(ALTER|DROP) TABLE /.test(sql)) return run();
  const deadline = Date.now() + waitMs;
  for (;;) {
    await client.query(`SAVEPOINT sluice_turn; SET LOCAL lock_timeout = ${Math.min(TURN_MS, Math.ceil(waitMs))}`);
    try {
      const changed = await run();
      await client.query(`SET LOCAL lock_timeout = ${Math.ceil(waitMs)}; RELEASE SAVEPOINT sluice_turn`);
      return changed;
    } catch (error) {
      if (sqlState(error) !== '55P03' || Date.now() > deadline || signal?.aborted) throw error;
      await client.query('ROLLBACK TO SAVEPOINT sluice_turn');
      await sleep(PAUSE_MS);
    }
  }
}
