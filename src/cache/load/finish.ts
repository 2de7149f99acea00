import type { DuckDBConnection } from '@duckdb/node-api';
import { endSync, type SyncRow } from '../bookkeeping/index.ts';
import { dropInternalTables } from './tables.ts';
import { inTransaction } from './transaction.ts';

/** Ends a sync in the cache: what is not confirmed goes, how it ended is kept. */
export async function finishSync(connection: DuckDBConnection, row: SyncRow): Promise<void> {
  await inTransaction(connection, async () => {
    await dropInternalTables(connection, row.dataset);
    await endSync(connection, row);
  });
}
