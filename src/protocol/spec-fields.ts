/** Facts of a connector's spec about a path in a configuration. Pure; tolerates invalid specs. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';

export type FieldPath = readonly (string | number)[];

export interface FieldFacts {
  /** Whether any branch of the spec declares this path. */
  readonly known: boolean;
  /** Whether any branch that the configuration does not rule out marks it, or an object around it, `airbyte_secret`. */
  readonly secret: boolean;
  /** JSON Schema types that are valid here; empty when any type is. */
  readonly types: readonly string[];
  /** Whether it is, or is inside, an object whose keys the spec leaves to the user. */
  readonly freeForm: boolean;
}

const MAX_DEPTH = 32;

/**
 * Facts about one path. Branches of `oneOf` and `anyOf` are chosen by their constant fields where `config` has them;
 * where no choice can be made, or the chosen branch does not declare the path, all of them count.
 */
export function fieldsAt(spec: JsonObject, path: FieldPath, config?: JsonValue): FieldFacts {
  const chosen = walk(spec, path, config, true);
  return chosen.known ? chosen : walk(spec, path, config, false);
}

/** Dotted paths of all secret fields, sorted: `credentials.api_key`, `accounts[].token`, `headers{}` for any key. */
export function secretFields(spec: JsonObject): string[] {
  const found = new Set<string>();
  collect(spec, '', found, 0);
  return [...found].sort();
}

/** `credentials.accounts[0].token`, with keys that are not plain words in brackets. */
export function dottedPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (/^[\w-]+$/.test(part)) return text === '' ? part : `${text}.${part}`;
    return `${text}[${JSON.stringify(part.slice(0, 80))}]`;
  }, '');
}

interface SpecLocation {
  readonly schema: JsonObject;
  readonly secret: boolean;
  readonly freeForm: boolean;
}

/** Names of the fields that the object at this path can have, by any branch of the spec. */
export function fieldNames(spec: JsonObject, path: FieldPath): string[] {
  const { locations } = locationsAt(spec, path, undefined, false);
  const names = locations.flatMap(({ schema }) => (isObject(schema.properties) ? Object.keys(schema.properties) : []));
  return [...new Set(names)];
}

function walk(spec: JsonObject, path: FieldPath, config: JsonValue | undefined, choose: boolean): FieldFacts {
  const { locations, inherited } = locationsAt(spec, path, config, choose);
  return {
    known: locations.length > 0,
    secret: inherited.secret || locations.some((location) => location.secret),
    types: typesOf(locations),
    freeForm: inherited.freeForm || locations.some((location) => location.freeForm || isFreeForm(location.schema)),
  };
}

function locationsAt(spec: JsonObject, path: FieldPath, config: JsonValue | undefined, choose: boolean) {
  let value = config;
  let locations = expand({ schema: spec, secret: isSecret(spec), freeForm: false }, value, choose, 0);
  let inherited = { secret: false, freeForm: false };
  for (const part of path) {
    inherited = {
      secret: inherited.secret || locations.some((location) => location.secret),
      freeForm: inherited.freeForm || locations.some((location) => location.freeForm || isFreeForm(location.schema)),
    };
    value = childOf(value, part);
    const next = value;
    locations = locations
      .flatMap((location) => children(location, part))
      .flatMap((location) => expand(location, next, choose, 0));
  }
  return { locations, inherited };
}

function childOf(value: JsonValue | undefined, part: string | number): JsonValue | undefined {
  if (Array.isArray(value)) return typeof part === 'number' ? value[part] : undefined;
  return isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}

/** A schema together with the branches of its `allOf`, `anyOf` and `oneOf`. */
function expand(location: SpecLocation, value: JsonValue | undefined, choose: boolean, depth: number): SpecLocation[] {
  const { schema } = location;
  if (depth > MAX_DEPTH) return [location];
  const branches = [
    ...objects(schema.allOf),
    ...chosenBranches(objects(schema.anyOf), value, choose),
    ...chosenBranches(objects(schema.oneOf), value, choose),
  ];
  // A branch inherits the mark of its schema.
  return [
    location,
    ...branches.flatMap((branch) =>
      expand({ ...location, schema: branch, secret: location.secret || isSecret(branch) }, value, choose, depth + 1),
    ),
  ];
}

