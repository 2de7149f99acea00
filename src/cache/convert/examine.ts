/** Looks closer at a segment that does not load just so: what will be changed, and which columns are too narrow. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from '../load/types.ts';
import { groupsOf } from './column-groups.ts';
import { HAS_REPORTED_CHANGES, REPORTED_CHANGES } from './meta-sql.ts';
import { pairedRows, rawRows } from './select-sql.ts';
import { misfit } from './value-sql.ts';

export interface Findings {
  /** Values that the load will change, by field. */
  readonly changed: Readonly<Record<string, number>>;
  /** Columns, by index, that hold everything with another type. */
  readonly widen: ReadonlyMap<number, ColumnType>;
}

/** How many values of a column in a segment are of what kind. */
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

/** @throws what DuckDB says of a file that it cannot read */
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

/** The counts of each column, by index: one row of the database for each place in the groups' lists. */
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
  const cells = `SELECT ${pairs.join(', ')}, unnest(range(${longest})) AS place FROM (${pairedRows(segment, columns, groups, [])})`;
  const counts = groups.flatMap(({ column }, at) => countsOf(column, `x${at}`));
  const result = await connection.runAndReadAll(`SELECT place, ${counts.join(', ')} FROM (${cells}) GROUP BY place`);
  for (const [place, ...numbers] of result.getRowsJson()) {
    for (const [at, { indexes }] of groups.entries()) {
      const index = indexes[Number(place)];
      const own = KINDS.map((kind, nth) => [kind, Number(numbers[at * KINDS.length + nth])]);
      if (index !== undefined) found.set(index, Object.fromEntries(own) as unknown as Counts);
    }
  }
  return found;
}

/** Counts of `{v, r}` in a cell that has none where its group is shorter than others. */
function countsOf(column: Column, cell: string): string[] {
  const { type } = column;
  const raw = `${cell}.r`;
  const { nulled, cut = 'false' } = misfit(column, `${cell}.v`, raw);
  const isNumeric = type === 'BIGINT' || type === 'HUGEINT' || type === 'DOUBLE';
  const whole = isNumeric ? `regexp_full_match(${raw}, '${INTEGER}')` : 'false';
  const number = isNumeric ? `regexp_full_match(${raw}, '${NUMBER}')` : 'false';
  // What is infinite as a double stays so, with its note.
  const large =
    type === 'DOUBLE' ? `regexp_full_match(${raw}, '-?[0-9]+([.]0+)?') AND ${cut}` : `${whole} AND ${nulled}`;
  const huge = `try_cast(${raw} AS HUGEINT) IS NULL`;
  const filters: Record<keyof Counts, string> = {
    changed: `${nulled} OR ${cut}`,
    nulled,
    cut,
    large,
    huge: `${large} AND ${huge}`,
    broken: isNumeric ? `${raw} IS NOT NULL AND (NOT (${whole}) OR ${huge})` : 'false',
    numbers: `${nulled} AND ${number}`,
    undoubled: isNumeric
      ? `${whole} AND try_cast(${raw} AS HUGEINT) <> try_cast(try_cast(${raw} AS DOUBLE) AS HUGEINT)`
      : 'false',
  };
  const asked = kindsAsked(column);
  return KINDS.map((kind) => (asked.includes(kind) ? `count(*) FILTER (${filters[kind]})` : '0'));
}

/** What is asked of a column: changes, and what its wider type depends on. */
function kindsAsked({ type, exact, undeclared, widenedFrom }: Column): readonly (keyof Counts)[] {
  const own: (keyof Counts)[] = ['changed'];
  if (type === 'DOUBLE') own.push('large', 'broken');
  if (type === 'BIGINT' || type === 'HUGEINT') own.push('large', 'huge');
  const asked = exact ? [...own, 'nulled' as const, 'cut' as const] : own;
  return undeclared || widenedFrom ? [...asked, 'nulled', 'numbers', 'undoubled'] : asked;
}

/** The type that holds what the column does not; undefined where a misfit is only noted, or there is none. */
function widerType({ type, undeclared, exact, widenedFrom }: Column, counts: Counts): ColumnType | undefined {
  const { nulled, cut, large, huge, broken, numbers, undoubled } = counts;
  const text: ColumnType = undeclared && !exact ? 'JSON' : 'VARCHAR';
  // A key keeps what was sent, whatever that is.
  if (exact && nulled + cut > large) return 'VARCHAR';
  if (type === 'DOUBLE' && large > 0) return broken > 0 ? text : 'HUGEINT';
  if (huge > 0) return 'VARCHAR';
  // The fractions of a number column that only became HUGEINT for its integers.
  if (widenedFrom === 'DOUBLE' && numbers > 0) return text;
  if (undeclared && nulled > large) return numbers === nulled && undoubled === 0 ? 'DOUBLE' : 'JSON';
  return large > 0 ? 'HUGEINT' : undefined;
}

/** Changes that the source and a repair tell of, by field, where they are a destination's. */
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
