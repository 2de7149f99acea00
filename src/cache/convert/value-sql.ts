/** From a field's text to a column's value, and what is lost on the way. */
import type { Column, ColumnType } from '../load/types.ts';
import { carefulTime, DATE_ALONE, PLAIN_TIME } from './time-sql.ts';

/**
 * The value of a column, from the text in the column `raw`.
 * @param careful NULL where the text does not fit; else an error
 */
export function castTo(column: Column, raw: string, careful: boolean): string {
  const { type, widenedFrom } = column;
  if (type === 'VARCHAR' && widenedFrom) return narrowText(widenedFrom, raw);
  if (type === 'VARCHAR' || type === 'JSON') return raw;
  if (careful) return fitted(type, raw);
  const value = `CAST(${raw} AS ${type})`;
  const suspect = suspectBy(column, value, raw);
  return suspect ? `CASE WHEN ${suspect} THEN error('not as it is') ELSE ${value} END` : value;
}

/** A column that had to become text holds what its own type holds just so as that type is written, and all else as sent. */
function narrowText(type: ColumnType, raw: string): string {
  const value = fitted(type, raw);
  const cut = cutBy({ type, exact: true }, value, raw);
  const text = textOf(type, value);
  return `coalesce(${cut ? `CASE WHEN NOT coalesce(${cut}, true) THEN ${text} END` : text}, ${raw})`;
}

/** The text of a value in a column that becomes VARCHAR; whole doubles are written as the integers that they are. */
export function textOf(type: ColumnType, value: string): string {
  const text = `CAST(${value} AS VARCHAR)`;
  if (type !== 'DOUBLE') return text;
  const whole = `${value} = floor(${value}) AND abs(${value}) < 9223372036854774784`;
  return `CASE WHEN ${whole} THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE ${text} END`;
}

/** The value, or NULL where the text does not fit. */
function fitted(type: ColumnType, raw: string): string {
  switch (type) {
    case 'BIGINT':
    case 'HUGEINT': {
      // The cast alone would round 12.5; a double would round a fraction away that stands behind many digits.
      const double = `(${hasExponent(raw)}) AND try_cast(${raw} AS DOUBLE) = floor(try_cast(${raw} AS DOUBLE))`;
      const whole = `regexp_full_match(${raw}, '[^.eE]*[.]0*') OR (${double})`;
      return `CASE WHEN ${maybeFraction(raw)} THEN CASE WHEN ${whole} THEN try_cast(${raw} AS ${type}) END ELSE try_cast(${raw} AS ${type}) END`;
    }
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMPTZ':
      return carefulTime(type, raw);
    default:
      return `try_cast(${raw} AS ${type})`;
  }
}

function hasExponent(raw: string): string {
  return `contains(${raw}, 'e') OR contains(${raw}, 'E')`;
}

/** What has a fraction or an exponent must be looked at before it is taken for an integer. */
function maybeFraction(raw: string): string {
  return `contains(${raw}, '.') OR ${hasExponent(raw)}`;
}

/** Where the cast alone may do something else than the careful one; all that is usual is passed at once. */
function suspectBy(column: Pick<Column, 'type' | 'exact'>, value: string, raw: string): string | undefined {
  const cut = cutBy(column, value, raw);
  switch (column.type) {
    case 'BIGINT':
    case 'HUGEINT':
      return [maybeFraction(raw), ...(cut ? [cut] : [])].join(' OR ');
    // The database takes an era for nothing, and what stands behind a time too.
    case 'DATE':
      return `(${longDate(raw)} AND contains(${raw}, 'BC')) OR ${cut}`;
    case 'TIME':
      return `NOT regexp_full_match(${raw}, '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,6}0*)?)?Z?')`;
    // After a time with the name of a zone the database reads times without one in that zone.
    case 'TIMESTAMPTZ':
      return `contains(substr(${raw}, 12), ' ') OR ${nanoseconds(raw)}`;
    default:
      return cut;
  }
}

/**
 * Where a part of the value is lost though the cast succeeds: a date with a time, a time with an offset, more than
 * microseconds, a number that no double is. In an exact column also what several texts have become one value.
 */
function cutBy({ type, exact }: Pick<Column, 'type' | 'exact'>, value: string, raw: string): string | undefined {
  switch (type) {
    case 'DATE': {
      const time = `coalesce(try_cast(${raw} AS TIMESTAMP) <> try_cast(${value} AS TIMESTAMP), true)`;
      return `(${longDate(raw)} AND NOT regexp_full_match(${raw}, '${DATE_ALONE}') AND ${time})`;
    }
    case 'TIME':
      return `NOT regexp_full_match(${raw}, '${PLAIN_TIME}')`;
    case 'TIMESTAMPTZ':
      return `(contains(${raw}, ':60') OR ${nanoseconds(raw)})`;
    case 'DOUBLE': {
      const digits = `length(${raw}) > 15 AND NOT contains(${raw}, '.')`;
      const rounded = `coalesce(try_cast(${raw} AS HUGEINT) <> try_cast(${value} AS HUGEINT), true)`;
      const cut = `(isinf(${value}) AND NOT contains(lower(${raw}), 'inf')) OR (${digits} AND ${rounded})`;
      if (!exact) return `(${cut})`;
      const long = `length(${raw}) > 16 AND contains(${raw}, '.') AND NOT (${hasExponent(raw)})`;
      const shorter = `CAST(${value} AS VARCHAR) <> regexp_replace(${raw}, '([.][0-9]*[1-9])0+$', '\\1')`;
      return `(${cut} OR (${long} AND ${shorter}) OR ${oddNumber(raw)})`;
    }
    case 'BIGINT':
    case 'HUGEINT':
      return exact ? oddNumber(raw) : undefined;
    case 'BOOLEAN':
      return exact ? `(${raw} NOT IN ('true', 'false'))` : undefined;
    default:
      return undefined;
  }
}

/** "007" and "7" are one number and two keys. */
function oddNumber(raw: string): string {
  const plain = `regexp_full_match(${raw}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity')`;
  return `(contains(${raw}, ' ') OR contains(${raw}, '_') OR (${raw} < '1' AND length(${raw}) > 1 AND NOT ${plain}))`;
}

/** Not just YYYY-MM-DD. */
function longDate(raw: string): string {
  return `(length(${raw}) <> 10 OR substr(${raw}, 8, 1) <> '-')`;
}

/** In the usual form the seventh digit of the fraction is the 27th character. */
function nanoseconds(raw: string): string {
  const place = `substr(${raw}, 27, 1) BETWEEN '0' AND '9' OR substr(${raw}, 14, 1) <> ':'`;
  return `(length(${raw}) > 23 AND (${place}) AND regexp_matches(${raw}, '[.,][0-9]{6}[0-9]*[1-9]'))`;
}

/** What of a text is not in its value, both as expressions: what became NULL, and where a part is lost. */
export function misfit(
  column: Column,
  value: string,
  raw: string,
): { readonly nulled: string; readonly cut: string | undefined } {
  return { nulled: `(${value} IS NULL AND ${raw} IS NOT NULL)`, cut: cutBy(column, value, raw) };
}
