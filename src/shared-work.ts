/** Work that is done once while several callers wait for it. `server/ongoing` and `connectors/shared-installs` decide when it ends. */
import { onAbort } from './deadline.ts';

export type ProgressListener = (message: string, done?: number, total?: number) => void;

export interface Work<T> {
  readonly promise: Promise<T>;
  /** Aborts the work itself, for all callers. */
  readonly controller: AbortController;
  readonly listeners: Set<ProgressListener>;
  readonly startedAt: number;
  /** The last progress message. */
  step?: string;
}

/** Begins in the next tick, so that a caller can listen before the first progress message. */
export function beginWork<T>(start: (signal: AbortSignal, progress: ProgressListener) => Promise<T>): Work<T> {
  const controller = new AbortController();
  const listeners = new Set<ProgressListener>();
  const progress: ProgressListener = (message, done, total) => {
    work.step = message;
    for (const listener of listeners) listener(message, done, total);
  };
  const promise = Promise.resolve().then(() => start(controller.signal, progress));
  const work: Work<T> = { promise, controller, listeners, startedAt: Date.now() };
  return work;
}

export interface WaitOptions {
  /** Aborted when this caller gives up. */
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  /** Milliseconds this caller waits; without it, as long as the work takes. */
  readonly waitMs?: number;
}

/** Waits for work, with its progress. @returns what came first: the work settled, the time was over, or the caller gave up */
export async function waitForWork(
  { promise, listeners }: Work<unknown>,
  { signal, onProgress, waitMs }: WaitOptions,
): Promise<'settled' | 'late' | 'left'> {
  if (signal.aborted) return 'left';
  // A function of its own, because two callers may pass the same one.
  const listener: ProgressListener = (message, done, total) => onProgress(message, done, total);
  listeners.add(listener);
  let timer: NodeJS.Timeout | undefined;
  let removeListener = (): void => {};
  const left = new Promise<'left'>((resolve) => {
    removeListener = onAbort(signal, () => resolve('left'));
  });
  const late = new Promise<'late'>((resolve) => {
    if (waitMs !== undefined) timer = setTimeout(() => resolve('late'), waitMs);
  });
  const settled = promise.then(
    () => 'settled' as const,
    () => 'settled' as const,
  );
  try {
    return await Promise.race([settled, late, left]);
  } finally {
    clearTimeout(timer);
    removeListener();
    listeners.delete(listener);
  }
}
