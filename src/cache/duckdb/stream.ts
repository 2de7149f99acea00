/** Streams a result and always ends it: a half-read one would hold the file open until it is garbage. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';

/** Runs `sql` as a stream; `body` fetches what it wants, the rest is dropped. */
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
    // Only an error or the last chunk makes DuckDB let go of the connection behind the stream.
    while (!ended) {
      connection.interrupt();
      await fetch().catch(() => undefined);
    }
  }
}
