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

export async function openSyncLog(path: string, redactor: Redactor): Promise<SyncLog> {
  const file: FileHandle = await open(path, 'ax', 0o600);
  const seals = new Map<Voice, SealStream>();
  const partial = new Map<Voice, string>();
  let buffered: string[] = [];
  let bufferedLength = 0;
  let written = 0;
  let full = false;
  let writing: Promise<void> = Promise.resolve();

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
    },
    note(text) {
      put(`${stamp()} sluice: ${redactor.seal(text, 'text')}\n`);
    },
    flush,
    async close() {
      for (const [voice, seal] of seals) {
        putSealed(voice, [...seal.end(), '\n']);
      }
      await flush();
      await file.close();
    },
  };
}

/** The last lines of a log file that say something, without the frames of tracebacks; none where there is no file. */
export async function lastLines(path: string, lines: number): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, Math.max(256 * 1024, lines * 1024));
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    const all = buffer.toString('utf8').split('\n');
    if (length < size) all.shift();
    return withoutFrames(all.filter((line) => line !== '')).slice(-lines);
  } finally {
    await file.close();
  }
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
