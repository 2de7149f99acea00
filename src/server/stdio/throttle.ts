/** Pauses stdin while too much is held back, so that a client that floods or does not read cannot exhaust the memory. */
import type { Readable } from 'node:stream';
import type { Admission } from './admission.ts';

/** What is held back at most before stdin is paused. */
const MAX_HELD_MESSAGES = 10_000;
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/** While stdin is paused, a chunk is read now and then: a cancellation may be in it, or the end. */
const PAUSED_READ_MS = 200;
const MAX_PAUSED_BYTES = 32 * 1024 * 1024;
const MAX_PAUSED_MESSAGES = 200_000;

export interface Throttle {
  /** Pauses or resumes stdin by what is held back now. */
  regulate(): void;
  end(): void;
}

/** @param isUnread whether too many answers wait for the client */
export function createThrottle(stdin: Readable, held: () => Admission['held'], isUnread: () => boolean): Throttle {
  let pausedTimer: NodeJS.Timeout | undefined;
  const readOnce = (): void => {
    const { messages, bytes } = held();
    if (bytes < MAX_PAUSED_BYTES && messages < MAX_PAUSED_MESSAGES) stdin.resume();
  };
  const end = (): void => {
    clearInterval(pausedTimer);
    pausedTimer = undefined;
  };
  return {
    regulate() {
      const { messages, bytes } = held();
      if (messages > MAX_HELD_MESSAGES || bytes > MAX_HELD_BYTES || isUnread()) {
        stdin.pause();
        pausedTimer ??= setInterval(readOnce, PAUSED_READ_MS);
        return;
      }
      end();
      stdin.resume();
    },
    end,
  };
}
