/** The fields in which one configuration differs from another, and the way back. Pure. */
import { canonicalJson, isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';

export interface ChangedField {
  /** Keys from the root; never empty, never into an array. */
  readonly path: readonly string[];
  readonly value: JsonValue;
}

/** Fields of `after` that `before` lacks or has with another value; arrays are single values, a missing field is unchanged. */
export function changedFields(before: JsonObject, after: JsonObject, path: readonly string[] = []): ChangedField[] {
  return Object.entries(after).flatMap(([key, value]) => {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    const here = [...path, key];
    if (isObject(value) && Object.keys(value).length > 0 && (old === undefined || isObject(old))) {
      return changedFields(old ?? {}, value, here);
    }
    return old !== undefined && canonicalJson(old) === canonicalJson(value) ? [] : [{ path: here, value }];
  });
}

/** Later fields win over earlier ones that they replace or hold. */
export function withFields<Field extends ChangedField>(earlier: readonly Field[], later: readonly Field[]): Field[] {
  const isReplaced = ({ path }: Field): boolean =>
    later.some((other) => other.path.every((key, index) => path[index] === key));
  return [...earlier.filter((field) => !isReplaced(field)), ...later];
}

/** The configuration with the fields applied in their order; the input is not changed. */
export function layFields(config: JsonObject, fields: readonly ChangedField[]): JsonObject {
  return fields.reduce((merged, { path, value }) => layOne(merged, path, value), config);
}

function layOne(object: JsonObject, [key = '', ...rest]: readonly string[], value: JsonValue): JsonObject {
  const old = Object.hasOwn(object, key) ? object[key] : undefined;
  const inner = rest.length === 0 ? value : layOne(isObject(old) ? old : {}, rest, value);
  // Built from entries, so that a key such as __proto__ is an ordinary key.
  return Object.fromEntries([...Object.entries(object).filter(([other]) => other !== key), [key, inner]]);
}
