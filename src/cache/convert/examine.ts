/** Examines a segment that fails the fast load: which values will be changed, and which columns are too narrow. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from '../load/types.ts';
import { groupsOf } from './column-groups.ts';
import { HAS_REPORTED_CHANGES, REPORTED_CHANGES } from './meta-sql.ts';
import { pairedRows, rawRows } from './select-sql.ts';
import { misfit } from './value-sql.ts';

export interface Findings {
  /** Values that the load will change, by field. */
  readonly changed: Readonly<Record<string, number>>;
  /** Columns, by index, with the type that holds all their values. */
  readonly widen: ReadonlyMap<number, ColumnType>;
}

/** Counts of a column's values in a segment, by kind. */
interface Counts {
  /** Become NULL or lose a part. */
  readonly changed: number;
  /** Become NULL. */
  readonly nulled: number;
  /** Lose a part. */
  readonly cut: number;
  /** Are integers that the column does not hold. */
  readonly large: number;
  /** Are more digits than a HUGEINT has, among those. */
  readonly huge: number;
  /** Are no integers. */
  readonly broken: number;
  /** Become NULL though they are numbers. */
  readonly numbers: number;
  /** Are integers that no double is. */
  readonly undoubled: number;
}
const KINDS: readonly (keyof Counts)[] = [
  'changed',
  'nulled',
  'cut',
  'large',
  'huge',
  'broken',
  'numbers',
  'undoubled',
];

const INTEGER = '-?[0-9]+([.]0+|[eE][+]?[0-9]+)?';
const NUMBER = '-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity';

/** @throws DuckDB's error for a file that it cannot read */
export async function examineSegment(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<Findings> {
  const careful = { ...segment, careful: true };
  const widen = new Map<number, ColumnType>();
  const changed = await countReported(connection, careful, columns);
  for (const [index, counts] of await countMisfits(connection, careful, columns)) {
    const column = columns[index];
    if (!column) continue;
    const type = widerType(column, counts);
    if (type) widen.set(index, type);
    const field = column.field ?? '';
    if (counts.changed > 0) changed.set(field, (changed.get(field) ?? 0) + counts.changed);
  }
  return { changed: Object.fromEntries(changed), widen };
}

/** The counts of each column, by index: one row of the database for each position in the groups' lists. */
async function countMisfits(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<Map<number, Counts>> {
  const groups = groupsOf(columns);
  const found = new Map<number, Counts>();
  if (groups.length === 0) return found;
  const pairs = groups.map((_group, at) => `unnest(p${at}) AS x${at}`);
  const longest = Math.max(...groups.map(({ indexes }) => indexes.length));
  const cells = `SELECT ${pairs.join(', ')}, unnest(range(${longest})) AS slot FROM (${pairedRows(segment, columns, groups, [])})`;
  const counts = groups.flatMap(({ column }, at) => countsOf(column, `x${at}`));
  const result = await connection.runAndReadAll(`SELECT slot, ${counts.join(', ')} FROM (${cells}) GROUP BY slot`);
  for (const [slot, ...numbers] of result.getRowsJson()) {
    for (const [at, { indexes }] of groups.entries()) {
      const index = indexes[Number(slot)];
      const own = KINDS.map((kind, nth) => [kind, Number(numbers[at * KINDS.length + nth])]);
      if (index !== undefined) found.set(index, Object.fromEntries(own) as unknown as Counts);
    }
  }
  return found;
}

/** Counts of `{v, r}` in a cell, which is empty if its group is shorter than others. */
function countsOf(column: Column, cell: string): string[] {
  const { type } = column;
  const raw = `${cell}.r`;
  const { nulled, cut = 'false' } = misfit(column, `${cell}.v`, raw);
  const isNumeric = type === 'BIGINT' || type === 'HUGEINT' || type === 'DOUBLE';
  const isInteger = isNumeric ? `regexp_full_match(${raw}, '${INTEGER}')` : 'false';
  const number = isNumeric ? `regexp_full_match(${raw}, '${NUMBER}')` : 'false';
  // A value that is infinite as a double stays infinite, with its note.
  const large =
    type === 'DOUBLE' ? `regexp_full_match(${raw}, '-?[0-9]+([.]0+)?') AND ${cut}` : `${isInteger} AND ${nulled}`;
  const huge = `try_cast(${raw} AS HUGEINT) IS NULL`;
  const filters: Record<keyof Counts, string> = {
    changed: `${nulled} OR ${cut}`,
    nulled,
    cut,
    large,
    huge: `${large} AND ${huge}`,
    broken: isNumeric ? `${raw} IS NOT NULL AND (NOT (${isInteger}) OR ${huge})` : 'false',
    numbers: `${nulled} AND ${number}`,
    undoubled: isNumeric
      ? `${isInteger} AND try_cast(${raw} AS HUGEINT) <> try_cast(try_cast(${raw} AS DOUBLE) AS HUGEINT)`
      : 'false',
  };
  const kinds = kindsNeeded(column);
  return KINDS.map((kind) => (kinds.includes(kind) ? `count(*) FILTER (${filters[kind]})` : '0'));
}

/** The counts that a column needs: its changes, and what its wider type depends on. */
function kindsNeeded({ type, exact, undeclared, widenedFrom }: Column): readonly (keyof Counts)[] {
  const own: (keyof Counts)[] = ['changed'];
  if (type === 'DOUBLE') own.push('large', 'broken');
  if (type === 'BIGINT' || type === 'HUGEINT') own.push('large', 'huge');
  const kinds = exact ? [...own, 'nulled' as const, 'cut' as const] : own;
  return undeclared || widenedFrom ? [...kinds, 'nulled', 'numbers', 'undoubled'] : kinds;
}

/** The wider type for values that the column does not hold; undefined if such values are only noted, or there are none. */
function widerType({ type, undeclared, exact, widenedFrom }: Column, counts: Counts): ColumnType | undefined {
  const { nulled, cut, large, huge, broken, numbers, undoubled } = counts;
  const text: ColumnType = undeclared && !exact ? 'JSON' : 'VARCHAR';
  // A key keeps its values exactly as sent.
  if (exact && nulled + cut > large) return 'VARCHAR';
  if (type === 'DOUBLE' && large > 0) return broken > 0 ? text : 'HUGEINT';
  if (huge > 0) return 'VARCHAR';
  // Fractions in a number column that became HUGEINT for its large integers.
  if (widenedFrom === 'DOUBLE' && numbers > 0) return text;
  if (undeclared && nulled > large) return numbers === nulled && undoubled === 0 ? 'DOUBLE' : 'JSON';
  return large > 0 ? 'HUGEINT' : undefined;
}

/** Changes reported by the source and by a repair, by field, where they affect the destination. */
async function countReported(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<Map<string, number>> {
  const changes = `SELECT unnest(${REPORTED_CHANGES}) AS change FROM (${rawRows(segment, columns)}) WHERE ${HAS_REPORTED_CHANGES}`;
  const found = await connection.runAndReadAll(
    `SELECT '.' || coalesce(json_extract_string(change, '$.field'), ''), count(*) FROM (${changes})
    WHERE starts_with(json_extract_string(change, '$.reason'), 'DESTINATION_') GROUP BY 1 ORDER BY 1`,
  );
  return new Map(found.getRows().map(([field, count]) => [String(field).slice(1), Number(count)]));
}
