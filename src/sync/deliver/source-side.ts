/** Reads a source for a destination: its records and states are passed on byte for byte. */
import type { ConnectorRun, Exit } from '../../connectors/index.ts';
import {
  isObject,
  type JsonObject,
  parseMessage,
  type StreamStatus,
  streamDescriptor,
  withEscapedControls,
} from '../../protocol/index.ts';
import type { Clock } from '../clock.ts';
import { isLongLog, type LogContext, noteMessage } from '../connector-messages.ts';
import { loseRecord } from '../losses.ts';
import { createRouter, type Router, topLevelText } from '../router/index.ts';
import { readToEnd } from '../source-reading.ts';
import type { StreamName } from '../stream-keys.ts';
import { addNote } from '../sync-record.ts';
import type { DestinationSide } from './destination-side.ts';
import type { Feed } from './feed.ts';

export interface SourceHandler {
  readonly logContext: LogContext;
  records(stream: number, rows: number, bytes: number): void;
  /** @returns whether the destination gets it */
  state(state: JsonObject, text: string, stream: StreamName | undefined): boolean;
  /** @returns whether the destination gets it */
  status(name: string, namespace: string | undefined, status: StreamStatus): boolean;
  /** Whether every stream is complete. */
  readonly isComplete: () => boolean;
  /** Whether it was asked to stop, so that its last message may be cut off. */
  readonly isStopped: () => boolean;
}

const LINE_BREAK = Buffer.from('\n');

/**
 * Reads a source to its end, or to the end of the destination.
 * @returns how it ended, or undefined if it had to be stopped
 */
export function readSource(
  run: ConnectorRun,
  destination: DestinationSide,
  handler: SourceHandler,
  clock: Clock,
): Promise<Exit | undefined> {
  const { record, log } = handler.logContext;
  const { feed } = destination;
  return readToEnd(run, {
    record,
    log,
    router: routerInto(feed, handler),
    who: 'source',
    from: 'source',
    clock,
    isComplete: handler.isComplete,
    isStopped: handler.isStopped,
    afterChunk: () => feed.flush(),
    onTick: (chunks) => !destination.isStuck(chunks.isHeld()),
    closed: destination.closed,
    // The rest is written as the destination reads it; another step waits for its end.
    afterOutput: () => void feed.flush(),
  });
}

function routerInto(feed: Feed, handler: SourceHandler): Router {
  const { record, log, channels } = handler.logContext;
  return createRouter(
    record.deliveries.map(({ configured }) => configured.stream),
    {
      records(stream, lines, rows) {
        handler.records(stream, rows, lines.length);
        feed.put(withEscapes(lines));
      },
      message(line) {
        if (!passes(line, handler)) return;
        feed.put(line);
        feed.put(LINE_BREAK);
      },
      text: (line) => log.write(channels.printed, `${line}\n`),
      broken: (stream, why) => loseRecord(record, record.deliveries, stream, why),
      stray: (stream) =>
        addNote(
          record,
          `The source sent records of "${stream}", which was not asked for; they do not go to the destination.`,
        ),
    },
    [],
    true,
  );
}

/** Handles a line that is not a record. @returns whether the destination gets it */
function passes(line: Buffer, handler: SourceHandler): boolean {
  const { record, log } = handler.logContext;
  if (isLongLog(line, log)) return false;
  const text = line.toString('utf8');
  const message = parseMessage(text);
  if (message?.type === 'STATE') {
    const { state } = message;
    const own = isObject(state.stream) ? streamDescriptor(state.stream.stream_descriptor) : undefined;
    return handler.state(state, topLevelText(line, 'state') ?? '{}', own);
  }
  if (message?.type === 'TRACE_STATUS') return handler.status(message.name, message.namespace, message.status);
  if (message?.type === 'RECORD') loseRecord(record, record.deliveries, -1);
  else noteMessage(message, text, handler.logContext);
  return false;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f]/;

/** Escapes raw control characters in strings: a destination's parser would drop lines with them. */
function withEscapes(lines: Buffer): Buffer {
  if (!CONTROL.test(lines.toString('latin1'))) return lines;
  return Buffer.from(lines.toString('utf8').split('\n').map(withEscapedControls).join('\n'), 'utf8');
}
