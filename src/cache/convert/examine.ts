/** Looks closer at a segment that does not load just so: what will be changed, and which columns are too narrow. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from '../load/types.ts';
import { convertedRows } from './select-sql.ts';
import { CLEAN_META } from './value-sql.ts';

export interface Findings {
  /** Values that the load will change, by field. */
  readonly changed: Readonly<Record<string, number>>;
  /** Columns, by index, that hold everything with another type. */
  readonly widen: ReadonlyMap<number, ColumnType>;
}

/** @throws what DuckDB says of a file that it cannot read */
export async function examineSegment(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<Findings> {
  const rows = convertedRows({ ...segment, careful: true }, columns, 0, true);
  const widen = new Map<number, ColumnType>();
  const counts = columns.map(({ type, undeclared }, index) => {
    const misfit = `v${index} IS NULL AND r${index} IS NOT NULL`;
    if (type === 'VARCHAR' || type === 'JSON') return '0, 0, 0';
    const whole =
      type === 'BIGINT' || type === 'HUGEINT'
        ? `regexp_full_match(r${index}, '-?[0-9]+([.]0+|[eE][+]?[0-9]+)?')`
        : 'false';
    const large = `count(*) FILTER (${misfit} AND ${whole})`;
    const huge = `count(*) FILTER (${misfit} AND ${whole} AND try_cast(r${index} AS HUGEINT) IS NULL)`;
    return `${large}, ${huge}, ${undeclared ? `count(*) FILTER (${misfit})` : '0'}`;
  });
  const [found = []] = (await connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM (${rows})`)).getRowsJson();
  for (const [index, column] of columns.entries()) {
    const [large, huge, any] = [0, 1, 2].map((at) => Number(found[index * 3 + at]));
    if (huge) widen.set(index, 'VARCHAR');
    else if (large) widen.set(index, 'HUGEINT');
    // A type that was guessed gives way; only a declared one is held against the data.
    else if (any && column.undeclared) widen.set(index, 'JSON');
  }
  return { changed: await countChanges(connection, rows), widen };
}

async function countChanges(connection: DuckDBConnection, rows: string): Promise<Record<string, number>> {
  const changes = `SELECT unnest(CAST(json_extract(meta, '$.changes') AS JSON[])) AS change FROM (${rows}) WHERE meta <> ${CLEAN_META}`;
  const found = await connection.runAndReadAll(
    `SELECT coalesce(json_extract_string(change, '$.field'), ''), count(*) FROM (${changes})
    WHERE starts_with(json_extract_string(change, '$.reason'), 'DESTINATION_') GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(found.getRows().map(([field, count]) => [String(field), Number(count)]));
}
