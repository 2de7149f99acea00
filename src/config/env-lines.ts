/** The lines of an env file as names and values: what `dotenv` would misread in silence is told here instead. */
import { parse } from 'dotenv';
import type { Problem } from '../errors.ts';
import { blockEnd, looksLikeJson, opensPem } from './env-blocks.ts';

export interface EnvLines {
  readonly values: Map<string, string>;
  readonly problems: Problem[];
  readonly warnings: string[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([^\s=:'"#]+)(?:\s*=|:(?=\s))[^\S\n]*(.*)$/;
const NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME = 64;
/** Surely the start of another entry: a line of base64 has nothing after its `=`. */
const SURE_ENTRY = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*[^=\s]/;
const QUOTED = {
  "'": /'(?:\\'|[^'])*'[^\S\n]*(?:#.*)?$/my,
  '"': /"(?:\\"|[^"])*"[^\S\n]*(?:#.*)?$/my,
  '`': /`(?:\\`|[^`])*`[^\S\n]*(?:#.*)?$/my,
};
const QUOTE_IT = "Put the whole value in single quotes: NAME='…'.";

/** Reads text that is already decoded; `path` is for the messages. */
export function readEnvLines(path: string, text: string): EnvLines {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const result: EnvLines = { values: new Map(), problems: [], warnings: [] };
  const firstLine = new Map<string, number>();
  let index = 0;
  let afterJunk = false;
  while (index < lines.length) {
    const entry = readEntry(lines, index, afterJunk);
    const at = `${path}:${index + 1}`;
    if (entry.problem) result.problems.push({ path: at, ...entry.problem });
    if (entry.warning) result.warnings.push(`${at}: ${entry.warning}`);
    if (entry.name !== undefined && entry.value !== undefined) {
      const earlier = firstLine.get(entry.name);
      if (earlier !== undefined) {
        result.warnings.push(`${at}: ${entry.name} stands on line ${earlier} already; this last one counts.`);
      }
      firstLine.set(entry.name, index + 1);
      // Set anew, so that the order is that of the lines that count.
      result.values.delete(entry.name);
      result.values.set(entry.name, entry.value);
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
  /** The line was no entry: a part of a key may follow. */
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

/** A tail of base64 reads like a name with nothing, or only `=`, behind it. */
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
      fix: `Write NAME=value, or begin the line with #. A value that spans lines stands in single quotes: NAME='…'.`,
    },
  };
}

function isContinuation(line: string): boolean {
  return !/^\s*(#|$)/.test(line) && !SURE_ENTRY.test(line) && !opensPem(line);
}

function readValue(lines: readonly string[], index: number, name: string | undefined, value: string): Entry {
  const quote = value[0];
  if (quote === "'" || quote === '"' || quote === '`') return readQuoted(lines, index, name, value, quote);
  if (opensPem(value) && !/-----END /.test(value)) return unquotedBlock(lines, index, name, 'a PEM block');
  if (/^[{[]/.test(value) && blockEnd(value) === undefined) return unquotedBlock(lines, index, name, 'JSON');
  const whole = lines[index] ?? '';
  const cut = value.includes('#');
  const written = opensPem(value) && value.includes('\\n');
  const label = name ?? 'the entry';
  const warning = cut
    ? `the value of ${label} ends before the #; where the # belongs to it, put the whole value in single quotes.`
    : written
      ? `${label} has \\n written out; put the value in double quotes, so that they become line breaks.`
      : undefined;
  return { next: index + 1, ...parsed(name, whole), ...(warning ? { warning } : {}) };
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
  const match = pattern.exec(rest)?.[0];
  if (match === undefined) {
    // A closing quote with text behind it on the same line: dotenv takes the line as it stands.
    if (value.indexOf(quote, 1) > 0 && !opensPem(value)) {
      const warning = `there is text behind the closing quote of ${name ?? 'the entry'}, so the quotes count as part of the value.`;
      return { next: index + 1, ...parsed(name, lines[index] ?? ''), warning };
    }
    return unclosedQuote(lines, index, name, value);
  }
  const count = match.split('\n').length;
  const source = lines.slice(index, index + count);
  const holdsEntry = source.slice(1).some((line) => SURE_ENTRY.test(line) && !/^\s*["'{[]/.test(line));
  const warning = holdsEntry
    ? `the quoted value of ${name ?? 'the entry'} ends on line ${index + count} and has lines in it that look like NAME=value: check its closing quote.`
    : undefined;
  return { next: index + count, ...parsed(name, source.join('\n')), ...(warning ? { warning } : {}) };
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
  // An end that was not found: what follows may still be a part of it.
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

function parsed(name: string | undefined, source: string): { name?: string; value?: string } {
  if (name === undefined) return {};
  return { name, value: parse(source)[name] ?? '' };
}

function lineRange(from: number, next: number): string {
  return next - from > 1 ? `Lines ${from + 1} to ${next}` : `Line ${from + 1}`;
}
