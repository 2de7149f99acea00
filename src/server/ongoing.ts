/** Work that may outlive the call that began it: a call returns in time, the same call again joins the work or gets its result. */
import { abortError, LimitError, serverEnds } from '../errors.ts';

export type ProgressListener = (message: string, done?: number, total?: number) => void;

export interface Waiter {
  /** Milliseconds this caller may wait. */
  readonly waitMs: number;
  /** Aborted when this caller gives up; work that nobody waits for then ends too. */
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  /** What it does cannot be called back: when all have given up it is told so, and an equal call that comes meanwhile joins it all the same. */
  readonly continuesAfterCancel?: boolean;
}

export type Outcome<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'in_progress'; readonly doing: string; readonly elapsedMs: number };

interface Work {
  readonly promise: Promise<unknown>;
  readonly controller: AbortController;
  readonly listeners: Set<ProgressListener>;
  readonly startedAt: number;
  waiters: number;
  doing: string;
}

/** How long work continues, and a result is kept, for a caller who was told to call again. */
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
  const works = new Map<string, Work>();
  return {
    abortAll() {
      for (const work of works.values()) work.controller.abort(serverEnds());
    },
    async run<T>(key: string, waiter: Waiter, start: (signal: AbortSignal, progress: ProgressListener) => Promise<T>) {
      const work = works.get(key) ?? begin(key, works, start);
      work.waiters += 1;
      work.listeners.add(waiter.onProgress);
      try {
        const first = await firstOf(work, waiter);
        if (first === 'late')
          return { state: 'in_progress', doing: work.doing, elapsedMs: Date.now() - work.startedAt };
        if (first === 'done' || (work.waiters === 1 && !waiter.continuesAfterCancel)) works.delete(key);
        else if (first === 'left' && work.waiters === 1) forgetSoon(key, works, work);
        if (first === 'left') throw leave(work, waiter.signal);
        return { state: 'done', value: (await work.promise) as T };
      } finally {
        work.waiters -= 1;
        work.listeners.delete(waiter.onProgress);
      }
    },
  };
}

function begin(
  key: string,
  works: Map<string, Work>,
  start: (signal: AbortSignal, progress: ProgressListener) => Promise<unknown>,
): Work {
  const controller = new AbortController();
  const listeners = new Set<ProgressListener>();
  const progress: ProgressListener = (message, done, total) => {
    work.doing = message;
    for (const listener of listeners) listener(message, done, total);
  };
  // Begun a tick later: work that tells its progress at once finds its listeners in place.
  const promise = Promise.resolve().then(() => start(controller.signal, progress));
  const work: Work = { promise, controller, listeners, startedAt: Date.now(), waiters: 0, doing: 'starting' };
  works.set(key, work);
  const timer = setTimeout(() => {
    controller.abort(overdue());
    works.delete(key);
  }, UNATTENDED_MS);
  timer.unref();
  promise.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
  return work;
}

/** A caller who gave up and calls again right after its end learns of that end. */
function forgetSoon(key: string, works: Map<string, Work>, work: Work): void {
  const forget = (): void => {
    setTimeout(() => {
      if (works.get(key) === work) works.delete(key);
    }, LEFT_MS).unref();
  };
  work.promise.then(forget, forget);
}

async function firstOf(work: Work, waiter: Waiter): Promise<'done' | 'late' | 'left'> {
  if (waiter.signal.aborted) return 'left';
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const done = work.promise.then(
    () => 'done' as const,
    () => 'done' as const,
  );
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), waiter.waitMs);
  });
  const left = new Promise<'left'>((resolve) => {
    onAbort = () => resolve('left');
    waiter.signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([done, late, left]);
  } finally {
    clearTimeout(timer);
    if (onAbort) waiter.signal.removeEventListener('abort', onAbort);
  }
}

function leave(work: Work, signal: AbortSignal): Error {
  if (work.waiters === 1) work.controller.abort(abortError(signal));
  return abortError(signal);
}

function overdue(): LimitError {
  return new LimitError(
    'work_overdue',
    'The work took more than 30 minutes and was ended.',
    'Narrow what is asked for and call again.',
  );
}
