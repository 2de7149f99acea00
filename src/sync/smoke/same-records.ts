/** Compares the records read back with those sent, field by field, by value. */
import { findName } from '../../cache/index.ts';
import { count } from '../../count.ts';
import { skipSpace, walkObject } from '../../protocol/index.ts';
import { spelling } from '../deliver/same-state.ts';

const MAX_DIFFERENCES = 5;
const MAX_VALUE_LENGTH = 60;
/** Columns that destinations add. */
const OWN_COLUMN = /^_(airbyte|ab)_/;

type Row = ReadonlyMap<string, string>;

/** @param expected, found: texts of JSON objects. @returns descriptions of the differences; empty if everything matches */
export function differences(expected: readonly string[], found: readonly string[]): string[] {
  const reported: string[] = [];
  if (expected.length !== found.length) {
    reported.push(`${count(found.length, 'record')} found, not ${expected.length.toLocaleString('en-US')}`);
  }
  const waiting = new Map<string, Row[]>();
  for (const text of found) {
    const row = rowOf(text);
    const key = keyOf(row);
    waiting.set(key, [...(waiting.get(key) ?? []), row]);
  }
  for (const text of expected) {
    if (reported.length >= MAX_DIFFERENCES) break;
    const sent = rowOf(text);
    const candidates = waiting.get(keyOf(sent)) ?? [];
    const compared = candidates.map((row) => ({ row, problems: rowProblems(sent, row) }));
    const best = compared.sort((one, other) => one.problems.length - other.problems.length)[0];
    if (!best) {
      if (expected.length === found.length) reported.push(`the record ${cut(text)} is not there`);
      continue;
    }
    candidates.splice(candidates.indexOf(best.row), 1);
    reported.push(...best.problems);
  }
  return reported.slice(0, MAX_DIFFERENCES);
}

function rowProblems(sent: Row, found: Row): string[] {
  const names = [...found.keys()].filter((name) => !OWN_COLUMN.test(name));
  return [...sent].flatMap(([name, value]) => {
    const own = found.has(name) ? name : findName(name, names);
    const there = own === undefined ? 'null' : (found.get(own) ?? 'null');
    return isSame(value, there) ? [] : [`${JSON.stringify(cut(name))}: ${cut(value)} became ${cut(there)}`];
  });
}

/** The members of an object as texts. */
function rowOf(text: string): Row {
  const bytes = Buffer.from(text, 'utf8');
  const row = new Map<string, string>();
  walkObject(bytes, skipSpace(bytes, 0, bytes.length), bytes.length, (key, start, end) => {
    row.set(key, bytes.toString('utf8', start, end));
  });
  return row;
}

function keyOf(row: Row): string {
  const id = row.get('id') ?? [...row].find(([name]) => name.toLowerCase() === 'id')?.[1] ?? '';
  return unquoted(id);
}

/** Whether two texts hold the same value in any stored form: numbers and objects as text, times in another zone. */
function isSame(sent: string, found: string): boolean {
  const [one, other] = [spelling(sent, 'digits'), spelling(found, 'digits')];
  if (one === other) return true;
  const [text, otherText] = [unquoted(sent), unquoted(found)];
  if (sent === 'null') return otherText === '';
  // A text column holds a number, an object or a list as it was written.
  if (spelling(text, 'digits') === spelling(otherText, 'digits')) return true;
  const [moment, otherMoment] = [momentOf(text), momentOf(otherText)];
  if (moment !== undefined && moment === otherMoment) return true;
  return /^\d\d:\d\d:\d\d$/.test(text) && otherText.startsWith(text);
}

/** Milliseconds; a time without a zone counts as UTC. */
function momentOf(text: string): number | undefined {
  const [, day, time, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  const parsed = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function cut(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
