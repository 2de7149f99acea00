/** From a field's text to a column's value, and the note of what was lost on the way. */
import { quoteText } from '../load/names.ts';
import type { Column, ColumnType } from '../load/types.ts';

/** What `_airbyte_meta` holds where nothing was changed. */
export const CLEAN_META = `'{"changes":[]}'`;

/**
 * The value of a column of this type, from the text in the column `raw`.
 * @param careful NULL where the text does not fit; else an error
 */
export function castTo(type: ColumnType, raw: string, careful: boolean): string {
  switch (type) {
    case 'VARCHAR':
    case 'JSON':
      return raw;
    case 'BIGINT':
    case 'HUGEINT': {
      // The cast alone would round 12.5; what has a fraction or an exponent must be whole.
      const suspicious = `contains(${raw}, '.') OR contains(${raw}, 'e') OR contains(${raw}, 'E')`;
      if (!careful) return `CASE WHEN ${suspicious} THEN error('not whole') ELSE CAST(${raw} AS ${type}) END`;
      // A double would round a fraction away that stands behind many digits.
      const double = `(contains(${raw}, 'e') OR contains(${raw}, 'E')) AND try_cast(${raw} AS DOUBLE) = floor(try_cast(${raw} AS DOUBLE))`;
      const whole = `regexp_full_match(${raw}, '[^.eE]*[.]0*') OR (${double})`;
      return `CASE WHEN ${suspicious} THEN CASE WHEN ${whole} THEN try_cast(${raw} AS ${type}) END ELSE try_cast(${raw} AS ${type}) END`;
    }
    default: {
      if (careful) return `try_cast(${raw} AS ${type})`;
      const value = `CAST(${raw} AS ${type})`;
      const cut = cutBy(type, value, raw);
      return cut ? `CASE WHEN ${cut} THEN error('cut') ELSE ${value} END` : value;
    }
  }
}

/**
 * Where a part of the value is lost in the cast, though the cast succeeds: a date with a time, a time with an offset,
 * more than microseconds, a number that no double is. Short texts are passed at once.
 */
function cutBy(type: ColumnType, value: string, raw: string): string | undefined {
  if (type === 'DATE') {
    return `(length(${raw}) > 10 AND coalesce(try_cast(${raw} AS TIMESTAMP) <> CAST(${value} AS TIMESTAMP), true))`;
  }
  if (type === 'TIME') return `(contains(${raw}, '+') OR contains(${raw}, '-') OR ${nanoseconds(raw, 16)})`;
  if (type === 'TIMESTAMPTZ') return nanoseconds(raw, 27);
  if (type === 'DOUBLE') {
    const digits = `length(${raw}) > 15 AND NOT contains(${raw}, '.')`;
    const rounded = `coalesce(try_cast(${raw} AS HUGEINT) <> try_cast(${value} AS HUGEINT), true)`;
    return `((isinf(${value}) AND NOT contains(lower(${raw}), 'inf')) OR (${digits} AND ${rounded}))`;
  }
  return undefined;
}

/** @param place where the seventh digit of the fraction stands in the usual form */
function nanoseconds(raw: string, place: number): string {
  const digit = `substr(${raw}, ${place}, 1) BETWEEN '0' AND '9'`;
  return `(length(${raw}) >= ${place} AND ${digit} AND regexp_matches(${raw}, '[.][0-9]{6}[0-9]*[1-9]'))`;
}

/** `_airbyte_meta` from v0, r0, … of these columns, and what the source and a repair say in `meta` and `repairs`. */
export function metaOf(columns: readonly Column[]): string {
  const checks: string[] = [];
  const entries: string[] = [];
  for (const [index, { type, field }] of columns.entries()) {
    if (type === 'VARCHAR' || type === 'JSON') continue;
    const [value, raw] = [`v${index}`, `r${index}`];
    const nulled = `(${value} IS NULL AND ${raw} IS NOT NULL)`;
    const cut = cutBy(type, value, raw);
    checks.push(nulled, ...(cut ? [cut] : []));
    const change = (kind: string): string =>
      `json_object('field', ${quoteText(field ?? '')}, 'change', '${kind}', 'reason', 'DESTINATION_TYPECAST_ERROR')`;
    const truncated = cut ? ` WHEN ${cut} THEN ${change('TRUNCATED')}` : '';
    entries.push(`CASE WHEN ${nulled} THEN ${change('NULLED')}${truncated} END`);
  }
  const own = entries.length > 0 ? `list_filter([${entries.join(', ')}], lambda change: change IS NOT NULL)` : '[]';
  const theirs = `coalesce(try_cast(json_extract(meta, '$.changes') AS JSON[]), [])`;
  const repairs = 'coalesce(try_cast(repairs AS JSON[]), [])';
  const condition = [...checks, 'meta IS NOT NULL', 'repairs IS NOT NULL'].join(' OR ');
  const changes = `list_concat(list_concat(${theirs}, ${repairs}), ${own})`;
  return `CASE WHEN ${condition} THEN json_object('changes', ${changes}) ELSE ${CLEAN_META} END`;
}
