/** Limits waiting by time and by the caller's signal. */
import { setMaxListeners } from 'node:events';
import { abortError } from './errors.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  readonly over: () => boolean;
  /** Restarts the timer. */
  refresh(): void;
  /** Must be called when the work is done. */
  clear(): void;
}

/**
 * A signal that aborts with the caller's signal, or when the time is over.
 * AbortSignal.any and AbortSignal.timeout are not used: Node 20 may garbage-collect them before they fire.
 */
export function startDeadline(signal: AbortSignal | undefined, milliseconds: number): Deadline {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(signal?.reason);
  const removeListener = signal ? onAbort(signal, follow) : (): void => {};
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, milliseconds);
  return {
    signal: controller.signal,
    over: () => over,
    refresh: () => void timer.refresh(),
    clear() {
      clearTimeout(timer);
      removeListener();
    },
  };
}

/** The work's result, or the signal's reason if it aborts first. The work itself continues. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let removeListener = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    removeListener = onAbort(signal, () => reject(abortError(signal)));
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    removeListener();
  }
}

/** @returns a function that removes the listener */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One call may make many requests at once, which is not a leak.
  setMaxListeners(0, signal);
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
