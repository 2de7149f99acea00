/** Work that may outlive the call that began it: a call returns in time, the same call again joins the work or gets its result. */
import { abortError, LimitError, serverEnds } from '../errors.ts';
import { beginWork, type ProgressListener, type WaitOptions, type Work, waitForWork } from '../shared-work.ts';

export interface Waiter extends WaitOptions {
  readonly waitMs: number;
  /** The work cannot be undone: it is aborted when all callers have given up, but an equal call meanwhile still joins it. */
  readonly continuesAfterCancel?: boolean;
}

export type Outcome<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'in_progress'; readonly doing: string; readonly elapsedMs: number };

interface OngoingWork {
  readonly work: Work<unknown>;
  waiters: number;
}

/** How long work continues, and its result is stored, for a caller who was asked to call again. */
const UNATTENDED_MS = 30 * 60_000;
const LEFT_MS = 60_000;

export interface Ongoing {
  /**
   * Starts the work, or joins the work of an equal key.
   * @throws whatever the work throws; LimitError when the waiter gave up
   */
  run<T>(
    key: string,
    waiter: Waiter,
    start: (signal: AbortSignal, progress: ProgressListener) => Promise<T>,
  ): Promise<Outcome<T>>;
  /** Aborts everything; for shutdown. */
  abortAll(): void;
}

export function createOngoing(): Ongoing {
  const works = new Map<string, OngoingWork>();
  return {
    abortAll() {
      for (const { work } of works.values()) work.controller.abort(serverEnds());
    },
    async run<T>(key: string, waiter: Waiter, start: (signal: AbortSignal, progress: ProgressListener) => Promise<T>) {
      const ongoing = works.get(key) ?? begin(key, works, start);
      const { work } = ongoing;
      ongoing.waiters += 1;
      try {
        const first = await waitForWork(work, waiter);
        if (first === 'late') {
          return { state: 'in_progress', doing: work.step ?? 'starting', elapsedMs: Date.now() - work.startedAt };
        }
        const isLast = ongoing.waiters === 1;
        if (first === 'settled' || (isLast && !waiter.continuesAfterCancel)) works.delete(key);
        else if (isLast) dropLater(key, works, ongoing);
        if (first === 'settled') return { state: 'done', value: (await work.promise) as T };
        if (isLast) work.controller.abort(abortError(waiter.signal));
        throw abortError(waiter.signal);
      } finally {
        ongoing.waiters -= 1;
      }
    },
  };
}

function begin(
  key: string,
  works: Map<string, OngoingWork>,
  start: (signal: AbortSignal, progress: ProgressListener) => Promise<unknown>,
): OngoingWork {
  const work = beginWork(start);
  const ongoing = { work, waiters: 0 };
  works.set(key, ongoing);
  const timer = setTimeout(() => {
    work.controller.abort(overdue());
    works.delete(key);
  }, UNATTENDED_MS);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  work.promise.then(stop, stop);
  return ongoing;
}

/** Keeps the result for a while: a caller who gave up and calls again right after the end gets it. */
function dropLater(key: string, works: Map<string, OngoingWork>, ongoing: OngoingWork): void {
  const drop = (): void => {
    setTimeout(() => {
      if (works.get(key) === ongoing) works.delete(key);
    }, LEFT_MS).unref();
  };
  ongoing.work.promise.then(drop, drop);
}

function overdue(): LimitError {
  return new LimitError(
    'work_overdue',
    'The work took more than 30 minutes and was stopped.',
    'Ask for less and call again.',
  );
}
