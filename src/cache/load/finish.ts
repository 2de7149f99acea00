import { endSync, readStates, type SyncRow } from '../bookkeeping/index.ts';
import type { LoadStore, StoreOptions } from '../sql.ts';
import { foldName } from './names.ts';
import { replacementsOf } from './plan.ts';
import { dropInternalTables, existingTables, rowsIn } from './tables.ts';

/**
 * Ends a sync in the cache: drops unconfirmed rows and records the outcome.
 * @returns the number of rows of each table, by name; omits tables that were never made
 */
export async function finishSync(
  store: LoadStore,
  row: SyncRow,
  options: StoreOptions = {},
): Promise<ReadonlyMap<string, number>> {
  return store.transaction(
    `ending sync ${row.syncId}`,
    async (connection) => {
      await dropInternalTables(connection, row.dataset, replacementsOf(await readStates(connection, row.source)));
      await endSync(connection, row);
      const existing = await existingTables(connection, row.dataset);
      const rows = new Map<string, number>();
      for (const { table } of row.streams) {
        if (existing.has(foldName(table))) rows.set(table, await rowsIn(connection, row.dataset, table));
      }
      return rows;
    },
    options,
  );
}
