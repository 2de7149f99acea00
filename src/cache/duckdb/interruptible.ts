/** Interrupts the running statement when a signal aborts. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { abortError } from '../../errors.ts';

const INTERRUPT_MS = 50;

/** @throws the reason of the signal's abortion */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  body: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  if (!signal) return body(connection);
  let repeat: NodeJS.Timeout | undefined;
  // An interrupt between two statements is lost, so it is repeated until the body ends.
  const interrupt = (): void => {
    connection.interrupt();
    repeat = setInterval(() => connection.interrupt(), INTERRUPT_MS);
  };
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    if (signal.aborted) throw abortError(signal);
    return await body(connection);
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  } finally {
    signal.removeEventListener('abort', interrupt);
    clearInterval(repeat);
  }
}