function chosenBranches(branches: JsonObject[], value: JsonValue | undefined, choose: boolean): JsonObject[] {
  if (!choose || !isObject(value)) return branches;
  const fitting = branches.filter((branch) => !isRuledOut(branch, value));
  return fitting.length > 0 ? fitting : branches;
}

/** Whether a field that can only hold one value holds another. */
export function isRuledOut(branch: JsonObject, value: JsonObject): boolean {
  if (!isObject(branch.properties)) return false;
  return Object.entries(branch.properties).some(([key, schema]) => {
    const only = isObject(schema) ? onlyValue(schema) : undefined;
    return only !== undefined && Object.hasOwn(value, key) && value[key] !== only;
  });
}

function onlyValue(schema: JsonObject): JsonValue | undefined {
  if (schema.const !== undefined && typeof schema.const !== 'object') return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length === 1 && typeof schema.enum[0] !== 'object')
    return schema.enum[0];
  return undefined;
}

function children({ schema, secret, freeForm }: SpecLocation, part: string | number): SpecLocation[] {
  const childOf = (child: JsonValue | undefined, free = freeForm): SpecLocation[] =>
    isObject(child) ? [{ schema: child, secret: secret || isSecret(child), freeForm: free }] : [];
  if (typeof part === 'number') {
    const tuple = Array.isArray(schema.items) ? schema.items : schema.prefixItems;
    if (!Array.isArray(tuple)) return childOf(schema.items);
    return tuple.length > part ? childOf(tuple[part]) : childOf(schema.additionalItems);
  }
  const { properties, patternProperties } = schema;
  const declared = isObject(properties) && Object.hasOwn(properties, part) ? childOf(properties[part]) : [];
  const patterns = isObject(patternProperties) ? Object.entries(patternProperties) : [];
  const matched = patterns.filter(([pattern]) => matches(pattern, part)).flatMap(([, child]) => childOf(child, true));
  if (declared.length + matched.length > 0) return [...declared, ...matched];
  return childOf(schema.additionalProperties, true);
}

/** An object without keys named by the spec. */
function isFreeForm(schema: JsonObject): boolean {
  if (!typeList(schema).includes('object') || schema.additionalProperties === false) return false;
  const named = ['properties', 'oneOf', 'anyOf', 'allOf'].some((key) => {
    const value = schema[key];
    return (isObject(value) && Object.keys(value).length > 0) || (Array.isArray(value) && value.length > 0);
  });
  return !named;
}

function typesOf(locations: readonly SpecLocation[]): string[] {
  const types = locations.flatMap(({ schema }) => {
    const listed = typeList(schema);
    if (listed.length > 0) return listed;
    if (isObject(schema.properties)) return ['object'];
    if (isObject(schema.items)) return ['array'];
    const values = schema.const !== undefined ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : [];
    return values.map(typeOf);
  });
  return [...new Set(types)].filter((type) => type !== 'null');
}

function typeList(schema: JsonObject): string[] {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.filter((type): type is string => typeof type === 'string');
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function matches(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern).test(key);
  } catch {
    // A pattern that is not a valid regular expression counts as a match, which is the safe assumption.
    return true;
  }
}

function collect(schema: JsonObject, path: string, found: Set<string>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (isSecret(schema)) found.add(path);
  const into = (child: JsonValue | undefined, childPath: string): void => {
    if (isObject(child)) collect(child, childPath, found, depth + 1);
  };
  for (const key of ['allOf', 'anyOf', 'oneOf']) for (const branch of objects(schema[key])) into(branch, path);
  if (isObject(schema.properties)) {
    for (const [key, child] of Object.entries(schema.properties)) into(child, path === '' ? key : `${path}.${key}`);
  }
  for (const child of [schema.items, schema.additionalItems].flat()) into(child, `${path}[]`);
  for (const child of objects(schema.prefixItems)) into(child, `${path}[]`);
  into(schema.additionalProperties, `${path}{}`);
  if (isObject(schema.patternProperties)) {
    for (const child of Object.values(schema.patternProperties)) into(child, `${path}{}`);
  }
}

/** Some specs write the mark as text. */
export function isSecret(schema: JsonObject): boolean {
  return schema.airbyte_secret === true || schema.airbyte_secret === 'true';
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
