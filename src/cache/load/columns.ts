/** The columns of a stream: from its schema, and from what the mapping already holds. */
import { isObject, type JsonObject, propertiesOf } from '../../protocol/index.ts';
import { columnType } from '../convert/column-types.ts';
import type { Dialect } from '../sql.ts';
import { columnName, foldName, reservedColumns, uniqueName } from './names.ts';
import type { Column, ColumnType, PreparedStream, StreamRequest } from './types.ts';

/**
 * The columns that a stream's schema asks for; a field that is known keeps the column name it has.
 * @param into fields that a key or a cursor lies in
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
    const whole = known.find(({ field }) => field === undefined);
    return [{ column: whole?.column ?? uniqueName('data', taken, nameBytes), type: 'JSON' }];
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

/** The fields in which a key or the cursor lies deeper: their column is one that a path leads into. */
export function fieldsWithPaths({
  primaryKey,
  cursorField,
}: Pick<StreamRequest, 'primaryKey' | 'cursorField'>): Set<string> {
  return new Set(
    [...primaryKey, cursorField].flatMap(([first, ...rest]) => (first !== undefined && rest.length > 0 ? [first] : [])),
  );
}

/** The stream's columns; those by which its rows are told apart or compared are to hold what was sent. */
export function exactColumns({ target, primaryKey, cursorField, mode }: PreparedStream): Column[] {
  const fields = new Set(primaryKey.map(([first]) => first));
  if (mode === 'incremental_deduped_history' && cursorField[0] !== undefined) fields.add(cursorField[0]);
  // A stream without a schema has its key in the whole record.
  const isExact = ({ field }: Column): boolean => (field === undefined ? fields.size > 0 : fields.has(field));
  return target.columns.map((column) => (isExact(column) ? { ...column, exact: true } : column));
}

/** Without halves of surrogate pairs: the database has no such texts. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** How a column with rows takes a type that the schema has changed: `lossless` says whether its integers fit a double. */
export function widenedType(old: ColumnType, wanted: ColumnType, lossless: boolean): ColumnType {
  if (old === wanted || old === 'JSON' || wanted === 'JSON') return old === wanted ? old : 'JSON';
  if (old === 'VARCHAR' || wanted === 'VARCHAR') return 'VARCHAR';
  const pair = `${old}>${wanted}`;
  if (pair === 'DOUBLE>BIGINT' || pair === 'DOUBLE>HUGEINT') return 'DOUBLE';
  if (pair === 'BIGINT>HUGEINT' || pair === 'HUGEINT>BIGINT') return 'HUGEINT';
  if (pair === 'BIGINT>DOUBLE' || pair === 'HUGEINT>DOUBLE') return lossless ? 'DOUBLE' : 'VARCHAR';
  if (pair === 'DATE>TIMESTAMPTZ' || pair === 'TIMESTAMPTZ>DATE') return 'TIMESTAMPTZ';
  return 'VARCHAR';
}
