/** Ends a query at its time limit, at its memory limit, or when the caller cancels. */
import { abortError, LimitError } from '../../errors.ts';

export interface QueryDeadline {
  /** Aborted with the reason for which the query ends. */
  readonly signal: AbortSignal;
  /** Starts the clock: waiting for the file does not count. */
  begin(): void;
  end(): void;
  /** The work's result, or the reason of the abort when the work does not end soon after it. */
  race<T>(work: Promise<T>): Promise<T>;
}

const TIME_LIMIT_MS = 30_000;
const MEMORY_CHECK_MS = 100;
/** Growth of the process, beyond DuckDB's own limit, at which a query is stopped. */
const MEMORY_LIMIT_BYTES = 2_500_000_000;
/** Growth at which the process exits: planning cannot be interrupted, and the machine must not run out of memory. */
const LAST_RESORT_BYTES = 2 * MEMORY_LIMIT_BYTES;
/** Some native calls ignore an interruption: after this time the caller gets an answer anyway. */
const GRACE_MS = 2_000;

const unfinished = new WeakMap<Error, Promise<unknown>>();

/** The work that continues after its answer was given; undefined if it has ended. */
export function unfinishedWork(reason: unknown): Promise<unknown> | undefined {
  return reason instanceof Error ? unfinished.get(reason) : undefined;
}

export function startDeadline(caller: AbortSignal, limitMs = TIME_LIMIT_MS): QueryDeadline {
  const controller = new AbortController();
  const signal = AbortSignal.any([caller, controller.signal]);
  const timers: NodeJS.Timeout[] = [];
  return {
    signal,
    begin() {
      const before = process.memoryUsage.rss();
      timers.push(setTimeout(() => controller.abort(timeoutError(limitMs)), limitMs));
      timers.push(
        setInterval(() => {
          const growth = process.memoryUsage.rss() - before;
          if (growth > MEMORY_LIMIT_BYTES) controller.abort(memoryError());
          if (growth > LAST_RESORT_BYTES) endProcess();
        }, MEMORY_CHECK_MS),
      );
    },
    end() {
      for (const timer of timers) clearTimeout(timer);
    },
    async race(work) {
      let timer: NodeJS.Timeout | undefined;
      const overdue = new Promise<never>((_, reject) => {
        const arm = (): void => {
          timer = setTimeout(() => {
            const reason = abortError(signal);
            unfinished.set(reason, work);
            reject(reason);
          }, GRACE_MS);
        };
        if (signal.aborted) arm();
        else signal.addEventListener('abort', arm, { once: true });
      });
      overdue.catch(() => undefined);
      work.catch(() => undefined);
      return Promise.race([work, overdue]).finally(() => clearTimeout(timer));
    },
  };
}

/** Safe for the data: a sync's rows and state are committed in one transaction. */
function endProcess(): void {
  process.stderr.write('sluice-mcp: a query could not be stopped before it took the memory of this machine: ending.\n');
  process.kill(process.pid, 'SIGKILL');
}

function timeoutError(limitMs: number): LimitError {
  return new LimitError(
    'query_timeout',
    `The query was ended after ${limitMs / 1000} s.`,
    'Filter or aggregate more, check joins for a missing condition, or look at the plan with dry_run: true.',
  );
}

function memoryError(): LimitError {
  return new LimitError(
    'query_memory',
    'The query was stopped because it exceeded the memory limit.',
    'Aggregate or filter earlier, and build shorter texts and lists.',
  );
}
