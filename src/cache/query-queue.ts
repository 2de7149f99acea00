/** Runs two queries at once, queues some more in the order of their arrival, and rejects the rest. */
import { abortError, LimitError } from '../errors.ts';
import type { Cache } from './cache.ts';
import { unfinishedWork } from './duckdb/query-limits.ts';
import { cleanSql } from './sql-text.ts';

const MAX_RUNNING = 2;
/** One export runs for minutes, so exports never take both slots. */
const MAX_EXPORTS = 1;
const MAX_WAITING = 16;
/** Eight rounds of queries that use their full time would take longer than a caller waits. */
const MAX_WAIT_MS = 120_000;

interface Queue {
  /**
   * Runs `work` when its turn comes.
   * @throws LimitError `busy` if too many wait already; the reason of the signal, aborted while it waits
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** The cache with its queries, dry runs and exports in a queue, and their SQL cleaned. */
export function withQueryQueue(cache: Cache): Cache {
  const queries = createQueue(MAX_RUNNING);
  const exports = createQueue(MAX_EXPORTS);
  return {
    ...cache,
    query: (sql, limits) => queries.run(limits.signal, () => cache.query(cleanSql(sql), limits)),
    dryRun: (sql, signal) => queries.run(signal, () => cache.dryRun(cleanSql(sql), signal)),
    exportQuery: (sql, request) =>
      exports.run(request.signal, () => queries.run(request.signal, () => cache.exportQuery(cleanSql(sql), request))),
  };
}

export function createQueue(maxRunning: number, maxWaiting = MAX_WAITING, maxWaitMs = MAX_WAIT_MS): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;
  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const leave = (reason: Error): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        waiting.splice(waiting.indexOf(begin), 1);
        reject(reason);
      };
      const giveUp = (): void => leave(abortError(signal));
      const timer = setTimeout(() => leave(busy(running, waiting.length)), maxWaitMs);
      waiting.push(begin);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  const next = (): void => {
    const begin = waiting.shift();
    // The slot is passed on directly, so that no later caller can take it.
    if (begin) begin();
    else running -= 1;
  };
  return {
    async run(signal, work) {
      if (signal.aborted) throw abortError(signal);
      if (running < maxRunning) running += 1;
      else if (waiting.length < maxWaiting) await turn(signal);
      else throw busy(running, waiting.length);
      let unfinished: Promise<unknown> | undefined;
      try {
        return await work();
      } catch (error) {
        unfinished = unfinishedWork(error);
        throw error;
      } finally {
        // Work that ignores interruption keeps its slot, or such queries would take every thread of this process.
        if (unfinished) void unfinished.catch(() => undefined).finally(next);
        else next();
      }
    },
  };
}

function busy(running: number, waiting: number): LimitError {
  return new LimitError(
    'busy',
    `${running} of the queries and exports that were sent are running, and ${waiting} more wait.`,
    'Wait for the answers of the others, at most 30 seconds each, and call again then.',
  );
}
