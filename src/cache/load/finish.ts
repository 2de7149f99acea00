import { endSync, readStates, type SyncRow } from '../bookkeeping/index.ts';
import type { LoadStore, StoreOptions } from '../sql.ts';
import { replacementsOf } from './plan.ts';
import { dropInternalTables } from './tables.ts';

/** Ends a sync in the cache: what is not confirmed goes, how it ended is kept. */
export async function finishSync(store: LoadStore, row: SyncRow, options: StoreOptions = {}): Promise<void> {
  await store.transaction(
    `ending sync ${row.syncId}`,
    async (connection) => {
      await dropInternalTables(connection, row.dataset, replacementsOf(await readStates(connection, row.source)));
      await endSync(connection, row);
    },
    options,
  );
}
