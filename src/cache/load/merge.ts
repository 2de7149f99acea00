/** Brings the rows of the incoming table into a table that has one row for each primary key. */
import type { LoadConnection } from '../sql.ts';
import { dataColumns, EXTRACTED_AT, INCOMING, quoteName, WINNERS } from './names.ts';
import { columnDefinitions } from './tables.ts';
import type { Column, PreparedStream } from './types.ts';

export interface Merged {
  /** Rows that entered the table. */
  readonly written: number;
  /** Rows that a deletion took out. */
  readonly deleted: number;
  /** Records whose whole key is NULL: kept as they come. */
  readonly withoutKey: number;
}

/** The field by which Airbyte's change-data-capture sources say that a row was deleted. */
const DELETED_AT = '_ab_cdc_deleted_at';

/**
 * The newest record of each key wins: the greatest cursor, NULL below all, then the one that came last. A row of the table
 * stays where its cursor is greater than that of what comes late. A part of a key may be NULL; a key that is all NULL names nothing.
 * @param table quoted, with its schema
 */
export async function mergeRows(connection: LoadConnection, prepared: PreparedStream, table: string): Promise<Merged> {
  const { columns } = prepared.target;
  const keys = prepared.primaryKey.map((path) => valueAt(connection, columns, path));
  const cursor = prepared.cursorField.length > 0 ? valueAt(connection, columns, prepared.cursorField) : undefined;
  const list = dataColumns(columns).join(', ');
  const nameless = keys.map((key) => `${key('i')} IS NULL`).join(' AND ');
  const order = [...(cursor ? [`${cursor('i')} DESC NULLS LAST`] : []), `${connection.dialect.arrival} DESC`].join(
    ', ',
  );
  const ranked = `SELECT *, row_number() OVER (PARTITION BY ${keys.map((key) => key('i')).join(', ')} ORDER BY ${order}) AS _sluice_rank FROM ${INCOMING} AS i WHERE NOT (${nameless})`;
  await connection.run(
    `CREATE TEMPORARY TABLE ${WINNERS} AS SELECT ${list} FROM (${ranked}) AS ranked WHERE _sluice_rank = 1`,
  );
  const deletedAt = columns.find(({ field }) => field === DELETED_AT);
  const isDeleted = deletedAt ? `w.${quoteName(deletedAt.column)} IS NOT NULL` : 'FALSE';
  let deleted = 0;
  if ((await connection.rows(`SELECT 1 AS one FROM ${table} LIMIT 1`)).length > 0) {
    for (const same of await sameKey(connection, keys)) {
      // A record that comes late, behind what the table has, changes nothing.
      if (cursor) {
        const newer = `(${cursor('t')} > ${cursor('w')} OR (${cursor('w')} IS NULL AND ${cursor('t')} IS NOT NULL))`;
        await connection.run(`DELETE FROM ${WINNERS} AS w USING ${table} AS t WHERE ${same} AND ${newer}`);
      }
      const remove = `DELETE FROM ${table} AS t USING ${WINNERS} AS w WHERE ${same}`;
      if (deletedAt) deleted += await connection.run(`${remove} AND ${isDeleted}`);
      await connection.run(remove);
    }
  }
  const winning = await connection.run(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${WINNERS} AS w WHERE NOT ${isDeleted}`,
  );
  const withoutKey = await connection.run(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${INCOMING} AS i WHERE ${nameless} ORDER BY ${connection.dialect.arrival}`,
  );
  for (const name of [INCOMING, WINNERS]) await connection.run(`DROP TABLE ${name}`);
  return { written: winning + withoutKey, deleted, withoutKey };
}

/** Leaves one row for each key in a table that was only added to before. */
export async function mergeTable(connection: LoadConnection, prepared: PreparedStream, table: string): Promise<void> {
  const { columns } = prepared.target;
  const list = dataColumns(columns).join(', ');
  const { storedOrder } = connection.dialect;
  await connection.createIncoming(INCOMING, columnDefinitions(connection.dialect, columns));
  await connection.run(
    `INSERT INTO ${INCOMING} (${list}) SELECT ${list} FROM ${table} ORDER BY ${EXTRACTED_AT}, ${storedOrder}`,
  );
  await connection.run(`DELETE FROM ${table}`);
  await mergeRows(connection, prepared, table);
}

/** A value in a row, by the row's alias; the first part of the path is a column, the rest leads into its JSON. */
function valueAt(
  { dialect }: LoadConnection,
  columns: readonly Column[],
  path: readonly string[],
): (alias: string) => string {
  const [first = '', ...rest] = path;
  const whole = columns.find(({ field }) => field === undefined);
  const column = whole ?? columns.find(({ field }) => field === first);
  const inside = whole ? path : rest;
  return (alias) => {
    // A field that no record has had yet.
    if (!column) return 'CAST(NULL AS VARCHAR)';
    const name = `${alias}.${quoteName(column.column)}`;
    return inside.length === 0 ? name : dialect.jsonMember(name, inside);
  };
}

/** Conditions that together match rows of equal keys: `=` can be hashed; the slow comparison only where a part is NULL. */
async function sameKey(connection: LoadConnection, keys: readonly ((alias: string) => string)[]): Promise<string[]> {
  const all = keys.map((key) => `${key('t')} = ${key('w')}`).join(' AND ');
  if (keys.length === 1) return [all];
  const anyNull = keys.map((key) => `${key('w')} IS NULL`).join(' OR ');
  const [row] = await connection.rows(`SELECT count(*) AS n FROM ${WINNERS} AS w WHERE ${anyNull}`);
  if (Number(row?.n ?? 0) === 0) return [all];
  const distinct = keys.map((key) => `${key('t')} IS NOT DISTINCT FROM ${key('w')}`).join(' AND ');
  return [all, `(${anyNull}) AND ${distinct}`];
}
