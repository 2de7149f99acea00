/** A source that is read for a destination: its records and states continue as the bytes that they are. */
import type { ConnectorRun, Exit } from '../../connectors/index.ts';
import {
  isObject,
  type JsonObject,
  parseMessage,
  type StreamStatus,
  streamDescriptor,
  withEscapedControls,
} from '../../protocol/index.ts';
import { readChunks } from '../chunks.ts';
import { type Clock, TICK_MS } from '../clock.ts';
import { isLongLog, type LogContext, noteWords } from '../connector-messages.ts';
import { loseRecord } from '../losses.ts';
import { createRouter, topLevelText } from '../router/index.ts';
import { EXIT_MS, START_MS, silenceMessage } from '../silence.ts';
import type { StreamName } from '../stream-keys.ts';
import { addError, addNote } from '../sync-record.ts';
import type { DestinationSide } from './destination-side.ts';

export interface SourceHandler {
  readonly logContext: LogContext;
  /** How long it may say nothing after its first message. */
  readonly silenceMs: number;
  records(stream: number, rows: number, bytes: number): void;
  /** @returns whether the destination is to have it */
  state(state: JsonObject, text: string, stream: StreamName | undefined): boolean;
  /** @returns whether the destination is to have it */
  status(name: string, namespace: string | undefined, status: StreamStatus): boolean;
  /** Whether every stream is whole. */
  readonly isWhole: () => boolean;
  /** Whether it was told to end: what it says last may be cut off. */
  readonly stopped: () => boolean;
}

const LINE_BREAK = Buffer.from('\n');

/**
 * Reads a source to its end, or to the end of the destination.
 * @returns how it ended; undefined where it had to be ended
 */
export async function readSource(
  run: ConnectorRun,
  destination: DestinationSide,
  handler: SourceHandler,
  clock: Clock,
): Promise<Exit | undefined> {
  const { logContext } = handler;
  const { record, log } = logContext;
  const { feed } = destination;
  const router = createRouter(
    record.deliveries.map(({ configured }) => configured.stream),
    {
      records(stream, lines, rows) {
        handler.records(stream, rows, lines.length);
        feed.put(asJson(lines));
      },
      message(line) {
        if (passes(line)) {
          feed.put(line);
          feed.put(LINE_BREAK);
        }
      },
      text: (line) => log.write(logContext.channels.printed, `${line}\n`),
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
  const passes = (line: Buffer): boolean => {
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
    else noteWords(message, text, logContext);
    return false;
  };

  run.onStderr((text) => log.write('stderr', text));
  let silentMs = 0;
  let received = false;
  const chunks = readChunks(run.stdout, (chunk) => {
    silentMs = 0;
    received = true;
    router.push(chunk);
    return feed.flush();
  });
  const gone = destination.gone.then(() => 'gone' as const);
  try {
    for (;;) {
      const got = await Promise.race([chunks.ended, gone, clock.tick()]);
      if (got === 'gone') return undefined;
      if (got !== 'tick') break;
      if (destination.isStuck(chunks.isHeld())) return undefined;
      silentMs = chunks.isHeld() ? 0 : silentMs + TICK_MS;
      if (silentMs > EXIT_MS && handler.isWhole()) {
        log.note('every stream is complete and the source did not end; it was ended');
        return undefined;
      }
      const limit = received ? handler.silenceMs : START_MS;
      if (silentMs <= limit) continue;
      addError(record, { message: silenceMessage(limit), failure_type: 'transient_error', from: 'source' });
      log.note(silenceMessage(limit));
      return undefined;
    }
    if (handler.stopped()) return undefined;
    const cutOff = router.end();
    // What is left continues as the destination takes it: its end is waited for elsewhere.
    void feed.flush();
    const exit = await Promise.race([run.exit, clock.after(EXIT_MS)]);
    if (exit === 'late') {
      const message = 'The source closed its output and did not end; it was ended.';
      addError(record, { message, failure_type: 'system_error', from: 'source' });
      return undefined;
    }
    if (cutOff && exit.code === 0 && !handler.isWhole()) {
      const message = 'The output of the source ends in the middle of a message: it was cut off.';
      addError(record, { message, failure_type: 'system_error', from: 'source' });
    }
    return exit;
  } finally {
    chunks.ended.catch(() => undefined);
    chunks.stop();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f]/;

/** Lines with raw control characters in their strings, as JSON wants them: a destination's parser would drop them. */
function asJson(lines: Buffer): Buffer {
  if (!CONTROL.test(lines.toString('latin1'))) return lines;
  return Buffer.from(lines.toString('utf8').split('\n').map(withEscapedControls).join('\n'), 'utf8');
}
