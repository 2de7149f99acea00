/** Inserts rows with values that Postgres rejects: the values become NULL with a note, and the rows are loaded. */
import { convertedRows } from '../convert/select-sql.ts';
import { dataColumns, quoteText } from '../load/names.ts';
import type { Column, ReadableSegment } from '../load/types.ts';
import type { Inserted } from '../sql.ts';
import { countZeros } from './acceptable-rows.ts';
import { type Copying, copyTexts } from './copy-segment.ts';
import { ARRIVAL, POSTGRES } from './dialect.ts';
import { isValueError } from './errors.ts';

const STAGED = '_sluice_staged';
/** The longest index entry of a B-tree, minus its overhead. */
const INDEX_BYTES = 2_400;

/** Whether a text can be cast; the cast itself would fail the statement. */
const FITS = `CREATE OR REPLACE FUNCTION pg_temp.sluice_fits(value text, type text) RETURNS boolean LANGUAGE plpgsql AS $body$
  BEGIN EXECUTE 'SELECT $1::' || type USING value; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $body$`;

/** @param table quoted, with its schema where it has one */
export async function insertSoftly(
  copying: Copying,
  table: string,
  columns: readonly Column[],
  readable: ReadableSegment,
): Promise<Inserted> {
  const { client } = copying;
  const names = [...columns.map((_column, index) => `c${index}`), 'x', 'm'];
  await client.query(FITS);
  await client.query(
    `CREATE TEMPORARY TABLE ${STAGED} (${ARRIVAL} bigint GENERATED ALWAYS AS IDENTITY, ${names.map((name) => `${name} text`).join(', ')})`,
  );
  const rows = await copyTexts(copying, STAGED, names, columns, readable);
  const changed = await changedBefore(copying, columns, readable);
  const change = async (index: number, value: string, where: string, kind: string, reason: string): Promise<void> => {
    const field = columns[index]?.field ?? '';
    const count = await note(copying, index, field, value, where, kind, reason);
    if (count > 0) changed[field] = (changed[field] ?? 0) + count;
  };
  await client.query(`UPDATE ${STAGED} SET m = '{"changes":[]}' WHERE NOT pg_temp.sluice_fits(m, 'jsonb')`);
  for (const [index, { type }] of columns.entries()) {
    if (type === 'VARCHAR' || type === 'BIGINT' || type === 'BOOLEAN') continue;
    const misfit = `NOT pg_temp.sluice_fits(c${index}, ${quoteText(POSTGRES.typeName(type))})`;
    await change(index, 'NULL', misfit, 'NULLED', 'DESTINATION_TYPECAST_ERROR');
  }
  const list = columns.map(({ type }, index) => `c${index}::${POSTGRES.typeName(type)}`);
  const insert = `INSERT INTO ${table} (${dataColumns(columns).join(', ')}) SELECT ${[...list, 'x::timestamptz', 'm::jsonb'].join(', ')} FROM ${STAGED} ORDER BY ${ARRIVAL}`;
  await client.query('SAVEPOINT sluice_insert');
  try {
    await client.query(insert);
  } catch (error) {
    if (!isValueError(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT sluice_insert');
    // Somebody has created an index, which does not accept long values.
    const indexed = await indexedColumns(copying, table);
    const most = Math.floor(INDEX_BYTES / Math.max(1, indexed.size));
    for (const [index, { column, type }] of columns.entries()) {
      if (!indexed.has(column)) continue;
      const long = `octet_length(c${index}) > ${most}`;
      const shorter = type === 'VARCHAR' ? `left(c${index}, ${Math.floor(most / 4)})` : 'NULL';
      const kind = type === 'VARCHAR' ? 'TRUNCATED' : 'NULLED';
      await change(index, shorter, long, kind, 'DESTINATION_FIELD_SIZE_LIMITATION');
    }
    await client.query(insert);
  }
  await client.query(`DROP TABLE ${STAGED}`);
  return { rows, changed };
}

/** Values that were changed for the CSV. */
export async function changedBefore(
  { converter, signal }: Copying,
  columns: readonly Column[],
  readable: ReadableSegment,
): Promise<Record<string, number>> {
  const rows = convertedRows(readable, columns, 0);
  const [counts = []] = await converter.use(
    async (connection) => (await connection.runAndReadAll(countZeros(rows, columns))).getRows(),
    signal,
  );
  // A field may be called __proto__.
  const changed: Record<string, number> = Object.create(null);
  for (const [index, { field = '' }] of columns.entries()) {
    const count = Number(counts[index] ?? 0);
    if (count > 0) changed[field] = (changed[field] ?? 0) + count;
  }
  return changed;
}

async function note(
  { client }: Copying,
  index: number,
  field: string,
  value: string,
  where: string,
  change: string,
  reason: string,
): Promise<number> {
  const entry = JSON.stringify([{ field: field.replaceAll('\0', ''), change, reason }]);
  const changes = `coalesce(m::jsonb -> 'changes', '[]') || ${quoteText(entry)}::jsonb`;
  const { rowCount } = await client.query(
    `UPDATE ${STAGED} SET c${index} = ${value}, m = jsonb_set(m::jsonb, '{changes}', ${changes})::text WHERE c${index} IS NOT NULL AND ${where}`,
  );
  return rowCount ?? 0;
}

async function indexedColumns({ client }: Copying, table: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT attname AS name FROM pg_attribute AS a JOIN pg_index AS i ON i.indrelid = a.attrelid
    LEFT JOIN pg_depend AS d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum
    WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND (d.objid IS NOT NULL OR a.attnum = ANY (i.indkey))`,
    [table],
  );
  return new Set(rows.map(({ name }) => name));
}
