import type { DuckDBConnection } from '@duckdb/node-api';

/** All of `body` or nothing. */
export async function inTransaction<T>(connection: DuckDBConnection, body: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await body();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT has already rolled back; the first error is the one that tells why.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
