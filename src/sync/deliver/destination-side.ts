/** A running destination: what it is fed, what it returns, and how it ends. */
import type { DestinationRun, Exit } from '../../connectors/index.ts';
import { type JsonObject, parseMessage } from '../../protocol/index.ts';
import { readChunks } from '../chunks.ts';
import { type Clock, TICK_MS } from '../clock.ts';
import { isLongLog, type LogContext, noteWords } from '../connector-messages.ts';
import { createRouter, topLevelText } from '../router/index.ts';
import { durationText, EXIT_MS } from '../silence.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, addWarning, type SyncRecord } from '../sync-record.ts';
import { createFeed, type Feed } from './feed.ts';

export interface DestinationSide {
  readonly feed: Feed;
  /** Settles when the destination has ended, or has closed its output and does not end: then without an exit. */
  readonly over: Promise<Exit | undefined>;
  /** Settles as soon as it takes nothing any more: it has ended, has closed its input, or has said that it failed. */
  readonly gone: Promise<void>;
  readonly isGone: () => boolean;
  /** Whether it has said that it failed. */
  readonly failed: () => boolean;
  /** Call it each tick; once it was true it stays so. @returns whether the destination has done nothing for longer than it may */
  isStuck(heldBack: boolean): boolean;
}

export interface DestinationHandler {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly runOf: LogContext['runOf'];
  readonly keepUpdate?: LogContext['keepUpdate'];
  /** How long it may neither take nor say anything. */
  readonly silenceMs: number;
  /** A STATE message came back; `text` is its `state` as it was printed. */
  state(state: JsonObject, text: string): void;
}

export function openDestination(run: DestinationRun, handler: DestinationHandler, clock: Clock): DestinationSide {
  const { record, log, runOf, keepUpdate } = handler;
  const channels = { said: 'destination', printed: 'destination stdout' } as const;
  const logContext: LogContext = { record, log, channels, from: 'destination', runOf, keepUpdate };
  const feed = createFeed(run.stdin);
  let failed = false;
  let isGone = false;
  let leave: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    leave = () => {
      isGone = true;
      resolve();
    };
  });
  void feed.closed.then(leave);
  let received = 0;
  const router = createRouter([], {
    records: () => undefined,
    stray: () => undefined,
    text: (line) => log.write(logContext.channels.printed, `${line}\n`),
    broken: () => undefined,
    message(line) {
      if (isLongLog(line, log)) return;
      const text = line.toString('utf8');
      const message = parseMessage(text);
      if (message?.type === 'STATE') {
        handler.state(message.state, topLevelText(line, 'state') ?? '{}');
        return;
      }
      noteWords(message, text, logContext);
      if (message?.type !== 'TRACE_ERROR') return;
      failed = true;
      leave();
    },
  });
  run.onStderr((text) => {
    received += 1;
    log.write('destination stderr', text);
  });
  const output = readChunks(run.stdout, (chunk) => {
    received += 1;
    router.push(chunk);
    return undefined;
  });
  const outputEnd = output.ended.then(
    () => router.end(),
    // A line beyond all bounds: nothing that it says can be believed any more.
    (error: Error) => {
      failed = true;
      leave();
      addError(record, { message: error.message, failure_type: 'system_error', from: 'destination' });
      return false;
    },
  );
  const over = outputEnd.then(async (cutOff) => {
    leave();
    const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
    if (exit !== 'late') {
      if (cutOff) addWarning(record, 'The output of the destination ends in the middle of a message.');
      return exit;
    }
    addError(record, {
      message: 'The destination closed its output and did not end; it was ended.',
      failure_type: 'system_error',
      from: 'destination',
    });
    return undefined;
  });
  let idleMs = 0;
  let stuck = false;
  let before = '';
  return {
    feed,
    over,
    gone,
    isGone: () => isGone,
    failed: () => failed,
    isStuck(heldBack) {
      if (stuck) return true;
      const now = `${received} ${feed.taken()}`;
      // One that waits for the source has nothing to do.
      idleMs = now === before && (heldBack || feed.ended()) ? idleMs + TICK_MS : 0;
      before = now;
      if (idleMs <= handler.silenceMs) return false;
      const what = feed.ended() ? 'did not end' : 'took no more records';
      const message = `The destination ${what} and said nothing for ${durationText(handler.silenceMs / 1000)}, and was ended. What it has confirmed is kept.`;
      addError(record, { message, failure_type: 'transient_error', from: 'destination' });
      log.note(message);
      stuck = true;
      leave();
      return true;
    },
  };
}
