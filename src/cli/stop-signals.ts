/** Ctrl-C and similar signals: the first stops the work and stores what is complete, the second ends the process at once. */
import { setMaxListeners } from 'node:events';
import { LimitError } from '../errors.ts';

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export interface StopSignals {
  /** Aborted by the first signal. */
  readonly asked: AbortSignal;
  /** Aborted by the second. */
  readonly hurried: AbortSignal;
  /** 128 and the first signal's number, as shells report it; undefined if none arrived. */
  readonly exitStatus: () => number | undefined;
  /** Restores the default handling of signals. */
  dispose(): void;
}

export function watchStopSignals(): StopSignals {
  const [asked, hurried] = [new AbortController(), new AbortController()];
  setMaxListeners(0, asked.signal, hurried.signal);
  let status: number | undefined;
  const names = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
  const onSignal = (name: NodeJS.Signals): void => {
    if (status !== undefined) hurried.abort();
    status ??= 128 + NUMBERS[name as keyof typeof NUMBERS];
    asked.abort(new LimitError('stopped', 'Stopped before the sync began.', 'Run the command again.'));
  };
  for (const name of names) process.on(name, onSignal);
  return {
    asked: asked.signal,
    hurried: hurried.signal,
    exitStatus: () => status,
    dispose() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
