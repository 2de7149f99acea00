/** Configurations to begin with, made from a spec. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { propertiesOf } from './required-fields.ts';
import { exampleValue, isSecret, type Option, optionsOf, requiredNames, typeText } from './spec-describe.ts';

/** The name of the secret to write at a field, by the field's key. */
export type NameFor = (key: string) => string;

/** Another way to set one field: the field and its value. */
export interface Alternative {
  readonly title: string;
  readonly config: JsonObject;
}

const DEPTH_MAX = 6;
/** Optional fields with these names are required in practice. */
const AUTHENTICATION = /^(credentials?|auth(entication|_method|_type)?)$/i;

/**
 * Required fields, the secrets that are optional and usual (a database's password), the first option of each choice, and
 * references instead of secrets.
 */
export function exampleConfig(spec: JsonObject, nameFor: NameFor): JsonObject {
  return skeleton(spec, optionsOf(spec)?.[0], nameFor, 0);
}

/** One for each further branch of the sign-in choice; empty if there is only one way. */
export function alternativeConfigs(spec: JsonObject, nameFor: NameFor): Alternative[] {
  const used = usualNames(spec);
  const [field, schema] =
    propertiesOf(spec).find(([name, inner]) => used.has(name) && (optionsOf(inner) ?? []).some(holdsSecret)) ?? [];
  if (field === undefined || schema === undefined) return [];
  return (optionsOf(schema) ?? []).slice(1).map((option) => ({
    title: option.title ?? String(option.discriminator?.value ?? 'another way'),
    config: { [field]: skeleton(schema, option, nameFor, 1) },
  }));
}

function holdsSecret({ schema }: Option): boolean {
  return propertiesOf(schema).some(([, field]) => isSecret(field));
}

function skeleton(schema: JsonObject, option: Option | undefined, nameFor: NameFor, depth: number): JsonObject {
  const used = new Set([...usualNames(schema), ...(option ? usualNames(option.schema) : [])]);
  // The field that chooses an option is always written, even if the spec does not require it.
  if (option?.discriminator) used.add(option.discriminator.field);
  const fields = [...propertiesOf(schema), ...(option ? propertiesOf(option.schema) : [])];
  return Object.fromEntries(
    fields
      .filter(([name]) => used.has(name))
      .map(([name, field]) => [name, placeholder(name, field, nameFor, depth + 1)]),
  );
}

/** The required fields; if none is secret, also the optional sign-in fields. */
function usualNames(schema: JsonObject): Set<string> {
  const names = new Set(requiredNames(schema));
  const fields = propertiesOf(schema).filter(([, field]) => field.airbyte_hidden !== true);
  const signsIn = ([name, field]: readonly [string, JsonObject]): boolean =>
    isSecret(field) || (AUTHENTICATION.test(name) && (optionsOf(field) ?? []).some(holdsSecret));
  if (fields.some((field) => names.has(field[0]) && signsIn(field))) return names;
  for (const field of fields.filter(signsIn)) names.add(field[0]);
  return names;
}

function placeholder(key: string, field: JsonObject, nameFor: NameFor, depth: number): JsonValue {
  if (isSecret(field)) return `secret_reference::${nameFor(key)}`;
  const options = optionsOf(field);
  if (depth < DEPTH_MAX && (options || isObject(field.properties)))
    return skeleton(field, options?.[0], nameFor, depth);
  const known = field.const ?? field.default ?? (Array.isArray(field.enum) ? field.enum[0] : exampleValue(field));
  if (known !== undefined && known !== null) return known;
  if (field.type === 'object') return {};
  if (field.type === 'array') return isObject(field.items) ? [placeholder(key, field.items, nameFor, depth + 1)] : [];
  return `<${typeText(field)}>`;
}
