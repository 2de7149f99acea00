/** Makes and alters the tables of streams. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { selectRows } from '../bookkeeping/index.ts';
import { columnsOf, widenedType } from './columns.ts';
import { EXTRACTED_AT, foldName, META, quoteName, tablePath } from './names.ts';
import type { Column, StreamTable } from './types.ts';

/** Table names of a dataset with their columns' names, both folded. */
export type ExistingTables = ReadonlyMap<string, ReadonlySet<string>>;

export async function existingTables(connection: DuckDBConnection, dataset: string): Promise<ExistingTables> {
  const rows = await selectRows(
    connection,
    `SELECT table_name, column_name FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name = $1`,
    [dataset],
  );
  const tables = new Map<string, Set<string>>();
  for (const row of rows) {
    const table = foldName(row.table_name ?? '');
    tables.set(table, (tables.get(table) ?? new Set()).add(foldName(row.column_name ?? '')));
  }
  return tables;
}

/** What running syncs of an earlier life left in the dataset. */
export async function dropInternalTables(connection: DuckDBConnection, dataset: string): Promise<void> {
  const rows = await selectRows(
    connection,
    `SELECT table_name FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = $1 AND starts_with(table_name, '_sluice_')`,
    [dataset],
  );
  for (const row of rows) await connection.run(`DROP TABLE ${tablePath(dataset, row.table_name ?? '')}`);
}

export async function createTable(
  connection: DuckDBConnection,
  dataset: string,
  table: string,
  columns: readonly Column[],
): Promise<void> {
  const own = columns.map(({ column, type }) => `${quoteName(column)} ${type}`);
  const all = [...own, `${EXTRACTED_AT} TIMESTAMPTZ`, `${META} JSON`].join(', ');
  await connection.run(`CREATE TABLE ${tablePath(dataset, table)} (${all})`);
}

/**
 * Brings a table with rows to what the stream's schema says now: new columns are added, changed types widened.
 * @returns the columns as they are afterwards, those that the schema has given up included
 */
export async function alignTable(
  connection: DuckDBConnection,
  target: StreamTable,
  schema: Parameters<typeof columnsOf>[0],
  existing: ReadonlySet<string>,
): Promise<Column[]> {
  const { columns: known, dataset, table } = target;
  const path = tablePath(dataset, table);
  const wanted = columnsOf(schema, known);
  const aligned: Column[] = [];
  for (const column of wanted) {
    const old = known.find(({ field }) => field === column.field);
    if (!old || !existing.has(foldName(column.column))) {
      await connection.run(`ALTER TABLE ${path} ADD COLUMN ${quoteName(column.column)} ${column.type}`);
      aligned.push(column);
      continue;
    }
    const type = widenedType(old.type, column.type, await fitsDouble(connection, path, old, column));
    if (type !== old.type) await changeType(connection, path, old, type);
    aligned.push({ ...column, type });
  }
  const given = known.filter(
    (old) => existing.has(foldName(old.column)) && !wanted.some(({ field }) => field === old.field),
  );
  return [...aligned, ...given];
}

async function changeType(connection: DuckDBConnection, path: string, old: Column, type: string): Promise<void> {
  const name = quoteName(old.column);
  const using = type === 'JSON' ? `to_json(${name})` : `CAST(${name} AS ${type})`;
  await connection.run(`ALTER TABLE ${path} ALTER COLUMN ${name} SET DATA TYPE ${type} USING ${using}`);
}

async function fitsDouble(connection: DuckDBConnection, path: string, old: Column, wanted: Column): Promise<boolean> {
  if (old.type !== 'BIGINT' || wanted.type !== 'DOUBLE') return true;
  const name = quoteName(old.column);
  const rows = await selectRows(
    connection,
    `SELECT count(*) AS n FROM ${path} WHERE ${name} NOT BETWEEN -9007199254740992 AND 9007199254740992`,
    [],
  );
  return Number(rows[0]?.n ?? 0) === 0;
}
