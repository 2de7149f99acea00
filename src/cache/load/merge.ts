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
  const cursor = prepared.cursorField.length > 0 ? cursorAt(connection, columns, prepared.cursorField) : [];
  const list = dataColumns(columns).join(', ');
  const nameless = keys.map((key) => `${key('i')} IS NULL`).join(' AND ');
  const order = [...cursor.map((part) => `${part('i')} DESC NULLS LAST`), `${connection.dialect.arrival} DESC`].join(
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
      if (cursor.length > 0) {
        await connection.run(`DELETE FROM ${WINNERS} AS w USING ${table} AS t WHERE ${same} AND ${isNewer(cursor)}`);
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

/** A value in a row, by the row's alias. */
type ValueOf = (alias: string) => string;

/** The first part of the path is a column, the rest leads into its JSON. */
function valueAt({ dialect }: LoadConnection, columns: readonly Column[], path: readonly string[]): ValueOf {
  const [first = '', ...rest] = path;
  const whole = columns.find(({ field }) => field === undefined);
  const own = columns.find(({ field }) => field === first);
  const at = (alias: string, { column }: Column, inside: readonly string[]): string => {
    const name = `${alias}.${quoteName(column)}`;
    return inside.length === 0 ? name : dialect.jsonMember(name, inside);
  };
  return (alias) => {
    // Of a stream that had no schema once, or has none any more, some rows have only one of the two.
    if (whole && own) return `coalesce(CAST(${at(alias, own, rest)} AS VARCHAR), ${at(alias, whole, path)})`;
    if (whole) return at(alias, whole, path);
    // A field that no record has had yet.
    return own ? at(alias, own, rest) : 'CAST(NULL AS VARCHAR)';
  };
}

/**
 * By what rows of one key are compared, one after the other. What stands in JSON comes as text, of which "9" would be more
 * than "10": there numbers are compared as numbers, and are more than other texts.
 */
function cursorAt(connection: LoadConnection, columns: readonly Column[], path: readonly string[]): ValueOf[] {
  const value = valueAt(connection, columns, path);
  const own = columns.find(({ field }) => field === path[0]);
  const isWhole = columns.some(({ field }) => field === undefined);
  if (own && own.type !== 'JSON' && path.length === 1 && !isWhole) return [value];
  const text = (alias: string): string => `CAST(${value(alias)} AS VARCHAR)`;
  const number = (alias: string): string =>
    `CAST(CASE WHEN ${text(alias)} ~ '^-?[0-9]{1,38}([.][0-9]+)?$' THEN ${text(alias)} END AS DOUBLE PRECISION)`;
  // Beyond that many digits several numbers are one double.
  const rest = (alias: string): string =>
    `CASE WHEN ${number(alias)} IS NULL OR length(${text(alias)}) > 15 THEN ${text(alias)} END`;
  return [number, rest];
}

/** Whether the cursor of `t` is greater than that of `w`; NULL is below all. */
function isNewer([first, ...others]: readonly ValueOf[]): string {
  if (!first) return 'FALSE';
  const [t, w] = [first('t'), first('w')];
  const greater = `${t} > ${w} OR (${w} IS NULL AND ${t} IS NOT NULL)`;
  if (others.length === 0) return `(${greater})`;
  return `(${greater} OR (${t} IS NOT DISTINCT FROM ${w} AND ${isNewer(others)}))`;
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
