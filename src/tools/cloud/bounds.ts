/** Bounds large values in an answer: shows what fits and reports the rest. */
import type { JsonValue } from '../../protocol/index.ts';
import { type Redactor, redactBeginning } from '../../secrets/index.ts';

const MAX_CHARACTERS = 30_000;

/** The value if it is small enough, else the beginning of its JSON. */
export function boundedJson(
  value: JsonValue,
  redactor: Redactor,
  most = MAX_CHARACTERS,
): { shown: unknown; text: string; cut?: string } {
  // A list is read by rows.
  const text = Array.isArray(value)
    ? value.map((item) => JSON.stringify(item)).join('\n')
    : JSON.stringify(value, null, 1);
  if (text.length <= most) return { shown: value, text };
  // Redacted before it is cut: half a secret would not be recognised.
  const beginning = redactBeginning(text, { redactor, level: 'data', shown: most }).text;
  const [has, all] = [beginning.length, text.length].map((number) => number.toLocaleString('en-US'));
  return { shown: beginning, text: `${beginning}…`, cut: `${has} of ${all} characters are shown` };
}

/** ISO 8601; undefined for a time that no calendar has. */
export function isoDate(milliseconds: number | undefined): string | undefined {
  const date = new Date(milliseconds ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** A name of a person's or a server's own choice, in one line and short enough for a list. */
export function shortName(name: string): string {
  const line = name.replace(/\s+/g, ' ');
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
