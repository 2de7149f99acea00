/** Transactions whose outcome is always known: when a connection is lost during COMMIT, the server is asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LimitError } from '../../errors.ts';
import type { StoreOptions } from '../sql.ts';
import type { Client } from './client.ts';
import { sqlState } from './errors.ts';
import type { Server } from './server.ts';

const ASKED = 20;
const PAUSE_MS = 500;

/**
 * Runs `body` in a transaction.
 * @throws LimitError `cache_commit_unknown` if the server cannot be asked whether it has committed
 */
export async function inTransaction<T>(
  server: Server,
  purpose: string,
  options: StoreOptions,
  body: (client: Client) => Promise<T>,
): Promise<T> {
  let committing: { readonly id: string; readonly result: T } | undefined;
  const work = async (client: Client): Promise<T> => {
    await client.query('BEGIN READ WRITE');
    try {
      const result = await body(client);
      const { rows } = await client.query<{ id: string | null }>('SELECT pg_current_xact_id_if_assigned()::text AS id');
      const id = rows[0]?.id;
      if (id) committing = { id, result };
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // An error from the server itself leaves no doubt.
      if (/^(?!08|57P0)/.test(sqlState(error) ?? '08')) committing = undefined;
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };
  try {
    return await server.use(purpose, work, options);
  } catch (error) {
    if (committing && (await isCommitted(server, committing.id, purpose))) return committing.result;
    throw error;
  }
}

async function isCommitted(server: Server, id: string, purpose: string): Promise<boolean> {
  for (let time = 1; time <= ASKED; time += 1) {
    const status = await server
      .use('asking how a transaction ended', (client) => ask(client, id))
      .catch(() => undefined);
    if (status === 'committed') return true;
    if (status === 'aborted') return false;
    await sleep(PAUSE_MS);
  }
  throw new LimitError(
    'cache_commit_unknown',
    `The connection to the shared cache was lost at the very end of: ${purpose}; whether it was committed is not known here.`,
    'Sync again: it continues from the state that the cache holds, whichever that is.',
  );
}

async function ask(client: Client, id: string): Promise<string | null | undefined> {
  const { rows } = await client.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [id]);
  return rows[0]?.status;
}
