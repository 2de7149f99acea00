/** Progress as a client sees it: one message for each step, then a heartbeat while the step continues. */
import type { ProgressListener } from '../shared-work.ts';

/** Clients give up after 10 s or more without progress. */
const BEAT_MS = 8_000;

export interface Progress {
  readonly onProgress: ProgressListener;
  /** Stops the heartbeat. */
  end(): void;
}

/** @param send called with a number that grows with each message, the message, and the total if it is known */
export function createProgress(
  send: (progress: number, message: string, total?: number) => void,
  beatMs = BEAT_MS,
): Progress {
  let sent = 0;
  let last: { message: string; done: number | undefined; since: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const report = (message: string, done?: number, total?: number): void => {
    // The number must grow with each notification, whatever the work counts.
    sent = done !== undefined && done > sent ? done : sent + 1;
    send(sent, message, total);
  };
  const beat = (): void => {
    if (last) report(`${last.message} (${Math.round((Date.now() - last.since) / 1000)} s)`);
  };
  return {
    onProgress(message, done, total) {
      if (last?.message === message && last.done === done) return;
      last = { message, done, since: last?.message === message ? last.since : Date.now() };
      report(message, done, total);
      clearInterval(timer);
      timer = setInterval(beat, beatMs);
      timer.unref();
    },
    end: () => clearInterval(timer),
  };
}
