/** A call is answered within 45 s; work that takes longer continues, and an equal call joins it. */

import type { ProgressListener } from '../shared-work.ts';
import type { CallResult } from './call-result.ts';
import type { Ongoing } from './ongoing.ts';

/** Leaves time for shaping, redaction and a slow pipe. */
const MAX_WAIT_MS = 42_000;

export interface Deadline {
  /**
   * Starts the work, or joins equal work, and waits for it as long as the call may.
   * @param key the same for equal work
   * @throws StillRunning if the work takes longer; what the work throws
   */
  run<T>(key: string, start: (signal: AbortSignal, progress: ProgressListener) => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** One deadline for all work of a call; it begins now. */
export function createDeadline(caller: Waiting, ongoing: Ongoing, continuesAfterCancel: boolean): Deadline {
  const until = Date.now() + MAX_WAIT_MS;
  const { signal, onProgress } = caller;
  return {
    async run(key, start) {
      const waitMs = Math.max(0, until - Date.now());
      const outcome = await ongoing.run(key, { waitMs, signal, onProgress, continuesAfterCancel }, start);
      if (outcome.state === 'in_progress') throw new StillRunning(outcome.doing, outcome.elapsedMs);
      return outcome.value;
    },
  };
}

/** Thrown where the caller must be answered before the work ends. */
export class StillRunning extends Error {
  readonly doing: string;
  readonly elapsedMs: number;

  /** @param doing what the work does now, as its progress reported it */
  constructor(doing: string, elapsedMs: number) {
    super(doing);
    this.doing = doing;
    this.elapsedMs = elapsedMs;
  }

  /** The answer for now: how to join the work. */
  result(tool: string): CallResult {
    const next = `Call ${tool} again with the same arguments to join the work or get its result.`;
    const text = `in_progress after ${Math.round(this.elapsedMs / 1000)} s: ${this.doing}. ${next}`;
    const data = { state: 'in_progress', doing: this.doing, next };
    return { content: [{ type: 'text', text }], structuredContent: data };
  }
}
