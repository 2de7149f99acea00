/** A sync's log: everything is redacted before it is written, also secrets that are spread over neighbouring lines. */
import { type FileHandle, open } from 'node:fs/promises';
import { createTracebackFilter } from '../protocol/index.ts';
import type { RedactionStream, Redactor } from '../secrets/index.ts';

/** Who writes a line. Each channel is redacted as one text, so that a secret is found across lines of other channels. */
export type LogChannel =
  | 'connector'
  | 'stdout'
  | 'stderr'
  | 'destination'
  | 'destination stdout'
  | 'destination stderr';

export interface SyncLog {
  /** A text that the connector printed, with its line breaks; pieces of lines are joined. */
  write(channel: LogChannel, text: string): void;
  /** A message from Sluice. */
  note(text: string): void;
  flush(): Promise<void>;
  /** Writes what was held back, and closes the file. */
  close(): Promise<void>;
}

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_BUFFERED = 1024 * 1024;
const MAX_LINE_LENGTH = 64 * 1024;
/** How long the end of a text waits for more of it before it is written. */
const HELD_MS = 1_000;

export async function openSyncLog(path: string, redactor: Redactor): Promise<SyncLog> {
  const file: FileHandle = await open(path, 'ax', 0o600);
  const redactions = new Map<LogChannel, RedactionStream>();
  const partial = new Map<LogChannel, string>();
  let buffered: string[] = [];
  let bufferedLength = 0;
  let written = 0;
  let full = false;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const put = (text: string): void => {
    if (full || text === '') return;
    written += Buffer.byteLength(text);
    if (written > MAX_BYTES) {
      full = true;
      buffered.push('\n[the log is full: what follows is left out]\n');
      return;
    }
    buffered.push(text);
    bufferedLength += text.length;
    if (bufferedLength > MAX_BUFFERED) void flush();
  };
  const stamp = (): string => new Date().toISOString();
  /** Redacted pieces begin and end anywhere; only complete lines are written, so that channels do not mix in one. */
  const putRedacted = (channel: LogChannel, pieces: readonly string[]): void => {
    const lines = ((partial.get(channel) ?? '') + pieces.join('')).split('\n');
    const rest = lines.pop() ?? '';
    partial.set(channel, rest.length > MAX_LINE_LENGTH ? '' : rest);
    if (rest.length > MAX_LINE_LENGTH) lines.push(rest);
    for (const line of lines) if (line.trim() !== '') put(`${stamp()} ${channel}: ${line}\n`);
  };
  const writeHeld = (): void => {
    timer = undefined;
    // An incomplete line keeps waiting: the rest of a secret may follow.
    for (const [channel, redaction] of redactions) putRedacted(channel, redaction.flushLines());
  };
  const flush = (): Promise<void> => {
    const text = buffered.join('');
    buffered = [];
    bufferedLength = 0;
    // A log that cannot be written must not end the sync.
    if (text !== '') writing = writing.then(() => file.appendFile(text)).catch(() => undefined);
    return writing;
  };

  return {
    write(channel, text) {
      if (full) return;
      const redaction = redactions.get(channel) ?? redactor.stream('connector');
      redactions.set(channel, redaction);
      putRedacted(channel, redaction.push(text));
      timer ??= setTimeout(writeHeld, HELD_MS).unref();
    },
    note(text) {
      put(`${stamp()} sluice: ${redactor.redact(text, 'text')}\n`);
    },
    flush,
    async close() {
      clearTimeout(timer);
      for (const [channel, redaction] of redactions) {
        putRedacted(channel, [...redaction.end(), '\n']);
      }
      await flush();
      await file.close();
    },
  };
}

/** The last informative lines of a log file, without the frames of tracebacks; none if there is no file. */
export async function lastLines(path: string, lines: number, redactor: Redactor): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, Math.max(256 * 1024, lines * 1024));
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    const all = buffer.toString('utf8').split('\n');
    if (length < size) all.shift();
    const shown = withoutFrames(all.filter((line) => line !== ''));
    return redactedByChannel(shown, redactor).slice(-lines);
  } finally {
    await file.close();
  }
}

/** Redacts the lines of each channel again as one text: lines written with a pause may each hold part of a secret. */
function redactedByChannel(lines: readonly string[], redactor: Redactor): string[] {
  const split = lines.map((line) => /^(\S+ ([a-z]+(?: [a-z]+)?): )(.*)$/.exec(line) ?? ['', '', '', line]);
  const result = [...lines];
  for (const channel of new Set(split.map(([, , name]) => name))) {
    const places = split.flatMap(([, , name], index) => (name === channel ? [index] : []));
    const texts = redactor.redactAll(
      places.map((index) => split[index]?.[3] ?? ''),
      'connector',
    );
    for (const [at, index] of places.entries()) result[index] = `${split[index]?.[1] ?? ''}${texts[at] ?? ''}`;
  }
  return result;
}

/** Lines of the channels are mixed. */
function withoutFrames(lines: readonly string[]): string[] {
  const filters = new Map<string, (line: string) => string | undefined>();
  return lines.flatMap((line) => {
    const [, head = '', channel = '', text = line] = /^(\S+ ([a-z]+(?: [a-z]+)?): )(.*)$/.exec(line) ?? [];
    const keep = filters.get(channel) ?? createTracebackFilter();
    filters.set(channel, keep);
    const kept = keep(text);
    return kept === undefined ? [] : [`${head}${kept}`];
  });
}
