/** Parses a value of an env file by its quotes, as python-dotenv does, and finds what may differ from what was meant. */
import { looksLikeJson, opensPem } from './env-blocks.ts';

/** How a value may differ from the intended one; does not reveal the value. */
export type Oddity =
  | 'cut at #'
  | 'blanks at its end'
  | 'text behind its quote'
  | 'typographic quotes'
  | 'backticks'
  | 'line breaks written out'
  | 'broken JSON'
  | 'variable';

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** @param text with the blanks before it: a # after a blank begins a comment, and any other belongs to the value */
export function unquoted(text: string): string {
  return text.replace(/\s+#.*/, '').trim();
}

export function singleQuoted(inner: string): string {
  return inner.replace(/\\([\\'])/g, '$1');
}

export function doubleQuoted(inner: string): string {
  return inner.replace(/\\([\\'"abfnrtv])/g, (_all, character: string) => ESCAPES[character] ?? character);
}

/**
 * @param written the text between its quotes, or without quotes
 * @param value the parsed value
 */
export function oddityOf(written: string, value: string, quotes: "'" | '"' | 'none'): Oddity | undefined {
  const isJson = /^\s*[{[]/.test(value) && looksLikeJson(value);
  if (isJson && !parses(value)) return 'broken JSON';
  if (!isJson && opensPem(value) && value.includes('\\n')) return 'line breaks written out';
  if (/\$\{[^}]*\}/.test(value)) return 'variable';
  if (quotes !== 'none') return undefined;
  if (/\s#/.test(written)) return 'cut at #';
  if (/^[‘’‚‛“”„‟]|[‘’‚‛“”„‟]$/.test(value)) return 'typographic quotes';
  if (/^`|`$/.test(value)) return 'backticks';
  return /\s$/.test(written) ? 'blanks at its end' : undefined;
}

/** The warning for the owner of the file. */
export function warningOf(name: string, oddity: Oddity): string {
  switch (oddity) {
    case 'cut at #':
      return `the value of ${name} ends before the " #"; where the # belongs to it, put the entire value in single quotes.`;
    case 'blanks at its end':
      return `the blanks at the end of the value of ${name} were not read; where they belong to it, put the entire value in single quotes.`;
    case 'text behind its quote':
      return `there is text behind the closing quote of ${name}, so the quotes count as part of the value.`;
    case 'typographic quotes':
      return `the quotes of ${name} are typographic and count as part of the value; write plain single quotes.`;
    case 'backticks':
      return `the backticks of ${name} count as part of the value; write plain single quotes.`;
    case 'line breaks written out':
      return `${name} has \\n written out; put the value in double quotes, so that they become line breaks.`;
    case 'broken JSON':
      return `the value of ${name} looks like JSON but, as quoted, is not valid JSON; put the entire value in single quotes.`;
    case 'variable':
      return `\${…} in the value of ${name} is taken literally; no variable is substituted.`;
  }
}

/** A possible reason why a connector rejects the value, for a reader who does not see the file. */
export function suspicionOf(name: string, oddity: Oddity): string {
  const warning = warningOf(name, oddity);
  return `Perhaps because of how ${name} is written in the env file: ${warning}`;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
