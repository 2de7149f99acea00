/**
 * Installations and the like that several callers wait for at once: done once. The work continues when all of them have given
 * up, because a client whose time limit is shorter than an installation would otherwise never get there; the next caller joins it.
 */
import { abortError } from '../errors.ts';
import { beginWork, type Work, waitForWork } from '../shared-work.ts';
import type { RunControl } from './types.ts';

export interface SharedInstalls<T> {
  run(key: string, control: RunControl, start: (control: RunControl) => Promise<T>): Promise<T>;
}

export function createSharedInstalls<T>(): SharedInstalls<T> {
  const works = new Map<string, Work<T>>();

  const begin = (key: string, start: (control: RunControl) => Promise<T>): Work<T> => {
    const work = beginWork((signal, progress) => start({ signal, progress }));
    works.set(key, work);
    const drop = (): void => {
      if (works.get(key) === work) works.delete(key);
    };
    work.promise.then(drop, drop);
    return work;
  };

  return {
    async run(key, { signal, progress }, start) {
      if (signal.aborted) throw abortError(signal);
      const work = works.get(key) ?? begin(key, start);
      if (work.step) progress(work.step);
      if ((await waitForWork(work, { signal, onProgress: progress })) === 'left') throw abortError(signal);
      return work.promise;
    },
  };
}
