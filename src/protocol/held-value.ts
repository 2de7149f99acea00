/** Stands in an outline of a configuration for a value that no answer may depend on. Pure. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { dottedPath, type FieldPath, fieldNames } from './spec-fields.ts';

const PREFIX = '\u0000held ';
const UNNAMED = `${PREFIX}unnamed `;

/** @param distinct tells this value from the others, so that a list of them holds no item twice */
export function heldValue(distinct: string): JsonValue {
  return PREFIX + distinct;
}

/** Whether a value, or one in it, is of an object whose keys are not shown either. */
export function holdsUnnamedValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnnamedValue);
  if (isObject(value)) return Object.values(value).some(holdsUnnamedValue);
  return typeof value === 'string' && value.startsWith(UNNAMED);
}

export function isHeldValue(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(PREFIX);
}

/** Whether the value is one, or holds one at any depth. */
export function holdsHeldValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsHeldValue);
  return isObject(value) ? Object.values(value).some(holdsHeldValue) : isHeldValue(value);
}

/**
 * The outline of an object that is secret as a whole: of its keys those that the spec lists by name, so that a missing one
 * is reported, and nothing of the others, which are values. An object whose keys the spec leaves open is one held value.
 */
export function heldOutline(value: JsonObject, spec: JsonObject, path: FieldPath = []): JsonObject {
  const listed = new Set(fieldNames(spec, path));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (!listed.has(key)) return [];
      const place = [...path, key];
      const hasNames = isObject(inner) && fieldNames(spec, place).length > 0;
      return [[key, hasNames ? heldOutline(inner, spec, place) : `${UNNAMED}${dottedPath(place)}`]];
    }),
  );
}
