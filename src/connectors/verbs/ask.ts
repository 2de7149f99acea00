/** Asks a connector one question and waits for the one message that answers it. */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, LimitError } from '../../errors.ts';
import {
  type AirbyteMessage,
  type JsonObject,
  linePieces,
  parseMessage,
  type TraceError,
} from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { createLineSplitter } from '../process/line-splitter.ts';
import { createTail, redactedLines, type Tail } from '../process/tail.ts';
import type { Runner, Running, Task } from '../runner.ts';
import type { Exit, Installed } from '../types.ts';
import { connectorFailure } from './connector-failure.ts';

export interface Question<Type extends AirbyteMessage['type']> {
  /** The type of the message that answers it. */
  readonly answer: Type;
  /** Milliseconds the connector has. */
  readonly limitMs: number;
  /** Called with the content of each CONTROL message. */
  readonly onControl?: ((control: JsonObject) => unknown) | undefined;
}

/** Bytes that one line of a connector may have here; a catalog is one line. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;
/** How long a connector may take to end by itself once it has answered, or has closed its output. */
const AFTER_ANSWER_MS = 2000;

/** Characters of its messages that are looked through: most of them may be a traceback, which is left out. */
const BEFORE_TRACEBACKS = 16_000;

interface VerbOutput<Type extends AirbyteMessage['type']> {
  answer?: Extract<AirbyteMessage, { type: Type }>;
  trace?: TraceError;
  /** LOG and TRACE messages, and lines that are not messages, one per piece. */
  readonly log: Tail;
}

/**
 * @throws ConnectorError when the connector ends without an answer; LimitError `connector_timeout`, or the signal's own
 */
export async function ask<Type extends AirbyteMessage['type']>(
  runner: Runner,
  redactor: Redactor,
  task: Task,
  question: Question<Type>,
): Promise<Extract<AirbyteMessage, { type: Type }>> {
  const { installed, verb, signal } = task;
  return runner.run(task, async (running) => {
    const output: VerbOutput<Type> = { log: createTail() };
    const ended = listen(running, question, output);
    const deadline = new AbortController();
    const first = await Promise.race([
      ended,
      aborted(signal),
      sleep(question.limitMs, 'late' as const, { signal: deadline.signal }).catch(() => 'late' as const),
    ]);
    deadline.abort();
    if (first === 'aborted') throw abortError(signal);
    if (first === 'late') throw timeout(task, question.limitMs, redactedLines(output.log, redactor));
    const exit = await Promise.race([running.exit, sleep(AFTER_ANSWER_MS, undefined, { ref: false })]);
    // A connector that was ended from outside did not fail by itself.
    if (signal.aborted) throw abortError(signal);
    if (output.answer) return withReason(output.answer, output, redactor);
    throw failure(installed, verb, output, exit, redactor);
  });
}

/** Settles at the answer or at the end of the output; continues reading, so that nothing holds the connector back. */
function listen<Type extends AirbyteMessage['type']>(
  { stdout }: Running,
  { answer: expected, onControl }: Question<Type>,
  output: VerbOutput<Type>,
): Promise<'answered' | 'ended'> {
  return new Promise((resolve) => {
    const onPart = (line: string): void => {
      if (output.answer || line.trim() === '') return;
      const message = parseMessage(line);
      if (message?.type === expected) {
        output.answer = message as Extract<AirbyteMessage, { type: Type }>;
        resolve('answered');
      } else if (message?.type === 'TRACE_ERROR') {
        output.trace = message.error;
        output.log.push(message.error.message);
      } else if (message?.type === 'LOG') {
        output.log.push(message.stackTrace ? `${message.message}\n${message.stackTrace}` : message.message);
      } else if (message?.type === 'CONTROL') {
        onControl?.(message.control);
      } else if (!message) {
        output.log.push(line);
      }
    };
    const onLine = (line: string): void => {
      for (const part of parseMessage(line) ? [line] : partsOf(line)) onPart(part);
    };
    const splitter = createLineSplitter(MAX_LINE_LENGTH, onLine, (bytes) => {
      output.log.push(`(a line of ${bytes} bytes was left out)`);
    });
    stdout.on('data', (chunk: Buffer) => {
      if (!output.answer) splitter.push(chunk);
    });
    stdout.once('end', () => {
      splitter.end();
      resolve('ended');
    });
    stdout.once('close', () => resolve('ended'));
    stdout.resume();
  });
}

/** The messages inside a line that is not a message itself, and the texts between them. */
function partsOf(line: string): string[] {
  const bytes = Buffer.from(line);
  return linePieces(bytes, 0, bytes.length).map(({ from, to }) => bytes.toString('utf8', from, to));
}

/** A check that failed without a message gets what the connector logged before it. */
function withReason<Answer extends AirbyteMessage>(
  answer: Answer,
  { trace, log }: Pick<VerbOutput<never>, 'trace' | 'log'>,
  redactor: Redactor,
): Answer {
  if (answer.type !== 'CONNECTION_STATUS' || answer.succeeded || answer.message !== '') return answer;
  const logged = trace?.message || redactedLines(log, redactor).trim();
  const reason = logged === '' ? '' : ` Before that it wrote: ${logged.slice(-MAX_LOGGED)}`;
  return { ...answer, message: `The connector refused the configuration and gave no reason. ${LOOK_AT}${reason}` };
}

const LOOK_AT =
  'Check with the user that address, names and credentials are right, and that these credentials may read what is asked for.';
const MAX_LOGGED = 1_200;

function aborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function failure<Type extends AirbyteMessage['type']>(
  installed: Installed,
  verb: string,
  output: VerbOutput<Type>,
  exit: Exit | undefined,
  redactor: Redactor,
): Error {
  const log = redactedLines(output.log, redactor, BEFORE_TRACEBACKS);
  return connectorFailure({ connector: basename(installed.connector), verb, trace: output.trace, log, exit }, redactor);
}

function timeout({ installed, verb }: Task, limitMs: number, log: string): LimitError {
  return new LimitError(
    'connector_timeout',
    `${basename(installed.connector)} did not answer ${verb} within ${limitMs / 1000} seconds and was ended.`,
    'See in the details what it did last; check that the addresses in its configuration can be reached, then call again.',
    { details: { verb, ...(log ? { log_tail: log } : {}) } },
  );
}
