/** Makes and alters the tables of streams. */
import { textOf } from '../convert/value-sql.ts';
import type { Dialect, LoadConnection, SqlConnection } from '../sql.ts';
import { widenedType } from './columns.ts';
import { EXTRACTED_AT, foldName, META, quoteName, tablePath } from './names.ts';
import type { Column, ColumnType, StreamTable } from './types.ts';

/** Table names of a dataset with their columns' names, both folded. */
export type ExistingTables = ReadonlyMap<string, ReadonlySet<string>>;

const HERE = 'table_catalog = current_database() AND table_schema = $1';

export async function existingTables(connection: SqlConnection, dataset: string): Promise<ExistingTables> {
  const rows = await connection.rows(`SELECT table_name, column_name FROM information_schema.columns WHERE ${HERE}`, [
    dataset,
  ]);
  const tables = new Map<string, Set<string>>();
  for (const row of rows) {
    const table = foldName(row.table_name ?? '');
    tables.set(table, (tables.get(table) ?? new Set()).add(foldName(row.column_name ?? '')));
  }
  return tables;
}

export async function hasTable(connection: SqlConnection, dataset: string, table: string): Promise<boolean> {
  const rows = await connection.rows(
    `SELECT table_name FROM information_schema.tables WHERE ${HERE} AND table_name = $2`,
    [dataset, table],
  );
  return rows.length > 0;
}

export async function rowsIn(connection: SqlConnection, dataset: string, table: string): Promise<number> {
  const [row] = await connection.rows(`SELECT count(*) AS n FROM ${tablePath(dataset, table)}`);
  return Number(row?.n ?? 0);
}

/** Drops what interrupted syncs left in the dataset, except the tables of refreshes that will continue. */
export async function dropInternalTables(
  connection: SqlConnection,
  dataset: string,
  keep: ReadonlySet<string> = new Set(),
): Promise<void> {
  const rows = await connection.rows(
    `SELECT table_name FROM information_schema.tables WHERE ${HERE} AND starts_with(table_name, '_sluice_')`,
    [dataset],
  );
  for (const { table_name: table } of rows) {
    if (table && !keep.has(table)) await connection.run(`DROP TABLE ${tablePath(dataset, table)}`);
  }
}

/** The column definitions of a stream's table, for CREATE TABLE. */
export function columnDefinitions(dialect: Dialect, columns: readonly Column[]): string {
  const own = columns.map(({ column, type }) => `${quoteName(column)} ${dialect.typeName(type)}`);
  return [...own, `${EXTRACTED_AT} ${dialect.typeName('TIMESTAMPTZ')}`, `${META} ${dialect.typeName('JSON')}`].join(
    ', ',
  );
}

export async function createTable(
  connection: SqlConnection,
  dataset: string,
  table: string,
  columns: readonly Column[],
): Promise<void> {
  await connection.run(`CREATE TABLE ${tablePath(dataset, table)} (${columnDefinitions(connection.dialect, columns)})`);
}

/**
 * Aligns a table with rows to the stream's present schema: adds new columns, widens changed types.
 * @param table the name of the target's table or of its replacement
 * @param requested the columns that the schema requires
 * @returns the resulting columns, including those that the schema no longer has
 */
export async function alignTable(
  connection: LoadConnection,
  target: StreamTable,
  table: string,
  requested: readonly Column[],
  existing: ReadonlySet<string>,
): Promise<Column[]> {
  const { columns: known, dataset } = target;
  const path = tablePath(dataset, table);
  const aligned: Column[] = [];
  for (const column of requested) {
    const old = known.find(({ field }) => field === column.field);
    if (!old || !existing.has(foldName(column.column))) {
      await addColumn(connection, path, column);
      aligned.push(column);
      continue;
    }
    // Values that do not fit the schema's type are still in the table.
    const stays = old.widenedFrom === column.type;
    const lossless = stays || (await fitsDouble(connection, path, old, column.type));
    const type = stays ? old.type : widenedType(old.type, column.type, lossless);
    if (type !== old.type) await changeType(connection, path, old, type);
    const widened = old.widenedFrom !== undefined && type !== column.type && type !== 'JSON';
    aligned.push({ ...column, type, ...(widened ? { widenedFrom: column.type } : {}) });
  }
  const given = known.filter(
    (old) => existing.has(foldName(old.column)) && !requested.some(({ field }) => field === old.field),
  );
  return [...aligned, ...given];
}

export async function addColumn(connection: SqlConnection, path: string, { column, type }: Column): Promise<void> {
  await connection.run(`ALTER TABLE ${path} ADD COLUMN ${quoteName(column)} ${connection.dialect.typeName(type)}`);
}

/** @param path the table, quoted, with its schema */
export async function changeType(
  { dialect, run }: SqlConnection,
  path: string,
  old: Column,
  type: ColumnType,
): Promise<void> {
  const name = quoteName(old.column);
  const sqlType = dialect.typeName(type);
  const using = type === 'JSON' ? dialect.toJson(name) : valueAs(name, old.type, type, sqlType);
  await run(`ALTER TABLE ${path} ALTER COLUMN ${name} SET DATA TYPE ${sqlType} USING ${using}`);
}

function valueAs(name: string, old: ColumnType, type: ColumnType, sqlType: string): string {
  if (type === 'VARCHAR') return textOf(old, name);
  if (old !== 'DOUBLE' || type !== 'HUGEINT') return `CAST(${name} AS ${sqlType})`;
  // Postgres's own cast keeps only 15 digits.
  const large = `CAST(CAST(${name} AS VARCHAR) AS ${sqlType})`;
  return `CASE WHEN abs(${name}) < 9223372036854774784 THEN CAST(CAST(${name} AS BIGINT) AS ${sqlType}) ELSE ${large} END`;
}

/** The type that holds all rows of a column, where a segment alone would suggest another one. */
export async function typeForRows(
  connection: SqlConnection,
  path: string,
  old: Column,
  requested: ColumnType,
): Promise<ColumnType> {
  const other = old.undeclared && !old.exact ? 'JSON' : 'VARCHAR';
  if (requested === 'DOUBLE') return (await fitsDouble(connection, path, old, requested)) ? requested : other;
  if (requested !== 'HUGEINT' || old.type !== 'DOUBLE') return requested;
  const name = quoteName(old.column);
  const [row] = await connection.rows(
    `SELECT count(*) AS n FROM ${path} WHERE NOT (${name} BETWEEN -1e37 AND 1e37) OR ${name} <> floor(${name})`,
  );
  return Number(row?.n ?? 0) === 0 ? requested : other;
}

async function fitsDouble(
  connection: SqlConnection,
  path: string,
  old: Column,
  requested: ColumnType,
): Promise<boolean> {
  if ((old.type !== 'BIGINT' && old.type !== 'HUGEINT') || requested !== 'DOUBLE') return true;
  const name = quoteName(old.column);
  const rows = await connection.rows(
    `SELECT count(*) AS n FROM ${path} WHERE ${name} NOT BETWEEN -9007199254740992 AND 9007199254740992`,
  );
  return Number(rows[0]?.n ?? 0) === 0;
}
