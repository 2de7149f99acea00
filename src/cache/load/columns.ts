/** The columns of a stream, from its schema and from the stored mapping. */
import { isObject, type JsonObject, propertiesOf } from '../../protocol/index.ts';
import { columnType } from '../convert/column-types.ts';
import type { Dialect } from '../sql.ts';
import { columnName, foldName, reservedColumns, uniqueName } from './names.ts';
import type { Column, ColumnType, PreparedStream, StreamRequest } from './types.ts';

/**
 * The columns that a stream's schema requires; a known field keeps its column name.
 * @param into fields that contain a key or a cursor
 */
export function columnsOf(
  schema: JsonObject,
  dialect: Pick<Dialect, 'nameBytes' | 'systemColumns'>,
  known: readonly Column[] = [],
  into: ReadonlySet<string> = new Set(),
): Column[] {
  const { nameBytes } = dialect;
  const taken = reservedColumns(dialect);
  for (const { column } of known) taken.add(foldName(column));
  const properties = new Map([...propertiesOf(schema)].map(([key, value]) => [wellFormed(key), value]));
  if (properties.size === 0) {
    const record = known.find(({ field }) => field === undefined);
    return [{ column: record?.column ?? uniqueName('data', taken, nameBytes), type: 'JSON' }];
  }
  return [...properties].map(([field, property]) => {
    const description = isObject(property) && typeof property.description === 'string' ? property.description : '';
    return {
      field,
      column: known.find((other) => other.field === field)?.column ?? uniqueName(columnName(field), taken, nameBytes),
      type: into.has(field) ? 'JSON' : columnType(property, schema),
      ...(description === '' ? {} : { description: wellFormed(description.slice(0, 1000)) }),
    };
  });
}

/** The fields in which a key or the cursor is nested: the path leads into their column. */
export function fieldsWithPaths({
  primaryKey,
  cursorField,
}: Pick<StreamRequest, 'primaryKey' | 'cursorField'>): Set<string> {
  return new Set(
    [...primaryKey, cursorField].flatMap(([first, ...rest]) => (first !== undefined && rest.length > 0 ? [first] : [])),
  );
}

/** The stream's columns. Those of the key and of the cursor are exact: they must hold the values as sent. */
export function exactColumns({ target, primaryKey, cursorField, mode }: PreparedStream): Column[] {
  const fields = new Set(primaryKey.map(([first]) => first));
  if (mode === 'incremental_deduped_history' && cursorField[0] !== undefined) fields.add(cursorField[0]);
  // A stream without a schema has its key in the record column.
  const isExact = ({ field }: Column): boolean => (field === undefined ? fields.size > 0 : fields.has(field));
  return target.columns.map((column) => (isExact(column) ? { ...column, exact: true } : column));
}

/** Replaces lone surrogates, which the databases cannot store. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** The type of a column with rows after its schema has changed; `lossless` is whether its integers fit a double. */
export function widenedType(old: ColumnType, requested: ColumnType, lossless: boolean): ColumnType {
  if (old === requested || old === 'JSON' || requested === 'JSON') return old === requested ? old : 'JSON';
  if (old === 'VARCHAR' || requested === 'VARCHAR') return 'VARCHAR';
  const pair = `${old}>${requested}`;
  if (pair === 'DOUBLE>BIGINT' || pair === 'DOUBLE>HUGEINT') return 'DOUBLE';
  if (pair === 'BIGINT>HUGEINT' || pair === 'HUGEINT>BIGINT') return 'HUGEINT';
  if (pair === 'BIGINT>DOUBLE' || pair === 'HUGEINT>DOUBLE') return lossless ? 'DOUBLE' : 'VARCHAR';
  if (pair === 'DATE>TIMESTAMPTZ' || pair === 'TIMESTAMPTZ>DATE') return 'TIMESTAMPTZ';
  return 'VARCHAR';
}
