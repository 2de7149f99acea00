/** A spec for a part of a configuration: nothing is required, and no branch must be the only one. */
import { isObject, type JsonObject, type JsonValue } from '../../../protocol/index.ts';

/** Keywords that require other fields. */
const DROPPED = new Set([
  'required',
  'minProperties',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'not',
]);
const MAPS = new Set(['properties', 'patternProperties', 'definitions', '$defs']);
const SCHEMAS = new Set(['items', 'prefixItems', 'additionalItems', 'additionalProperties', 'allOf', 'anyOf', 'oneOf']);

export function loosened(spec: JsonObject): JsonObject {
  const remaining = Object.entries(spec).filter(([key]) => !DROPPED.has(key));
  const { oneOf, ...rest } = Object.fromEntries(
    remaining.map(([key, value]) => [
      key,
      MAPS.has(key) ? eachSchema(value) : SCHEMAS.has(key) ? schemaOf(value) : value,
    ]),
  );
  if (oneOf === undefined) return rest;
  if (rest.anyOf === undefined) return { ...rest, anyOf: oneOf };
  return { ...rest, allOf: [...(Array.isArray(rest.allOf) ? rest.allOf : []), { anyOf: oneOf }] };
}

function eachSchema(value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, schemaOf(schema)]));
}

function schemaOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(schemaOf);
  return isObject(value) ? loosened(value) : value;
}
