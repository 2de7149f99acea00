/** Looks closer at a segment that does not load just so: what will be changed, and which columns are too narrow. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from '../load/types.ts';
import { convertedRows } from './select-sql.ts';
import { CLEAN_META, misfit } from './value-sql.ts';

export interface Findings {
  /** Values that the load will change, by field. */
  readonly changed: Readonly<Record<string, number>>;
  /** Columns, by index, that hold everything with another type. */
  readonly widen: ReadonlyMap<number, ColumnType>;
}

/** How many values of a column in a segment are of what kind. */
interface Counts {
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
const KINDS: readonly (keyof Counts)[] = ['nulled', 'cut', 'large', 'huge', 'broken', 'numbers', 'undoubled'];

const INTEGER = '-?[0-9]+([.]0+|[eE][+]?[0-9]+)?';
const NUMBER = '-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?|NaN|-?Infinity';

/** @throws what DuckDB says of a file that it cannot read */
export async function examineSegment(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<Findings> {
  const rows = convertedRows({ ...segment, careful: true }, columns, 0, true);
  const widen = new Map<number, ColumnType>();
  const counts = columns.map((column, index) => countsOf(column, index).join(', '));
  const [found = []] = (await connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM (${rows})`)).getRowsJson();
  for (const [index, column] of columns.entries()) {
    const at = (kind: keyof Counts): number => Number(found[index * KINDS.length + KINDS.indexOf(kind)]);
    const type = widerType(column, Object.fromEntries(KINDS.map((kind) => [kind, at(kind)])) as unknown as Counts);
    if (type) widen.set(index, type);
  }
  return { changed: await countChanges(connection, rows), widen };
}

function countsOf(column: Column, index: number): string[] {
  const { type } = column;
  if (type === 'VARCHAR' || type === 'JSON') return KINDS.map(() => '0');
  const { nulled, cut = 'false' } = misfit(column, index);
  const raw = `r${index}`;
  const isNumeric = type === 'BIGINT' || type === 'HUGEINT' || type === 'DOUBLE';
  const whole = isNumeric ? `regexp_full_match(${raw}, '${INTEGER}')` : 'false';
  const number = isNumeric ? `regexp_full_match(${raw}, '${NUMBER}')` : 'false';
  // What is infinite as a double stays so, with its note.
  const large =
    type === 'DOUBLE' ? `regexp_full_match(${raw}, '-?[0-9]+([.]0+)?') AND ${cut}` : `${whole} AND ${nulled}`;
  const huge = `try_cast(${raw} AS HUGEINT) IS NULL`;
  const filters: Record<keyof Counts, string> = {
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

/** What a column's wider type depends on: each count is paid for in tables of a thousand columns. */
function kindsAsked({ type, exact, undeclared, widenedFrom }: Column): readonly (keyof Counts)[] {
  const own: (keyof Counts)[] =
    type === 'DOUBLE' ? ['large', 'broken'] : type === 'BIGINT' || type === 'HUGEINT' ? ['large', 'huge'] : [];
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

async function countChanges(connection: DuckDBConnection, rows: string): Promise<Record<string, number>> {
  const changes = `SELECT unnest(CAST(json_extract(meta, '$.changes') AS JSON[])) AS change FROM (${rows}) WHERE meta <> ${CLEAN_META}`;
  const found = await connection.runAndReadAll(
    `SELECT '.' || coalesce(json_extract_string(change, '$.field'), ''), count(*) FROM (${changes})
    WHERE starts_with(json_extract_string(change, '$.reason'), 'DESTINATION_') GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(found.getRows().map(([field, count]) => [String(field).slice(1), Number(count)]));
}
