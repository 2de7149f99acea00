/** A sync's log: everything is sealed before it is written, what is spread over neighbouring lines too. */
import { type FileHandle, open } from 'node:fs/promises';
import { createTracebackFilter } from '../protocol/index.ts';
import type { Redactor, SealStream } from '../secrets/index.ts';

/** Who says it; each voice is sealed as one stream of text, so that others between its lines hide nothing. */
export type Voice = 'connector' | 'stdout' | 'stderr' | 'destination' | 'destination stdout' | 'destination stderr';

export interface SyncLog {
  /** A text that the connector printed, with its line breaks; pieces of lines are joined. */
  write(voice: Voice, text: string): void;
  /** A sentence of our own. */
  note(text: string): void;
  flush(): Promise<void>;
  /** Writes what was held back, and closes the file. */
  close(): Promise<void>;
}

const MOST_BYTES = 10 * 1024 * 1024;
const MOST_BUFFERED = 1024 * 1024;
const LONGEST_LINE = 64 * 1024;
/** How long the end of a text waits for more of it before it is written. */
const HELD_MS = 1_000;

export async function openSyncLog(path: string, redactor: Redactor): Promise<SyncLog> {
  const file: FileHandle = await open(path, 'ax', 0o600);
  const seals = new Map<Voice, SealStream>();
  const partial = new Map<Voice, string>();
  let buffered: string[] = [];
  let bufferedLength = 0;
  let written = 0;
  let full = false;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const put = (text: string): void => {
    if (full || text === '') return;
    written += Buffer.byteLength(text);
    if (written > MOST_BYTES) {
      full = true;
      buffered.push('\n[the log is full: what follows is left out]\n');
      return;
    }
    buffered.push(text);
    bufferedLength += text.length;
    if (bufferedLength > MOST_BUFFERED) void flush();
  };
  const stamp = (): string => new Date().toISOString();
  /** Sealed pieces begin and end anywhere; only whole lines are written, so that voices do not mix in one. */
  const putSealed = (voice: Voice, pieces: readonly string[]): void => {
    const lines = ((partial.get(voice) ?? '') + pieces.join('')).split('\n');
    const rest = lines.pop() ?? '';
    partial.set(voice, rest.length > LONGEST_LINE ? '' : rest);
    if (rest.length > LONGEST_LINE) lines.push(rest);
    for (const line of lines) if (line.trim() !== '') put(`${stamp()} ${voice}: ${line}\n`);
  };
  const writeHeld = (): void => {
    timer = undefined;
    // A line that is not complete waits on: the rest of a secret may follow.
    for (const [voice, seal] of seals) putSealed(voice, seal.flushLines());
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
    write(voice, text) {
      if (full) return;
      const seal = seals.get(voice) ?? redactor.stream('connector');
      seals.set(voice, seal);
      putSealed(voice, seal.push(text));
      timer ??= setTimeout(writeHeld, HELD_MS).unref();
    },
    note(text) {
      put(`${stamp()} sluice: ${redactor.seal(text, 'text')}\n`);
    },
    flush,
    async close() {
      clearTimeout(timer);
      for (const [voice, seal] of seals) {
        putSealed(voice, [...seal.end(), '\n']);
      }
      await flush();
      await file.close();
    },
  };
}

/** The last lines of a log file that say something, without the frames of tracebacks; none where there is no file. */
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
    return redactedByVoice(shown, redactor).slice(-lines);
  } finally {
    await file.close();
  }
}

/** Lines that were written with a pause between them hold parts of one secret: they are redacted again, side by side. */
function redactedByVoice(lines: readonly string[], redactor: Redactor): string[] {
  const split = lines.map((line) => /^(\S+ ([a-z]+(?: [a-z]+)?): )(.*)$/.exec(line) ?? ['', '', '', line]);
  const result = [...lines];
  for (const voice of new Set(split.map(([, , name]) => name))) {
    const places = split.flatMap(([, , name], index) => (name === voice ? [index] : []));
    const texts = redactor.sealAll(
      places.map((index) => split[index]?.[3] ?? ''),
      'connector',
    );
    for (const [at, index] of places.entries()) result[index] = `${split[index]?.[1] ?? ''}${texts[at] ?? ''}`;
  }
  return result;
}

/** The voices speak between each other's lines. */
function withoutFrames(lines: readonly string[]): string[] {
  const filters = new Map<string, (line: string) => string | undefined>();
  return lines.flatMap((line) => {
    const [, head = '', voice = '', text = line] = /^(\S+ ([a-z]+(?: [a-z]+)?): )(.*)$/.exec(line) ?? [];
    const keep = filters.get(voice) ?? createTracebackFilter();
    filters.set(voice, keep);
    const kept = keep(text);
    return kept === undefined ? [] : [`${head}${kept}`];
  });
}
