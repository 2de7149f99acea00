/** Merges the rows of the incoming table into a table with one row per primary key. */
import type { LoadConnection } from '../sql.ts';
import { type Cursor, cursorAt, isNewer, type Kind } from './cursor-sql.ts';
import { sameKey, type ValueOf, valueAt } from './key-sql.ts';
import { dataColumns, EXTRACTED_AT, INCOMING, quoteName, WINNERS } from './names.ts';
import { columnDefinitions } from './tables.ts';
import type { LoadedStream, PreparedStream } from './types.ts';

export type Merged = Pick<LoadedStream, 'written' | 'updated' | 'deleted' | 'late' | 'withoutKey'>;

/** The field by which Airbyte's change-data-capture sources mark a deleted row. */
const DELETED_AT = '_ab_cdc_deleted_at';
/** Columns of a winner: when it came, and whether it came after a record that its cursor cannot be compared with. */
const [ARRIVED, SURE] = ['_sluice_arrived', '_sluice_sure'];

/**
 * The newest record of each key wins: the greatest cursor, with NULL below all others, then the last to arrive. A row of the table
 * stays where its cursor is greater than that of a late record. A deletion without a cursor is as new as its arrival.
 * Parts of a key may be NULL; a key of which all parts are NULL identifies nothing.
 * @param table quoted, with its schema
 */
export async function mergeRows(connection: LoadConnection, prepared: PreparedStream, table: string): Promise<Merged> {
  const { columns } = prepared.target;
  const keys = prepared.primaryKey.map((path) => valueAt(connection, columns, path));
  const deletedAt = columns.find(({ field }) => field === DELETED_AT);
  const { cursorField } = prepared;
  const cursor = cursorField.length > 0 ? cursorAt(connection, columns, cursorField, deletedAt) : undefined;
  const list = dataColumns(columns).join(', ');
  const nameless = keys.map((key) => `${key('i')} IS NULL`).join(' AND ');
  const named = `FROM ${INCOMING} AS i WHERE NOT (${nameless})`;
  const kinds = cursor ? await kindsIn(connection, cursor, named) : [];
  const ranked = rankedRows(connection, keys, cursor, kinds, named);
  await connection.run(
    `CREATE TEMPORARY TABLE ${WINNERS} AS SELECT ${list}, ${ARRIVED}, ${SURE} FROM (${ranked}) AS ranked WHERE _sluice_rank = 1`,
  );
  const isDeleted = deletedAt ? `w.${quoteName(deletedAt.column)} IS NOT NULL` : 'FALSE';
  const first = await countOf(connection, WINNERS);
  let updated = 0;
  let deleted = 0;
  if ((await connection.rows(`SELECT 1 AS one FROM ${table} LIMIT 1`)).length > 0) {
    for (const same of await sameKey(connection, keys, ['t', 'w'])) {
      // A late record, older than the table's row, changes nothing.
      if (cursor) {
        await connection.run(
          `DELETE FROM ${WINNERS} AS w USING ${table} AS t WHERE ${same} AND NOT w.${SURE} AND ${isNewer(cursor, kinds)}`,
        );
      }
      const remove = `DELETE FROM ${table} AS t USING ${WINNERS} AS w WHERE ${same}`;
      if (deletedAt) deleted += await connection.run(`${remove} AND ${isDeleted}`);
      updated += await connection.run(remove);
    }
  }
  const late = cursor ? await countLate(connection, keys, nameless, first) : 0;
  const winning = await connection.run(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${WINNERS} AS w WHERE NOT ${isDeleted}`,
  );
  const withoutKey = await connection.run(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${INCOMING} AS i WHERE ${nameless} ORDER BY ${connection.dialect.arrival}`,
  );
  for (const name of [INCOMING, WINNERS]) await connection.run(`DROP TABLE ${name}`);
  return { written: winning + withoutKey, updated, deleted, late, withoutKey };
}

