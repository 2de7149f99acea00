/** SQL from a field's text to a column's value, and for what is lost in between. */
import type { Column, ColumnType } from '../load/types.ts';
import { carefulTime, DATE_ALONE, PLAIN_TIME } from './time-sql.ts';

/**
 * The value of a column, from the text in the column `raw`.
 * @param careful whether a text that does not fit becomes NULL; otherwise it is an error
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

/** A column that was widened to text writes values that fit its former type in that type's form, and all others as sent. */
function narrowText(type: ColumnType, raw: string): string {
  const value = fitted(type, raw);
  const cut = cutBy({ type, exact: true }, value, raw);
  const text = textOf(type, value);
  return `coalesce(${cut ? `CASE WHEN NOT coalesce(${cut}, true) THEN ${text} END` : text}, ${raw})`;
}

/** The text of a value in a column that becomes VARCHAR; integral doubles are written as integers. */
export function textOf(type: ColumnType, value: string): string {
  const text = `CAST(${value} AS VARCHAR)`;
  if (type !== 'DOUBLE') return text;
  const isIntegral = `${value} = floor(${value}) AND abs(${value}) < 9223372036854774784`;
  return `CASE WHEN ${isIntegral} THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE ${text} END`;
}

/** The value, or NULL if the text does not fit. */
function fitted(type: ColumnType, raw: string): string {
  switch (type) {
    case 'BIGINT':
    case 'HUGEINT': {
      // The cast alone would round 12.5; via a double, a fraction after many digits would be rounded away.
      const double = `(${hasExponent(raw)}) AND try_cast(${raw} AS DOUBLE) = floor(try_cast(${raw} AS DOUBLE))`;
      const isIntegral = `regexp_full_match(${raw}, '[^.eE]*[.]0*') OR (${double})`;
      return `CASE WHEN ${maybeFraction(raw)} THEN CASE WHEN ${isIntegral} THEN try_cast(${raw} AS ${type}) END ELSE try_cast(${raw} AS ${type}) END`;
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

/** A fraction or an exponent needs a check before the text is cast to an integer. */
function maybeFraction(raw: string): string {
  return `contains(${raw}, '.') OR ${hasExponent(raw)}`;
}

/** Whether the plain cast may differ from the checked one; common forms pass at once. */
function suspectBy(column: Pick<Column, 'type' | 'exact'>, value: string, raw: string): string | undefined {
  const cut = cutBy(column, value, raw);
  switch (column.type) {
    case 'BIGINT':
    case 'HUGEINT':
      return [maybeFraction(raw), ...(cut ? [cut] : [])].join(' OR ');
    // The database ignores an era, and anything after a time.
    case 'DATE':
      return `(${longDate(raw)} AND contains(${raw}, 'BC')) OR ${cut}`;
    case 'TIME':
      return `NOT regexp_full_match(${raw}, '[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,6}0*)?)?Z?')`;
    // After a time with a named zone, the database reads times without a zone in that zone.
    case 'TIMESTAMPTZ':
      return `contains(substr(${raw}, 12), ' ') OR ${nanoseconds(raw)}`;
    default:
      return cut;
  }
}

/**
 * Whether a part of the value is lost although the cast succeeds: a date with a time, a time with an offset, more than
 * microseconds, a number that no double equals. In an exact column, also whether several texts become one value.
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

/** Anything other than YYYY-MM-DD. */
function longDate(raw: string): string {
  return `(length(${raw}) <> 10 OR substr(${raw}, 8, 1) <> '-')`;
}

/** In the common form the seventh digit of the fraction is the 27th character. */
function nanoseconds(raw: string): string {
  const mayExceed = `substr(${raw}, 27, 1) BETWEEN '0' AND '9' OR substr(${raw}, 14, 1) <> ':'`;
  return `(length(${raw}) > 23 AND (${mayExceed}) AND regexp_matches(${raw}, '[.,][0-9]{6}[0-9]*[1-9]'))`;
}

/** Two expressions: whether the text became NULL, and whether a part of it was lost. */
export function misfit(
  column: Column,
  value: string,
  raw: string,
): { readonly nulled: string; readonly cut: string | undefined } {
  return { nulled: `(${value} IS NULL AND ${raw} IS NOT NULL)`, cut: cutBy(column, value, raw) };
}
