/** The columns of a stream: from its schema, and from what the mapping already holds. */
import { isObject, type JsonObject } from '../../protocol/index.ts';
import { columnType } from '../convert/column-types.ts';
import { columnName, foldName, reservedColumns, uniqueName } from './names.ts';
import type { Column, ColumnType } from './types.ts';

/** The columns that a stream's schema asks for; a field that is known keeps the column name it has. `nameBytes` is the longest name. */
export function columnsOf(schema: JsonObject, nameBytes: number, known: readonly Column[] = []): Column[] {
  const taken = reservedColumns();
  for (const { column } of known) taken.add(foldName(column));
  const properties = isObject(schema.properties) ? schema.properties : {};
  const fields = Object.keys(properties);
  if (fields.length === 0) {
    const whole = known.find(({ field }) => field === undefined);
    return [{ column: whole?.column ?? uniqueName('data', taken, nameBytes), type: 'JSON' }];
  }
  return fields.map((field) => {
    const property = properties[field];
    const description = isObject(property) && typeof property.description === 'string' ? property.description : '';
    return {
      field,
      column: known.find((other) => other.field === field)?.column ?? uniqueName(columnName(field), taken, nameBytes),
      type: columnType(property),
      ...(description === '' ? {} : { description: description.slice(0, 1000) }),
    };
  });
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
