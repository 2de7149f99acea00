/** One start of a connector, whatever it runs in: the port that processes and containers implement. */
import type { Readable, Writable } from 'node:stream';
import type { ConnectorRun, Installed } from './types.ts';

/** Passes a text to `use` and drops it: no configuration stays in memory after it is written. */
export type WithText = <T>(use: (text: string) => Promise<T>) => Promise<T>;

export interface Task {
  readonly installed: Installed;
  readonly verb: 'spec' | 'check' | 'discover' | 'read' | 'write';
  /** The files that the verb is given, by option: `config` is `--config PATH`. Readable for the connector alone. */
  readonly files: Readonly<Record<string, WithText>>;
  /** Whether `stdin` is open; otherwise the connector finds it at its end. */
  readonly writes?: boolean;
  readonly signal: AbortSignal;
}

/** A running connector, passed to a callback. */
export interface Running extends ConnectorRun {
  readonly stdout: Readable;
  /** Where the task writes. */
  readonly stdin?: Writable | undefined;
  /** Settles when stdout has been read to its end. */
  readonly outputEnded: Promise<void>;
}

export interface Runner {
  /**
   * Runs for as long as `body` takes; then ends everything that was started and removes everything that was written.
   * When the signal is aborted all is ended at once, and `body` sees the end of stdout.
   * @throws SetupError if it cannot be started; LimitError when the signal was aborted before the start
   */
  run<T>(task: Task, body: (running: Running) => Promise<T>): Promise<T>;
}
