/** Lines of an attempt's log: the last ones, or those from an offset. */
import { type Redactor, redactQuoted } from '../../../secrets/index.ts';

const MAX_CHARACTERS = 30_000;
const MAX_LINE_LENGTH = 2_000;
/** A secret that is spread over lines, such as a key, is known by its neighbours. */
const NEIGHBOURS = 100;

export interface LogPart {
  readonly lines: readonly string[];
  /** Of the first line, counted from 0. */
  readonly offset: number;
  readonly total: number;
}

/**
 * @param offset the first line; undefined for the last lines
 * @param names whose values are hidden where the log quotes a configuration
 */
export function logPart(
  raw: readonly string[],
  asked: { readonly most: number; readonly offset: number | undefined },
  redactor: Redactor,
  names: ReadonlySet<string>,
): LogPart {
  // An entry may be a complete stack trace.
  const all = raw.flatMap((entry) => entry.split(/\r?\n/));
  const start = Math.min(asked.offset ?? Math.max(0, all.length - asked.most), all.length);
  const end = Math.min(start + asked.most, all.length);
  const around = Math.max(0, start - NEIGHBOURS);
  const redacted = redactedLines(all.slice(around, end + NEIGHBOURS), redactor, names).slice(
    start - around,
    end - around,
  );
  const lines = redacted.map((line) => (line.length <= MAX_LINE_LENGTH ? line : cutLine(line)));
  if (asked.offset !== undefined) return { lines: lines.slice(0, fitting(lines)), offset: start, total: all.length };
  const fit = fitting([...lines].reverse());
  return { lines: lines.slice(lines.length - fit), offset: end - fit, total: all.length };
}

function redactedLines(lines: readonly string[], redactor: Redactor, names: ReadonlySet<string>): string[] {
  let inKey = false;
  return redactor.redactAll(lines, 'connector').map((line) => {
    const begins = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(line);
    const ends = /-----END [A-Z0-9 ]*PRIVATE KEY/.test(line);
    const hidden = inKey && !begins;
    if (begins || ends) inKey = begins && !ends;
    return hidden ? '[redacted]' : redactQuoted(line, names);
  });
}

function cutLine(line: string): string {
  return `${line.slice(0, MAX_LINE_LENGTH)}… (${line.length - MAX_LINE_LENGTH} more characters)`;
}

/** How many lines fit; at least one. */
function fitting(lines: readonly string[]): number {
  let size = 0;
  const tooMany = lines.findIndex((line) => {
    size += line.length + 1;
    return size > MAX_CHARACTERS;
  });
  return tooMany < 0 ? lines.length : Math.max(1, tooMany);
}
