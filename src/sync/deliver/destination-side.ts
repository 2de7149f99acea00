/** A running destination: its input, its messages and how it ends. */
import type { DestinationRun, Exit } from '../../connectors/index.ts';
import { type JsonObject, parseMessage } from '../../protocol/index.ts';
import { readChunks } from '../chunks.ts';
import { type Clock, TICK_MS } from '../clock.ts';
import { isLongLog, type LogContext, noteMessage } from '../connector-messages.ts';
import { createRouter, type Router, topLevelText } from '../router/index.ts';
import { durationText, EXIT_MS } from '../silence.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, addWarning, type SyncRecord } from '../sync-record.ts';
import type { SyncFailure } from '../types.ts';
import { createFeed, type Feed } from './feed.ts';

export interface DestinationSide {
  readonly feed: Feed;
  /** Settles when the destination has exited, or (without an exit) when it has closed its output and keeps running. */
  readonly over: Promise<Exit | undefined>;
  /** Settles once it stops reading: it has exited, closed its input or reported an error. */
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
  /** Whether it has reported an error. */
  readonly hasFailed: () => boolean;
  /** Call it each tick; once true it stays true. @returns whether the destination has been idle for too long */
  isStuck(heldBack: boolean): boolean;
}

export interface DestinationHandler {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly runOf: LogContext['runOf'];
  readonly keepUpdate?: LogContext['keepUpdate'];
  /** How long it may neither read nor send anything. */
  readonly silenceMs: number;
  /** A STATE message came back; `text` is its `state` as it was printed. */
  state(state: JsonObject, text: string): void;
}

interface Destination {
  readonly handler: DestinationHandler;
  readonly logContext: LogContext;
  readonly feed: Feed;
  /** Chunks that it has printed. */
  received: number;
  hasFailed: boolean;
  isClosed: boolean;
  /** Settles the promise `closed`. */
  close(): void;
  isStuck: boolean;
  idleMs: number;
  /** What it had received and taken at the last tick. */
  lastActivity: string;
}

export function openDestination(run: DestinationRun, handler: DestinationHandler, clock: Clock): DestinationSide {
  const { record, log, runOf, keepUpdate } = handler;
  const channels = { messages: 'destination', printed: 'destination stdout' } as const;
  const feed = createFeed(run.stdin);
  let resolveClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const destination: Destination = {
    handler,
    logContext: { record, log, channels, from: 'destination', runOf, keepUpdate },
    feed,
    received: 0,
    hasFailed: false,
    isClosed: false,
    close() {
      destination.isClosed = true;
      resolveClosed();
    },
    isStuck: false,
    idleMs: 0,
    lastActivity: '',
  };
  void feed.closed.then(() => destination.close());
  return {
    feed,
    over: readOutput(run, destination, clock),
    closed,
    isClosed: () => destination.isClosed,
    hasFailed: () => destination.hasFailed,
    isStuck: (heldBack) => isStuck(destination, heldBack),
  };
}

function fail({ handler }: Destination, message: string, type: SyncFailure['failure_type']): void {
  addError(handler.record, { message, failure_type: type, from: 'destination' });
}

async function readOutput(run: DestinationRun, destination: Destination, clock: Clock): Promise<Exit | undefined> {
  const { record, log } = destination.handler;
  const router = routerOf(destination);
  run.onStderr((text) => {
    destination.received += 1;
    log.write('destination stderr', text);
  });
  const output = readChunks(run.stdout, (chunk) => {
    destination.received += 1;
    router.push(chunk);
    return undefined;
  });
  const isCutOff = await output.ended.then(
    () => router.end(),
    // A line over every limit: no further output can be trusted.
    (error: Error) => {
      destination.hasFailed = true;
      fail(destination, error.message, 'system_error');
      return false;
    },
  );
  destination.close();
  const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
  if (exit === 'late') {
    fail(destination, 'The destination closed its output and did not end; it was ended.', 'system_error');
    return undefined;
  }
  if (isCutOff) addWarning(record, 'The output of the destination ends in the middle of a message.');
  return exit;
}

/** A destination sends no records: only its messages count. */
function routerOf(destination: Destination): Router {
  const { logContext } = destination;
  return createRouter([], {
    records: () => undefined,
    stray: () => undefined,
    text: (line) => logContext.log.write(logContext.channels.printed, `${line}\n`),
    broken: () => undefined,
    message: (line) => takeMessage(destination, line),
  });
}

function takeMessage(destination: Destination, line: Buffer): void {
  const { handler, logContext } = destination;
  if (isLongLog(line, handler.log)) return;
  const text = line.toString('utf8');
  const message = parseMessage(text);
  if (message?.type === 'STATE') {
    handler.state(message.state, topLevelText(line, 'state') ?? '{}');
    return;
  }
  noteMessage(message, text, logContext);
  if (message?.type !== 'TRACE_ERROR') return;
  destination.hasFailed = true;
  destination.close();
}

function isStuck(destination: Destination, heldBack: boolean): boolean {
  const { handler, feed, received, lastActivity } = destination;
  if (destination.isStuck) return true;
  const activity = `${received} ${feed.taken()}`;
  // A destination that waits for the source is not silent.
  const isIdle = activity === lastActivity && (heldBack || feed.ended());
  destination.idleMs = isIdle ? destination.idleMs + TICK_MS : 0;
  destination.lastActivity = activity;
  if (destination.idleMs <= handler.silenceMs) return false;
  const what = feed.ended() ? 'did not end' : 'took no more records';
  const message = `The destination ${what} and sent nothing for ${durationText(handler.silenceMs / 1000)}, and was ended. What it has confirmed is kept.`;
  fail(destination, message, 'transient_error');
  handler.log.note(message);
  destination.isStuck = true;
  destination.close();
  return true;
}
