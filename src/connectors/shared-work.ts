/**
 * Work that several callers wait for at once: done once. It continues when all of them have given up, for a client whose time
 * is shorter than an installation would never get there; the next caller joins it. What ends the server ends it.
 */
import { abortError } from '../errors.ts';
import type { RunControl } from './types.ts';

interface Work<T> {
  readonly promise: Promise<T>;
  readonly listeners: Set<RunControl['progress']>;
  last?: string;
}

export interface SharedWork<T> {
  run(key: string, control: RunControl, start: (control: RunControl) => Promise<T>): Promise<T>;
}

/** Nobody gives the work itself up. */
const NEVER = new AbortController().signal;

export function createSharedWork<T>(): SharedWork<T> {
  const works = new Map<string, Work<T>>();

  const begin = (key: string, start: (control: RunControl) => Promise<T>): Work<T> => {
    const listeners = new Set<RunControl['progress']>();
    const progress: RunControl['progress'] = (message, done, total) => {
      work.last = message;
      for (const listener of listeners) listener(message, done, total);
    };
    const promise = Promise.resolve().then(() => start({ signal: NEVER, progress }));
    const work: Work<T> = { promise, listeners };
    works.set(key, work);
    const forget = (): void => {
      if (works.get(key) === work) works.delete(key);
    };
    promise.then(forget, forget);
    return work;
  };

  return {
    async run(key, { signal, progress }, start) {
      if (signal.aborted) throw abortError(signal);
      const work = works.get(key) ?? begin(key, start);
      const listener: RunControl['progress'] = (message, done, total) => progress(message, done, total);
      work.listeners.add(listener);
      if (work.last) progress(work.last);
      let leave: (() => void) | undefined;
      const left = new Promise<'left'>((resolve) => {
        leave = () => resolve('left');
        signal.addEventListener('abort', leave, { once: true });
      });
      try {
        const first = await Promise.race([work.promise, left]);
        if (first !== 'left' || !signal.aborted) return await work.promise;
      } finally {
        if (leave) signal.removeEventListener('abort', leave);
        work.listeners.delete(listener);
      }
      throw abortError(signal);
    },
  };
}
