/** Changes that a PATCH of Airbyte cannot make: it merges, so nothing is removed, and the fields of two branches would be mixed. */
import { isObject, type JsonObject, type JsonValue } from '../../../protocol/index.ts';

type Path = readonly string[];

/** Changes without their nulls, and the paths of these: null removes a field. */
export function withoutRemovals(changes: JsonObject): {
  readonly given: JsonObject;
  readonly removed: readonly Path[];
} {
  const removed: Path[] = [];
  const walk = (value: JsonObject, path: Path): JsonObject =>
    Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        if (item === null) removed.push([...path, key]);
        if (item === null) return [];
        return [[key, isObject(item) ? walk(item, [...path, key]) : item]];
      }),
    );
  return { given: walk(changes, []), removed };
}

/**
 * The complete configuration after the update.
 * @param present as Airbyte returns it, with its own masks; a PUT keeps the values behind them
 * @returns undefined if merging the changes has the same result
 */
export function completeConfig(
  spec: JsonObject,
  present: JsonObject,
  changes: JsonObject,
  removed: readonly Path[],
): JsonObject | undefined {
  const merged = mergeInto(spec, present, changes);
  if (!merged.switched && removed.length === 0) return undefined;
  const complete = structuredClone(merged.value);
  for (const path of removed) removeAt(complete, path);
  return complete;
}

interface Merged {
  readonly value: JsonObject;
  /** Whether an object has changed to another branch of its spec. */
  readonly switched: boolean;
}

function mergeInto(spec: JsonObject, present: JsonObject, changes: JsonObject): Merged {
  const branches = (Array.isArray(spec.oneOf) ? spec.oneOf : []).filter(isObject);
  const after = branches.find((branch) => fits(branch, changes));
  const stays = branches.some((branch) => fits(branch, present) && fits(branch, changes));
  if (after && !stays && branches.length > 1) return { value: inBranch(after, present, changes), switched: true };
  const branch = branches.find((each) => fits(each, present) && fits(each, changes)) ?? {};
  const fields = { ...propertiesOf(spec), ...propertiesOf(branch) };
  let switched = false;
  const entries = Object.entries(changes).map(([key, change]): [string, JsonValue] => {
    const before = Object.hasOwn(present, key) ? present[key] : undefined;
    if (!isObject(change) || !isObject(before)) return [key, change];
    const inner = mergeInto(isObject(fields[key]) ? fields[key] : {}, before, change);
    switched ||= inner.switched;
    return [key, inner.value];
  });
  return { value: { ...present, ...Object.fromEntries(entries) }, switched };
}

/** Keeps what both branches have, drops the rest of the old one, and adds the constant of the new one if the changes omit it. */
function inBranch(branch: JsonObject, present: JsonObject, changes: JsonObject): JsonObject {
  const fields = propertiesOf(branch);
  const remaining = Object.entries(present).filter(
    ([key]) => Object.hasOwn(fields, key) && fixedValue(fields[key]) === undefined,
  );
  const named = Object.entries(fields).flatMap(([key, field]) => {
    const value = fixedValue(field);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...Object.fromEntries(named), ...Object.fromEntries(remaining), ...changes };
}

/** Whether all given values fit this branch. */
function fits(branch: JsonObject, value: JsonObject): boolean {
  const fields = propertiesOf(branch);
  return Object.entries(value).every(([key, item]) => {
    if (!Object.hasOwn(fields, key)) return branch.additionalProperties === true;
    const fixed = fixedValue(fields[key]);
    return fixed === undefined || fixed === item;
  });
}

function propertiesOf(schema: JsonObject): JsonObject {
  return isObject(schema.properties) ? schema.properties : {};
}

/** The only value that a field can have. */
function fixedValue(field: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(field)) return undefined;
  if (field.const !== undefined) return field.const;
  return Array.isArray(field.enum) && field.enum.length === 1 ? field.enum[0] : undefined;
}

function removeAt(value: JsonObject, [key = '', ...rest]: Path): void {
  const inner = value[key];
  if (rest.length === 0) delete value[key];
  else if (isObject(inner)) removeAt(inner, rest);
}
