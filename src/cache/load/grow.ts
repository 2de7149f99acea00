/** Adds and widens columns for data that the schema does not describe. */

import { count } from '../../count.ts';
import { saveStream } from '../bookkeeping/index.ts';
import { undeclaredFields } from '../convert/undeclared-fields.ts';
import type { LoadStore, SqlConnection, StoreOptions } from '../sql.ts';
import { exactColumns } from './columns.ts';
import {
  columnName,
  foldName,
  pendingTable,
  replacementTable,
  reservedColumns,
  tablePath,
  uniqueName,
} from './names.ts';
import { addColumn, changeType, hasTable, typeForRows } from './tables.ts';
import type { Column, ColumnType, PreparedStream, ReadableSegment, StreamTable } from './types.ts';

/** Columns of a table; further fields are reported and not stored. */
const MAX_COLUMNS = 1_500;
/** New fields that are reported one by one. */
const MAX_NOTES = 5;

/**
 * Adds a column for each field of the segment that the stream's schema does not have.
 * @returns the changes, a sentence each
 * @throws DuckDB's error for a segment that it cannot read
 */
export async function growForData(
  store: LoadStore,
  prepared: PreparedStream,
  segment: ReadableSegment,
  options: StoreOptions,
): Promise<string[]> {
  const { target } = prepared;
  const found = await store.reader(
    'looking for new fields',
    (reader) => undeclaredFields(reader, segment, target.columns),
    options,
  );
  if (found.length === 0) return [];
  const fitting = found.slice(0, Math.max(0, MAX_COLUMNS - target.columns.length));
  const notes: string[] = [];
  if (fitting.length < found.length) {
    notes.push(
      `too many fields for a table: ${count(found.length - fitting.length, 'field')} not stored, such as ${namesOf(found.slice(fitting.length))}`,
    );
  }
  if (fitting.length === 0) return notes;
  target.columns = await store.transaction(
    'adding columns',
    async (connection) => {
      const taken = reservedColumns(connection.dialect);
      for (const { column } of target.columns) taken.add(foldName(column));
      const added = fitting.map(
        ({ field, type }): Column => ({
          field,
          column: uniqueName(columnName(field), taken, connection.dialect.nameBytes),
          type,
          undeclared: true,
        }),
      );
      const current = await tablesInUse(connection, target);
      for (const path of current.paths) for (const column of added) await addColumn(connection, path, column);
      const reported = added.length > MAX_NOTES ? added.slice(0, MAX_NOTES - 1) : added;
      notes.push(
        ...reported.map(
          ({ field, column, type }) =>
            `the field "${field}" is not in the schema: the column "${column}" (${type}) was added`,
        ),
      );
      if (reported.length < added.length) {
        const rest = added.slice(reported.length);
        notes.push(
          `${count(rest.length, 'more field', 'more fields')} not in the schema: columns were added for ${namesOf(rest)}`,
        );
      }
      return saveColumns(connection, prepared, [...target.columns, ...added], current.mapped);
    },
    options,
  );
  return notes;
}

/**
 * Gives columns, by index, another type.
 * @returns the changes, a sentence each
 */
export async function widenColumns(
  store: LoadStore,
  prepared: PreparedStream,
  widen: ReadonlyMap<number, ColumnType>,
  options: StoreOptions,
): Promise<string[]> {
  if (widen.size === 0) return [];
  const { target } = prepared;
  const notes: string[] = [];
  target.columns = await store.transaction(
    'widening columns',
    async (connection) => {
      const current = await tablesInUse(connection, target);
      const columns = exactColumns(prepared);
      const widened = [...target.columns];
      for (const [index, widerType] of widen) {
        const [old, present] = [columns[index], target.columns[index]];
        if (!old || !present) continue;
        let type = widerType;
        for (const path of current.paths) type = await typeForRows(connection, path, old, type);
        for (const path of current.paths) await changeType(connection, path, old, type);
        notes.push(`the column "${old.column}" became ${type}, because ${old.type} does not hold its values`);
        widened[index] = widenedColumn(present, type);
      }
      return saveColumns(connection, prepared, widened, current.mapped);
    },
    options,
  );
  return notes;
}

/** A column with an inferred type has no schema type to return to. */
function widenedColumn({ widenedFrom, ...column }: Column, type: ColumnType): Column {
  const before = widenedFrom ?? column.type;
  return {
    ...column,
    type,
    ...(type === 'JSON' || (column.undeclared && type !== 'VARCHAR') ? {} : { widenedFrom: before }),
  };
}

function namesOf(fields: readonly { readonly field?: string }[]): string {
  const names = fields.slice(0, 5).map(({ field }) => JSON.stringify(field));
  return fields.length > names.length ? `${names.join(', ')} and others` : names.join(', ');
}

/** The tables that the stream's records go to now, and whether the mapping is about them: not yet about a replacement. */
async function tablesInUse(
  connection: SqlConnection,
  { dataset, table }: StreamTable,
): Promise<{ paths: string[]; mapped: boolean }> {
  const replaces = await hasTable(connection, dataset, replacementTable(table));
  const pending = await hasTable(connection, dataset, pendingTable(table));
  const names = [replaces ? replacementTable(table) : table, ...(pending ? [pendingTable(table)] : [])];
  return { paths: names.map((name) => tablePath(dataset, name)), mapped: !replaces };
}

async function saveColumns(
  connection: SqlConnection,
  prepared: PreparedStream,
  columns: readonly Column[],
  mapped: boolean,
): Promise<readonly Column[]> {
  if (mapped) await saveStream(connection, { ...prepared, target: { ...prepared.target, columns } });
  return columns;
}
