/** Progress as a client sees it: one message for each step, then a beat while the step continues. */
import type { ProgressListener } from './ongoing.ts';

/** Clients that wait for a sign of life take 10 s and more. */
const BEAT_MS = 8_000;

export interface Progress {
  readonly onProgress: ProgressListener;
  /** Ends the beat. */
  end(): void;
}

/** @param send told a number that grows with each message, the message, and the whole where it is known */
export function createProgress(
  send: (progress: number, message: string, total?: number) => void,
  beatMs = BEAT_MS,
): Progress {
  let sent = 0;
  let last: { message: string; done: number | undefined; since: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const tell = (message: string, done?: number, total?: number): void => {
    // The number must grow with each notification, whatever the work counts.
    sent = done !== undefined && done > sent ? done : sent + 1;
    send(sent, message, total);
  };
  const beat = (): void => {
    if (last) tell(`${last.message} (${Math.round((Date.now() - last.since) / 1000)} s)`);
  };
  return {
    onProgress(message, done, total) {
      if (last?.message === message && last.done === done) return;
      last = { message, done, since: last?.message === message ? last.since : Date.now() };
      tell(message, done, total);
      clearInterval(timer);
      timer = setInterval(beat, beatMs);
      timer.unref();
    },
    end: () => clearInterval(timer),
  };
}
