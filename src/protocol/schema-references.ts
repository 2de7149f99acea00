/** Resolves references within a schema. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** The target of a reference like `#/definitions/X` in `root`; undefined if there is none, or it is outside of the schema. */
export function definitionOf(reference: string, root: JsonObject): JsonValue | undefined {
  if (!reference.startsWith('#')) return undefined;
  let found: JsonValue | undefined = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(found)) found = found[Number(key)];
    else if (isObject(found) && Object.hasOwn(found, key)) found = found[key];
    else return undefined;
  }
  return found;
}

/**
 * The properties of a stream's schema, including those of referenced and combined schemas. A property that several
 * of them have may match any of them.
 */
export function propertiesOf(schema: JsonObject): Map<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  collect(schema, schema, found, new Set());
  return found;
}

function collect(
  schema: JsonValue | undefined,
  root: JsonObject,
  found: Map<string, JsonValue>,
  seen: Set<string>,
): void {
  if (!isObject(schema)) return;
  if (typeof schema.$ref === 'string' && !seen.has(schema.$ref)) {
    seen.add(schema.$ref);
    collect(definitionOf(schema.$ref, root), root, found, seen);
  }
  for (const [key, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    const before = found.get(key);
    found.set(
      key,
      before === undefined
        ? property
        : { ...(isObject(property) ? describedBy(property) : {}), anyOf: [before, property] },
    );
  }
  for (const list of [schema.allOf, schema.oneOf, schema.anyOf]) {
    if (Array.isArray(list)) for (const part of list) collect(part, root, found, seen);
  }
}

function describedBy({ description }: JsonObject): JsonObject {
  return description === undefined ? {} : { description };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
