/** Secrets that a configuration lacks and a person still has to enter. Pure. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { type FieldPath, isRuledOut, isSecret } from './spec-fields.ts';

export interface MissingSecret {
  readonly path: FieldPath;
  readonly required: boolean;
}

const MAX_DEPTH = 32;

/** Text fields for secrets that have no value, in every branch of the spec that the configuration chooses. */
export function missingSecrets(spec: JsonObject, config: JsonObject): MissingSecret[] {
  const found = new Map<string, MissingSecret>();
  collect(spec, config, [], (missing) => {
    const key = JSON.stringify(missing.path);
    if (!found.get(key)?.required) found.set(key, missing);
  });
  return [...found.values()];
}

/** A copy with an empty text at each path, and the objects on the way to it. */
export function withEmptyTexts(config: JsonObject, paths: readonly FieldPath[]): JsonObject {
  return paths.reduce<JsonObject>((filled, path) => withEmptyText(filled, path) as JsonObject, config);
}

function withEmptyText(value: JsonValue | undefined, [part, ...rest]: FieldPath): JsonValue {
  if (part === undefined) return '';
  if (Array.isArray(value)) return value.map((item, index) => (index === part ? withEmptyText(item, rest) : item));
  const object = isObject(value) ? value : {};
  return { ...object, [part]: withEmptyText(object[part], rest) };
}

function collect(schema: JsonObject, value: JsonValue, path: FieldPath, tell: (missing: MissingSecret) => void): void {
  if (path.length > MAX_DEPTH) return;
  for (const branch of chosenBranches(schema, value)) collect(branch, value, path, tell);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (isObject(items)) for (const [index, item] of value.entries()) collect(items, item, [...path, index], tell);
    return;
  }
  if (!isObject(value) || !isObject(schema.properties)) return;
  const required = Array.isArray(schema.required) ? schema.required : [];
  for (const [key, child] of Object.entries(schema.properties)) {
    if (!isObject(child)) continue;
    const inner = [...path, key];
    if (Object.hasOwn(value, key)) collect(child, value[key] ?? null, inner, tell);
    else if (isSecret(child) && isText(child)) tell({ path: inner, required: required.includes(key) });
    else if (required.includes(key)) collect(child, {}, inner, tell);
  }
}

/** No branch where the configuration does not select one. */
function chosenBranches(schema: JsonObject, value: JsonValue): JsonObject[] {
  const one = (list: JsonValue | undefined): JsonObject[] => {
    const branches = objects(list);
    const fitting = isObject(value) ? branches.filter((branch) => !isRuledOut(branch, value)) : branches;
    return fitting.length === 1 ? fitting : [];
  };
  return [...objects(schema.allOf), ...one(schema.oneOf), ...one(schema.anyOf)];
}

function isText({ type }: JsonObject): boolean {
  return type === undefined || [type].flat().includes('string');
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
