/** Dates and times in every valid form, for the tolerant reading. */
import type { ColumnType } from '../load/types.ts';

const DAY = '-?[0-9]+[-/][0-9]{1,2}[-/][0-9]{1,2}';
const OFFSET = '[+-][0-9]{2}(?::?[0-9]{2}(?::[0-9]{2})?)?';
/** Parts d, t, s, f and z: RFC 3339 in either case, ISO 8601 without seconds, with a blank before the offset. */
const INSTANT = `^ *(${DAY})(?:[Tt ] *([0-9]{1,2}:[0-9]{1,2})(?:(:[0-9]{1,2})([.,][0-9]+)?)? *([Zz]|${OFFSET})?)? *$`;
/** Parts h, m, s, f, a and z. */
const TIME = `^ *([0-9]{1,2})(:[0-9]{1,2})(?:(:[0-9]{1,2})([.,][0-9]+)?)? *([AaPp][Mm])? *([Zz]|${OFFSET})? *$`;

/** A date without a time, so that nothing is lost. */
export const DATE_ALONE = ` *${DAY}(?: *[(]?(?:BC|AD)[)]?)? *|-?infinity|epoch`;
/** A time of a day that loses nothing: no offset, no leap second, no more than microseconds. */
export const PLAIN_TIME = ' *[0-9]{1,2}:[0-9]{1,2}(?::[0-5]?[0-9](?:[.,][0-9]{1,6}0*)?)? *(?:[AaPp][Mm])? *[Zz]? *';

/** NULL if the text does not match. */
export function carefulTime(type: Extract<ColumnType, 'DATE' | 'TIME' | 'TIMESTAMPTZ'>, raw: string): string {
  if (type === 'DATE') {
    const before = `try_cast(regexp_extract(${raw}, '${DAY}') || ' (BC)' AS DATE)`;
    return `CASE WHEN contains(${raw}, 'BC') THEN ${before} ELSE try_cast(${raw} AS DATE) END`;
  }
  return type === 'TIME' ? timeOfDay(raw) : instant(raw);
}

function timeOfDay(raw: string): string {
  const hour = 'try_cast(p.h AS INTEGER)';
  const half = `CASE WHEN ${hour} BETWEEN 1 AND 12 THEN ${hour} % 12 + CASE WHEN lower(p.a) = 'pm' THEN 12 ELSE 0 END END`;
  const text = `CASE WHEN p.a = '' THEN p.h ELSE CAST(${half} AS VARCHAR) END || p.m || ${seconds} || replace(p.f, ',', '.')`;
  const parts = `regexp_extract(${raw}, '${TIME}', ['h', 'm', 's', 'f', 'a', 'z'])`;
  return `list_transform([${parts}], lambda p: ${withLeap(`try_cast(${text} AS TIME)`)})[1]`;
}

/**
 * Every text that is cast has a zone, because a named zone in one row stays in effect for the
 * rows after it.
 */
function instant(raw: string): string {
  const time = `CASE WHEN p.t = '' THEN '00:00' ELSE p.t END`;
  const zone = `CASE WHEN p.z = '' THEN 'Z' ELSE upper(p.z) END`;
  const text = `p.d || ' ' || ${time} || ${seconds} || replace(p.f, ',', '.') || ${zone}`;
  const parts = `regexp_extract(${raw}, '${INSTANT}', ['d', 't', 's', 'f', 'z'])`;
  const usual = `list_transform([${parts}], lambda p: ${withLeap(`try_cast(${text} AS TIMESTAMPTZ)`)})[1]`;
  const before = `try_cast(regexp_replace(${raw}, '^ *(${DAY})(.*?) *BC *$', '\\1 (BC)\\2') AS TIMESTAMPTZ)`;
  return `CASE WHEN regexp_full_match(${raw}, '${INSTANT}') THEN ${usual}
    WHEN regexp_full_match(${raw}, '.*[0-9] BC *') THEN ${before}
    WHEN regexp_full_match(${raw}, '${DAY}[Tt ].* [A-Za-z].*') THEN try_cast(${raw} AS TIMESTAMPTZ)
    ELSE try_cast(trim(${raw}) AS TIMESTAMPTZ) END`;
}

const seconds = `CASE p.s WHEN '' THEN ':00' WHEN ':60' THEN ':59' ELSE p.s END`;

/** The leap second. */
function withLeap(value: string): string {
  return `CASE WHEN p.s = ':60' THEN ${value} + INTERVAL 1 SECOND ELSE ${value} END`;
}
