/** Work that callers share: one load for all who wait, its result held until it is due again. */
import { abortError } from '../errors.ts';

export interface Memo<T> {
  /** The held result, or a new one. A caller that is cancelled leaves; the load goes on for the others. */
  get(signal: AbortSignal): Promise<T>;
}

/** @param dueAt when the result must be loaded again, in milliseconds since 1970 */
export function createMemo<T>(load: () => Promise<T>, dueAt: (value: T) => number | Promise<number>): Memo<T> {
  let held: { value: T; due: number } | undefined;
  let loading: Promise<T> | undefined;
  const start = async (): Promise<T> => {
    try {
      const value = await load();
      held = { value, due: await dueAt(value) };
      return value;
    } finally {
      loading = undefined;
    }
  };
  return {
    async get(signal) {
      if (held && Date.now() < held.due) return held.value;
      loading ??= start();
      // Nobody may be left to hear of a failure.
      loading.catch(() => undefined);
      return unlessAborted(loading, signal);
    },
  };
}

/** Waits for a promise, but no longer than the signal allows. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw abortError(signal);
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(abortError(signal));
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
