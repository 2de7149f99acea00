/** Placeholders in the outline of a configuration, for values that no answer may depend on. Pure. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { dottedPath, type FieldPath, fieldNames } from './spec-fields.ts';

const PREFIX = '\u0000held ';
const UNNAMED = `${PREFIX}unnamed `;

/** @param distinct makes this value unique, so that a list of them has no duplicates */
export function heldValue(distinct: string): JsonValue {
  return PREFIX + distinct;
}

/** Whether a value, or one nested in it, belongs to an object whose keys are not shown either. */
export function holdsUnnamedValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnnamedValue);
  if (isObject(value)) return Object.values(value).some(holdsUnnamedValue);
  return typeof value === 'string' && value.startsWith(UNNAMED);
}

export function isHeldValue(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(PREFIX);
}

/** Whether the value is a placeholder, or contains one at any depth. */
export function holdsHeldValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsHeldValue);
  return isObject(value) ? Object.values(value).some(holdsHeldValue) : isHeldValue(value);
}

/**
 * The outline of an object that is entirely secret: only the keys that the spec lists by name, so that a missing one
 * is reported; other keys are data. An object whose keys the spec leaves open becomes one placeholder.
 */
export function heldOutline(value: JsonObject, spec: JsonObject, path: FieldPath = []): JsonObject {
  const listed = new Set(fieldNames(spec, path));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (!listed.has(key)) return [];
      const location = [...path, key];
      const hasNames = isObject(inner) && fieldNames(spec, location).length > 0;
      return [[key, hasNames ? heldOutline(inner, spec, location) : `${UNNAMED}${dottedPath(location)}`]];
    }),
  );
}
