/** Reads a source to its end, for the cache and for destinations: waits for its output, and ends it if it is silent. */
import type { ConnectorRun, Exit } from '../connectors/index.ts';
import { type Chunks, readChunks } from './chunks.ts';
import { type Clock, TICK_MS } from './clock.ts';
import type { Router } from './router/index.ts';
import { EXIT_MS, START_MS, silenceMessage } from './silence.ts';
import type { SyncLog } from './sync-log.ts';
import { addError, type SyncRecord } from './sync-record.ts';
import type { SyncFailure } from './types.ts';

export interface SourceReading {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly router: Router;
  /** What messages call it. */
  readonly who: 'connector' | 'source';
  /** For errors, where two connectors run. */
  readonly from?: SyncFailure['from'];
  readonly clock: Clock;
  /** Whether every stream is complete. */
  readonly isComplete: () => boolean;
  /** A chunk was routed. @returns a promise where the next chunk has to wait for it */
  afterChunk(): Promise<void> | undefined;
  /** Once a second. @returns whether the reading continues */
  onTick(chunks: Chunks): boolean | Promise<boolean>;
  /** Settles when the reader no longer accepts output. */
  readonly closed?: Promise<unknown>;
  /** Whether the source was asked to end: its last message may be cut off. */
  readonly isStopped?: () => boolean;
  /** The output was read to its end. */
  afterOutput?(): void;
}

/** @returns how the source ended; undefined where it has to be ended */
export async function readToEnd(run: ConnectorRun, reading: SourceReading): Promise<Exit | undefined> {
  const { log, router } = reading;
  run.onStderr((text) => log.write('stderr', text));
  let silentMs = 0;
  let received = false;
  const chunks = readChunks(run.stdout, (chunk) => {
    router.push(chunk);
    silentMs = 0;
    received = true;
    return reading.afterChunk();
  });
  // Counted in ticks: a suspended machine is not mistaken for a silent source.
  const isSilent = (): boolean => {
    silentMs = chunks.isHeld() ? 0 : silentMs + TICK_MS;
    return isSilentTooLong(reading, silentMs, received);
  };
  try {
    if (!(await waitForOutputEnd(chunks, reading, isSilent)) || reading.isStopped?.()) return undefined;
    const isCutOff = router.end();
    reading.afterOutput?.();
    return await waitForExit(run, reading, isCutOff);
  } finally {
    chunks.ended.catch(() => undefined);
    chunks.stop();
  }
}

/** @returns whether the output ended by itself */
async function waitForOutputEnd(chunks: Chunks, reading: SourceReading, isSilent: () => boolean): Promise<boolean> {
  const { clock, closed = new Promise(() => undefined) } = reading;
  const closing = closed.then(() => 'closed' as const);
  for (;;) {
    const event = await Promise.race([chunks.ended, closing, clock.tick()]);
    if (event === 'closed') return false;
    if (event !== 'tick') return true;
    if (!(await reading.onTick(chunks)) || isSilent()) return false;
  }
}

/** @param ms of silence, while this process was awake */
function isSilentTooLong(
  { record, log, who, from, isComplete }: SourceReading,
  ms: number,
  received: boolean,
): boolean {
  if (ms > EXIT_MS && isComplete()) {
    log.note(`every stream is complete and the ${who} did not end; it was ended`);
    return true;
  }
  const limit = received ? record.silenceMs : START_MS;
  if (ms <= limit) return false;
  addError(record, { message: silenceMessage(limit), failure_type: 'transient_error', ...(from ? { from } : {}) });
  log.note(silenceMessage(limit));
  return true;
}

async function waitForExit(run: ConnectorRun, reading: SourceReading, isCutOff: boolean): Promise<Exit | undefined> {
  const { record, who, from, clock, isComplete } = reading;
  const fail = (message: string): void =>
    addError(record, { message, failure_type: 'system_error', ...(from ? { from } : {}) });
  const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
  if (exit === 'late') {
    fail(`The ${who} closed its output and did not end; it was ended.`);
    return undefined;
  }
  // Where every stream was complete before, nothing can be missing.
  if (isCutOff && exit.code === 0 && !isComplete()) {
    fail(`The output of the ${who} ends in the middle of a message: it was cut off.`);
  }
  return exit;
}
