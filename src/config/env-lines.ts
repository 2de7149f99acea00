/** The lines of an env file as names and values, read as python-dotenv reads them, with warnings about what it silently misreads. */
import { parse } from 'dotenv';
import type { Problem } from '../errors.ts';
import { blockEnd, looksLikeJson, opensPem } from './env-blocks.ts';
import { doubleQuoted, type Oddity, oddityOf, singleQuoted, unquoted, warningOf } from './env-quoting.ts';

export interface EnvLines {
  readonly values: Map<string, string>;
  readonly problems: Problem[];
  readonly warnings: string[];
  /** Names with a value that may differ from what was meant, with the reason. */
  readonly oddities: Map<string, Oddity>;
}

const ASSIGNMENT = /^\s*(?:export\s+)?([^\s=:'"#]+)(?:\s*=|:(?=\s))[^\S\n]*(.*)$/;
const NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME = 64;
/** Certainly the start of another entry: a line of base64 has nothing after its `=`. */
const SURE_ENTRY = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*[^=\s]/;
const QUOTED = {
  "'": /'((?:\\'|[^'])*)'[^\S\n]*(?:#.*)?$/my,
  '"': /"((?:\\"|[^"])*)"[^\S\n]*(?:#.*)?$/my,
};
const QUOTE_IT = "Put the entire value in single quotes: NAME='…'.";

/** Reads text that is already decoded; `path` is for the messages. */
export function readEnvLines(path: string, text: string): EnvLines {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const result: EnvLines = { values: new Map(), problems: [], warnings: [], oddities: new Map() };
  const firstLine = new Map<string, number>();
  let index = 0;
  let afterJunk = false;
  while (index < lines.length) {
    const entry = readEntry(lines, index, afterJunk);
    const at = `${path}:${index + 1}`;
    if (entry.problem) result.problems.push({ path: at, ...entry.problem });
    if (entry.warning) result.warnings.push(`${at}: ${entry.warning}`);
    // Trailing blanks are usually an accident, and matter only where the value is rejected.
    if (entry.oddity && entry.oddity !== 'blanks at its end') {
      result.warnings.push(`${at}: ${warningOf(entry.name ?? 'the entry', entry.oddity)}`);
    }
    if (entry.name !== undefined && entry.value !== undefined) {
      const earlier = firstLine.get(entry.name);
      if (earlier !== undefined) {
        result.warnings.push(`${at}: ${entry.name} is already set on line ${earlier}; this last one counts.`);
      }
      firstLine.set(entry.name, index + 1);
      // set again, so that the order is that of the lines that count.
      result.values.delete(entry.name);
      result.values.set(entry.name, entry.value);
      result.oddities.delete(entry.name);
      if (entry.oddity) result.oddities.set(entry.name, entry.oddity);
    }
    afterJunk = entry.junk ?? false;
    index = entry.next;
  }
  return result;
}

interface Entry {
  /** Index of the line after this entry. */
  readonly next: number;
  readonly name?: string;
  readonly value?: string;
  readonly problem?: { readonly message: string; readonly fix: string };
  readonly warning?: string;
  readonly oddity?: Oddity;
  /** The line was not an entry: a part of a key may follow. */
  readonly junk?: boolean;
}

function readEntry(lines: readonly string[], index: number, afterJunk: boolean): Entry {
  const line = lines[index] ?? '';
  if (/^\s*(#|$)/.test(line)) return { next: index + 1 };
  const [, rawName = '', value = ''] = ASSIGNMENT.exec(line) ?? [];
  const junk = rawName === '' || isKeyPart(rawName, value) || (afterJunk && !SURE_ENTRY.test(line));
  if (junk) return opensPem(line) ? unquotedBlock(lines, index, undefined, 'a PEM block') : junkLines(lines, index);
  const name = NAME.test(rawName) && rawName.length <= MAX_NAME ? rawName : undefined;
  const entry = readValue(lines, index, name, line.slice(line.length - value.length));
  if (name !== undefined) return entry;
  const message = `Line ${index + 1} of the env file has a name that cannot be used.`;
  const fix = 'A name begins with a letter or "_", then letters, digits or "_", at most 64 in all.';
  return { next: entry.next, problem: entry.problem ?? { message, fix } };
}

/** The last line of base64 looks like a name followed by nothing, or only by `=`. */
function isKeyPart(name: string, value: string): boolean {
  if (/^=+$/.test(value.trim())) return true;
  return value.trim() === '' && name.length >= 20 && /[a-z]/.test(name) && /[A-Z]/.test(name) && /\d/.test(name);
}

function junkLines(lines: readonly string[], index: number): Entry {
  let next = index + 1;
  while (next < lines.length && isContinuation(lines[next] ?? '')) next += 1;
  const which = lineRange(index, next);
  return {
    next,
    junk: true,
    problem: {
      message: `${which} of the env file ${next - index > 1 ? 'are' : 'is'} neither NAME=value nor a comment, and ${next - index > 1 ? 'were' : 'was'} not read.`,
      fix: `Write NAME=value, or begin the line with #. Put a value that spans lines in single quotes: NAME='…'.`,
    },
  };
}

function isContinuation(line: string): boolean {
  return !/^\s*(#|$)/.test(line) && !SURE_ENTRY.test(line) && !opensPem(line);
}

function readValue(lines: readonly string[], index: number, name: string | undefined, value: string): Entry {
  const quote = value[0];
  if (quote === "'" || quote === '"') return readQuoted(lines, index, name, value, quote);
  if (opensPem(value) && !/-----END /.test(value)) return unquotedBlock(lines, index, name, 'a PEM block');
  if (/^[{[]/.test(value) && blockEnd(value) === undefined) return unquotedBlock(lines, index, name, 'JSON');
  // The text before the value decides whether a # at its beginning is a comment.
  const line = lines[index] ?? '';
  const gap = /\s$/.test(line.slice(0, line.length - value.length)) ? ' ' : '';
  const read = isReadAlike(value) ? (parse(`VALUE=${value}`).VALUE ?? '') : unquoted(`${gap}${value}`);
  return { next: index + 1, ...entryOf(name, read, oddityOf(value, read, 'none')) };
}

/** Whether dotenv reads an unquoted value as python-dotenv does; where they differ, python-dotenv's reading is used. */
function isReadAlike(value: string): boolean {
  return /^(?:(?![#\\`'"])[ -~])*$/.test(value);
}

function readQuoted(
  lines: readonly string[],
  index: number,
  name: string | undefined,
  value: string,
  quote: keyof typeof QUOTED,
): Entry {
  const rest = [value, ...lines.slice(index + 1)].join('\n');
  const pattern = QUOTED[quote];
  pattern.lastIndex = 0;
  const [match, inner = ''] = pattern.exec(rest) ?? [];
  if (match === undefined) {
    // A closing quote followed by text on the same line: dotenv takes the line literally, python-dotenv skips it.
    if (value.indexOf(quote, 1) > 0 && !opensPem(value)) {
      return { next: index + 1, ...entryOf(name, unquoted(value), 'text behind its quote') };
    }
    return unclosedQuote(lines, index, name, value);
  }
  const count = match.split('\n').length;
  const source = lines.slice(index, index + count);
  const holdsEntry = source.slice(1).some((line) => SURE_ENTRY.test(line) && !/^\s*["'{[]/.test(line));
  const warning = holdsEntry
    ? `the quoted value of ${name ?? 'the entry'} ends on line ${index + count} and has lines in it that look like NAME=value: check its closing quote.`
    : undefined;
  const read = quote === "'" ? singleQuoted(inner) : doubleQuoted(inner);
  const oddity = oddityOf(inner, read, quote);
  return { next: index + count, ...entryOf(name, read, oddity), ...(warning ? { warning } : {}) };
}

function unclosedQuote(lines: readonly string[], index: number, name: string | undefined, value: string): Entry {
  const inner = value.slice(1);
  if (opensPem(inner)) return unquotedBlock(lines, index, name, 'a PEM block', 'a quote that is never closed');
  if (looksLikeJson(inner)) return unquotedBlock(lines, index, name, 'JSON', 'a quote that is never closed');
  let next = index + 1;
  while (next < lines.length && isContinuation(lines[next] ?? '')) next += 1;
  const message = `Line ${index + 1} of the env file opens a quote${name ? ` for ${name}` : ''} that is never closed; ${lineRange(index, next).toLowerCase()} ${next - index > 1 ? 'were' : 'was'} not read.`;
  return { next, junk: true, problem: { message, fix: `Close the quote. ${QUOTE_IT}` } };
}

function unquotedBlock(
  lines: readonly string[],
  index: number,
  name: string | undefined,
  what: 'a PEM block' | 'JSON',
  where = 'no quotes',
): Entry {
  const end = what === 'JSON' ? jsonEnd(lines, index) : pemEnd(lines, index);
  // The end was not found: the following lines may still belong to it.
  const junk = end === undefined;
  const next = end ?? (what === 'JSON' && !opensLikeJson(lines, index) ? index + 1 : lines.length);
  const read = next - index > 1 ? 'were' : 'was';
  const message = `Line ${index + 1} of the env file opens ${what}${name ? ` for ${name}` : ''} in ${where}; ${lineRange(index, next).toLowerCase()} ${read} not read.`;
  return { next, junk, problem: { message, fix: `${QUOTE_IT} The quotes may span lines.` } };
}

function pemEnd(lines: readonly string[], index: number): number | undefined {
  const end = lines.findIndex((line, at) => at >= index && /-----END [^-]*-----/.test(line));
  return end < 0 ? undefined : end + 1;
}

function opensLikeJson(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? '';
  return looksLikeJson(line.slice(line.search(/[{[]/)));
}

function jsonEnd(lines: readonly string[], index: number): number | undefined {
  if (!opensLikeJson(lines, index)) return undefined;
  const text = lines.slice(index).join('\n');
  const start = text.search(/[{[]/);
  const end = blockEnd(text.slice(start));
  return end === undefined ? undefined : index + text.slice(0, start + end).split('\n').length;
}

function entryOf(name: string | undefined, value: string, oddity: Oddity | undefined): Partial<Entry> {
  return { ...(name === undefined ? {} : { name, value }), ...(oddity ? { oddity } : {}) };
}

function lineRange(from: number, next: number): string {
  return next - from > 1 ? `Lines ${from + 1} to ${next}` : `Line ${from + 1}`;
}
