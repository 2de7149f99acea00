/** Work that callers share: one load for all waiting callers, its result cached until it expires. */
import { unlessAborted } from '../deadline.ts';

export interface Memo<T> {
  /** The cached result, or a new one. A cancelled caller stops waiting; the load continues for the others. */
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
