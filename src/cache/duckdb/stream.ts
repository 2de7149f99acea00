/** Streams a result and always ends it: a partly read one would hold the file open until it is garbage-collected. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';

/** Runs `sql` as a stream; `body` fetches what it needs, the rest is dropped. */
export async function withStream<T>(
  connection: DuckDBConnection,
  sql: string,
  body: (result: DuckDBResult, fetch: () => Promise<DuckDBDataChunk | undefined>) => Promise<T>,
): Promise<T> {
  const result = await connection.stream(sql);
  let ended = false;
  const fetch = async (): Promise<DuckDBDataChunk | undefined> => {
    try {
      const chunk = await result.fetchChunk();
      if (chunk && chunk.rowCount > 0) return chunk;
    } catch (error) {
      ended = true;
      throw error;
    }
    ended = true;
    return undefined;
  };
  try {
    return await body(result, fetch);
  } finally {
    // DuckDB releases the connection of a stream only at an error or at the last chunk.
    while (!ended) {
      connection.interrupt();
      await fetch().catch(() => undefined);
    }
  }
}
