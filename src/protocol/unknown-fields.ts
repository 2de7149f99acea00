/** Fields of a configuration that a spec does not have: typing mistakes that schemas accept and connectors ignore. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { nearest } from './nearest.ts';
import { dottedPath, type FieldPath, fieldNames, fieldsAt } from './spec-fields.ts';

export interface UnknownField {
  /** Dotted. */
  readonly path: string;
  /** The field that is probably meant; absent if the spec has none there. */
  readonly near?: string | undefined;
}

const MAX_COUNT = 20;

/** Skips the content of unknown fields, and objects whose keys the spec leaves to the user. */
export function unknownFields(spec: JsonObject, config: JsonObject): UnknownField[] {
  const found: UnknownField[] = [];
  const walk = (value: JsonValue, path: FieldPath): void => {
    if (found.length >= MAX_COUNT) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, [...path, index]);
      return;
    }
    if (!isObject(value) || (path.length > 0 && fieldsAt(spec, path, config).freeForm)) return;
    const names = fieldNames(spec, path);
    if (names.length === 0) return;
    for (const [key, item] of Object.entries(value)) {
      const inner = [...path, key];
      if (fieldsAt(spec, inner, config).known) walk(item, inner);
      else found.push({ path: dottedPath(inner), near: nearest(key, names, 1)[0] });
    }
  };
  walk(config, []);
  return found.slice(0, MAX_COUNT);
}
