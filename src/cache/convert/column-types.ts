/** JSON Schema to column types. */
import { definitionOf, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import type { ColumnType } from '../load/types.ts';

/** Airbyte's own type definitions. */
const WELL_KNOWN: ReadonlyMap<string, ColumnType> = new Map([
  ['String', 'VARCHAR'],
  ['BinaryData', 'VARCHAR'],
  ['Date', 'DATE'],
  ['TimestampWithTimezone', 'TIMESTAMPTZ'],
  ['TimestampWithoutTimezone', 'TIMESTAMPTZ'],
  ['TimeWithTimezone', 'TIME'],
  ['TimeWithoutTimezone', 'TIME'],
  ['Number', 'DOUBLE'],
  ['Integer', 'BIGINT'],
  ['Boolean', 'BOOLEAN'],
]);
const WELL_KNOWN_FILE = /(?:^|\/)WellKnownTypes\.json#\/definitions\/(\w+)$/;
const STRING_FORMATS: Record<string, ColumnType> = { date: 'DATE', 'date-time': 'TIMESTAMPTZ', time: 'TIME' };

/** The types that a value may have; undefined if the schema does not specify them. */
type Types = readonly ColumnType[] | undefined;

/**
 * The type of a column that holds every value of a property: text where a text is one of several possible types.
 * @param root the schema that its references are looked up in
 */
export function columnType(schema: JsonValue | undefined, root: JsonObject): ColumnType {
  return oneType(typesOf(schema, root, new Map()) ?? ['VARCHAR']);
}

function typesOf(schema: JsonValue | undefined, root: JsonObject, seen: Map<string, Types>): Types {
  if (!isObject(schema)) return undefined;
  if (typeof schema.$ref === 'string') {
    const known = WELL_KNOWN.get(WELL_KNOWN_FILE.exec(schema.$ref)?.[1] ?? '');
    if (known) return [known];
    // Each definition is read once, because references may be circular.
    if (!seen.has(schema.$ref)) {
      seen.set(schema.$ref, undefined);
      seen.set(schema.$ref, typesOf(definitionOf(schema.$ref, root), root, seen));
    }
    return seen.get(schema.$ref);
  }
  if (schema.type !== undefined) {
    const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => type !== 'null');
    return types.length === 0 ? undefined : types.map((type) => simpleType(type, schema));
  }
  const ofEach = (list: readonly JsonValue[]): Types[] => list.map((item) => typesOf(item, root, seen));
  const variants = [schema.oneOf, schema.anyOf].filter((list) => Array.isArray(list)).flat();
  const possible = variants.filter((variant) => !isNull(variant));
  if (possible.length > 0) return union(ofEach(possible));
  const parts = Array.isArray(schema.allOf) ? ofEach(schema.allOf).filter((types) => types !== undefined) : [];
  if (parts.length > 0) return union(parts);
  const values = Array.isArray(schema.enum) ? schema.enum : schema.const === undefined ? [] : [schema.const];
  if (values.length > 0) return union(values.filter((value) => value !== null).map((value) => [typeOf(value)]));
  return ['properties', 'additionalProperties', 'items'].some((key) => schema[key] !== undefined)
    ? ['JSON']
    : undefined;
}

/** Undefined where one of them may be anything, or there are none. */
function union(all: readonly Types[]): Types {
  const known = all.filter((types) => types !== undefined);
  return known.length < all.length || all.length === 0 ? undefined : known.flat();
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
    case 'object':
    case 'array':
      return 'JSON';
    default:
      return 'VARCHAR';
  }
}

function typeOf(value: JsonValue): ColumnType {
  if (typeof value === 'string') return 'VARCHAR';
  if (typeof value === 'number') return Number.isInteger(value) ? 'BIGINT' : 'DOUBLE';
  return typeof value === 'boolean' ? 'BOOLEAN' : 'JSON';
}

const TEXTS: readonly ColumnType[] = ['VARCHAR', 'DATE', 'TIMESTAMPTZ', 'TIME'];

function oneType(types: readonly ColumnType[]): ColumnType {
  const [first, ...others] = new Set(types);
  if (first === undefined) return 'VARCHAR';
  if (others.length === 0) return first;
  const all = [first, ...others];
  if (all.every((type) => type === 'BIGINT' || type === 'DOUBLE')) return 'DOUBLE';
  return all.some((type) => TEXTS.includes(type)) ? 'VARCHAR' : 'JSON';
}

function isNull(variant: JsonValue): boolean {
  return isObject(variant) && (variant.type === 'null' || variant.const === null);
}