/** The kinds of the incoming cursors. */
async function kindsIn(connection: LoadConnection, cursor: Cursor, named: string): Promise<readonly Kind[]> {
  if (!cursor.isMixed) return [2];
  const rows = await connection.rows(`SELECT DISTINCT ${cursor.kind('i')} AS kind ${named} ORDER BY 1`);
  return rows.map(({ kind }) => Number(kind) as Kind).filter((kind) => kind > 0);
}

/** The incoming rows that have a key, the newest of each first: with `_sluice_rank` and the additional columns of a winner. */
function rankedRows(
  connection: LoadConnection,
  keys: readonly ValueOf[],
  cursor: Cursor | undefined,
  kinds: readonly Kind[],
  named: string,
): string {
  const parts = keys.map((key) => key('i')).join(', ');
  const arrived = `i.${connection.dialect.arrival}`;
  const rank = (by: readonly string[]): string =>
    `row_number() OVER (PARTITION BY ${parts} ORDER BY ${by.join(', ')}) AS _sluice_rank`;
  const [only, ...others] = kinds;
  if (!cursor || others.length === 0) {
    const order = cursor && only === 1 ? [`${cursor.kind('i')} DESC`] : [];
    const values = cursor && only ? cursor.parts(only).map((part) => `${part('i')} DESC NULLS LAST`) : [];
    const by = [...order, ...values, `${arrived} DESC`];
    return `SELECT i.*, ${arrived} AS ${ARRIVED}, FALSE AS ${SURE}, ${rank(by)} ${named}`;
  }
  // Among cursors of several kinds, only the last uninterrupted run of one kind counts.
  const kinded = `SELECT i.*, ${arrived} AS ${ARRIVED}, ${cursor.kind('i')} AS _sluice_kind ${named}`;
  const last = `SELECT i.*, first_value(_sluice_kind) OVER (PARTITION BY ${parts} ORDER BY _sluice_kind = 0, ${ARRIVED} DESC) AS _sluice_last FROM (${kinded}) AS i`;
  const other = `CASE WHEN _sluice_kind NOT IN (0, _sluice_last) THEN ${ARRIVED} END`;
  const turned = `SELECT i.*, max(${other}) OVER (PARTITION BY ${parts}) AS _sluice_turned FROM (${last}) AS i`;
  const counts = `(_sluice_kind > 0 AND ${ARRIVED} > coalesce(_sluice_turned, -1)) DESC`;
  const values = kinds.flatMap((kind) =>
    cursor.parts(kind).map((part) => `CASE WHEN _sluice_kind = ${kind} THEN ${part('i')} END DESC NULLS LAST`),
  );
  return `SELECT i.*, _sluice_turned IS NOT NULL AS ${SURE}, ${rank([counts, '_sluice_kind DESC', ...values, `${ARRIVED} DESC`])} FROM (${turned}) AS i`;
}

/** Counts late records: another one of their key, with a greater cursor, was in the table or in the batch before. */
async function countLate(
  connection: LoadConnection,
  keys: readonly ValueOf[],
  nameless: string,
  winners: number,
): Promise<number> {
  const named = await countOf(connection, `${INCOMING} AS i WHERE NOT (${nameless})`);
  if (named === winners) return winners - (await countOf(connection, WINNERS));
  let inTime = 0;
  for (const same of await sameKey(connection, keys, ['i', 'w'])) {
    inTime += await countOf(
      connection,
      `${INCOMING} AS i JOIN ${WINNERS} AS w ON ${same} WHERE i.${connection.dialect.arrival} <= w.${ARRIVED}`,
    );
  }
  return named - inTime;
}

async function countOf(connection: LoadConnection, from: string): Promise<number> {
  const [row] = await connection.rows(`SELECT count(*) AS n FROM ${from}`);
  return Number(row?.n ?? 0);
}

/** Leaves one row per key in a table that was append-only before. */
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
