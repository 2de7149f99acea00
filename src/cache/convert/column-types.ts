/** JSON Schema to column types. */
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { ColumnType } from '../load/types.ts';

/** The names of Airbyte's own type definitions, used by `$ref`. */
const WELL_KNOWN: Record<string, ColumnType> = {
  String: 'VARCHAR',
  BinaryData: 'VARCHAR',
  Date: 'DATE',
  TimestampWithTimezone: 'TIMESTAMPTZ',
  TimestampWithoutTimezone: 'TIMESTAMPTZ',
  TimeWithTimezone: 'TIME',
  TimeWithoutTimezone: 'TIME',
  Number: 'DOUBLE',
  Integer: 'BIGINT',
  Boolean: 'BOOLEAN',
};
const STRING_FORMATS: Record<string, ColumnType> = { date: 'DATE', 'date-time': 'TIMESTAMPTZ', time: 'TIME' };

/** The column type of a property; what can be of several types is JSON. */
export function columnType(schema: JsonValue | undefined): ColumnType {
  if (!isObject(schema)) return 'JSON';
  if (typeof schema.$ref === 'string') return WELL_KNOWN[schema.$ref.split('/').at(-1) ?? ''] ?? 'JSON';
  const variants = [schema.oneOf, schema.anyOf].filter((list) => Array.isArray(list)).flat();
  if (variants.length > 0 && schema.type === undefined) {
    return oneType(variants.filter((variant) => !isNull(variant)).map(columnType));
  }
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => type !== 'null');
  return oneType(types.map((type) => simpleType(type, schema)));
}

function simpleType(type: JsonValue | undefined, schema: JsonObject): ColumnType {
  switch (type) {
    case 'integer':
      return 'BIGINT';
    case 'number':
      return schema.airbyte_type === 'integer' ? 'BIGINT' : 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'string':
      return (typeof schema.format === 'string' ? STRING_FORMATS[schema.format] : undefined) ?? 'VARCHAR';
    default:
      return 'JSON';
  }
}

function oneType(types: readonly ColumnType[]): ColumnType {
  const [first, ...others] = new Set(types);
  if (first === undefined) return 'JSON';
  if (others.length === 0) return first;
  const numeric = [first, ...others].every((type) => type === 'BIGINT' || type === 'DOUBLE');
  return numeric ? 'DOUBLE' : 'JSON';
}

function isNull(variant: JsonValue): boolean {
  return isObject(variant) && variant.type === 'null';
}
