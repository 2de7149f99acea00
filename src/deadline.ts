/** Limits of waiting: by time, and by the signal of whoever waits. */
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
 * A signal that is aborted by the caller's own, or when the time is over.
 * Not by AbortSignal.any and AbortSignal.timeout: Node 20 may collect those before they have fired.
 */
export function startDeadline(signal: AbortSignal | undefined, milliseconds: number): Deadline {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(signal?.reason);
  const forget = signal ? onAbort(signal, follow) : (): void => {};
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
      forget();
    },
  };
}

/** The work's result, or the signal's reason where it aborts first. The work itself continues. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let forget = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(abortError(signal)));
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    forget();
  }
}

/** @returns what takes the listener away again */
function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One call may make many requests at once: that is no leak.
  setMaxListeners(0, signal);
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
