/** A short description of what a person must configure for a connector. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { exampleValue, isSecret, type Option, optionsOf, plainText, requiredNames, typeText } from './spec-describe.ts';

export interface FieldSummary {
  /** Path in the configuration, such as `credentials.api_key`; `accounts[].token` inside a list. */
  readonly path: string;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly secret: boolean;
  readonly default?: JsonValue;
  /** The first of them. */
  readonly allowed?: readonly JsonValue[];
  /** How many more there are. */
  readonly allowedMore?: number;
  readonly example?: JsonValue;
  /** Where one of several objects is to be written: each with the field and value that choose it, and what it needs. */
  readonly options?: readonly OptionSummary[];
}

export interface OptionSummary {
  readonly title?: string;
  readonly field?: string;
  readonly value?: JsonValue;
  readonly required: readonly FieldSummary[];
}

/** Deeper ones are left to the spec itself. */
const DEPTH_MAX = 6;
const ALLOWED_MAX = 30;

/** The required fields of a `connectionSpecification`, in the spec's own order; of an object, the required fields inside it. */
export function requiredFields(spec: JsonObject): FieldSummary[] {
  const inside = optionsOf(spec) ? [choiceField('(root)', spec, '', 0)] : [];
  return [...fieldsOf(spec, '', 0), ...inside];
}

/** The names of the fields at the top that may be left out. */
export function optionalFields(spec: JsonObject): string[] {
  const required = new Set(requiredNames(spec));
  return propertiesOf(spec).flatMap(([name, field]) =>
    required.has(name) || field.airbyte_hidden === true ? [] : [name],
  );
}

function fieldsOf(schema: JsonObject, prefix: string, depth: number, skip?: string): FieldSummary[] {
  const required = new Set(requiredNames(schema));
  const known = propertiesOf(schema).filter(([name]) => required.has(name) && name !== skip);
  const undescribed = [...required].filter((name) => name !== skip && !(name in object(schema.properties)));
  return [...known, ...undescribed.map((name): [string, JsonObject] => [name, {}])].flatMap(([name, field]) =>
    fieldsAt(`${prefix}${name}`, field, depth),
  );
}

function fieldsAt(path: string, field: JsonObject, depth: number): FieldSummary[] {
  if (depth >= DEPTH_MAX) return [summary(path, field)];
  if (optionsOf(field)) return [choiceField(path, field, `${path}.`, depth)];
  const inner = isObject(field.items)
    ? fieldsOf(field.items, `${path}[].`, depth + 1)
    : fieldsOf(field, `${path}.`, depth + 1);
  // An object that only holds required fields is described by them.
  return field.type === 'object' && inner.length > 0 ? inner : [summary(path, field), ...inner];
}

function choiceField(path: string, field: JsonObject, prefix: string, depth: number): FieldSummary {
  const options = (optionsOf(field) ?? []).map(({ title, discriminator, schema }: Option) => ({
    title,
    field: discriminator?.field,
    value: discriminator?.value,
    required: fieldsOf(schema, prefix, depth + 1, discriminator?.field),
  }));
  return { ...summary(path, field), options };
}

function summary(path: string, field: JsonObject): FieldSummary {
  return {
    path,
    type: typeText(field),
    title: plainText(field.title, 80),
    description: plainText(field.description),
    secret: isSecret(field),
    default: isSecret(field) ? undefined : field.default,
    allowed: Array.isArray(field.enum)
      ? field.enum.slice(0, ALLOWED_MAX)
      : field.const !== undefined
        ? [field.const]
        : undefined,
    allowedMore:
      Array.isArray(field.enum) && field.enum.length > ALLOWED_MAX ? field.enum.length - ALLOWED_MAX : undefined,
    example: exampleValue(field),
  };
}

/** Fields with a schema, by the spec's `order`, else as written. */
export function propertiesOf(schema: JsonObject): [string, JsonObject][] {
  return Object.entries(object(schema.properties))
    .filter((pair): pair is [string, JsonObject] => isObject(pair[1]))
    .sort(([, one], [, other]) => orderOf(one) - orderOf(other));
}

function orderOf(field: JsonObject): number {
  return typeof field.order === 'number' ? field.order : 1000;
}

function object(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
