/** Describes the fields of a spec, never a value of a configuration. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';

const TEXT_MAX = 160;
const LIST_MAX = 20;
/** Date and time formats of connectors; the first that matches a field's pattern is shown. */
const DATE_SAMPLES = [
  '2024-01-31T00:00:00Z',
  '2024-01-31',
  '2024-01-31T00:00:00.000Z',
  '2024-01-31T00:00:00.000000Z',
  '2024-01-31T00:00:00',
  '2024-01-31 00:00:00',
  '31-01-2024',
  '01/31/2024 00:00',
  '2024-01',
];

/** One branch of a `oneOf`, by the constant that chooses it. */
export interface Option {
  readonly title?: string;
  /** Field and value that choose it, such as `auth_type` and `oauth2.0`; absent if nothing distinguishes the branches. */
  readonly discriminator?: { readonly field: string; readonly value: JsonValue };
  readonly schema: JsonObject;
}

export function isSecret(schema: JsonObject): boolean {
  return schema.airbyte_secret === true || schema.airbyte_secret === 'true' || schema.format === 'password';
}

/** What a field is called, without markup: its title, or the first words of its description. */
export function plainText(value: JsonValue | undefined, max = TEXT_MAX): string | undefined {
  if (typeof value !== 'string') return undefined;
  const plain = withoutBareLinks(value)
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  if (plain === '') return undefined;
  return plain.length > max ? `${plain.slice(0, max - 1).trimEnd()}…` : plain;
}

/** Drops sentences that are useless without their link, such as "Find yours here." */
function withoutBareLinks(text: string): string {
  if (!BARE_LINK.test(text)) return text;
  return text
    .split(/(?<=[.!?])\s+|<br\s*\/?>/i)
    .filter((sentence) => !BARE_LINK.test(sentence))
    .join(' ');
}

const BARE_WORD =
  '(?:in )?(?:this |the |our |full )?(?:here|docs?|documentation|guide|link|page|article|website|setup guide)';
const BARE_LINK = new RegExp(`<a\\s[^>]*>\\s*${BARE_WORD}\\s*</a>|\\[\\s*${BARE_WORD}\\s*\\]\\([^)]*\\)`, 'i');

/** Values as they would be written in JSON, cut to a bounded list. */
export function valueList(values: readonly JsonValue[]): string {
  const shown = values.slice(0, LIST_MAX).map((value) => JSON.stringify(value));
  return values.length > LIST_MAX ? `${shown.join(', ')} and ${values.length - LIST_MAX} more` : shown.join(', ');
}

/** An example of a field that has its form, a date where the spec's own has not; never for a secret. The default is described elsewhere. */
export function exampleValue(schema: JsonObject): JsonValue | undefined {
  if (isSecret(schema)) return undefined;
  const { examples, example } = schema;
  const given = Array.isArray(examples) ? examples : [examples ?? example].filter((value) => value !== undefined);
  const [first] = given.filter((value) => typeof value !== 'string' || hasForm(schema, value));
  const chosen = first ?? dateExample(schema) ?? given[0];
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  if (isNumber && typeof chosen === 'string') return /^-?\d+(\.\d+)?$/.test(chosen) ? Number(chosen) : undefined;
  return schema.type === 'array' && chosen !== undefined && !Array.isArray(chosen) ? [chosen] : chosen;
}

/** The example, else the default, as it would be written in JSON. */
export function exampleText(schema: JsonObject): string | undefined {
  const value = exampleValue(schema) ?? (isSecret(schema) ? undefined : schema.default);
  return value === undefined || value === null ? undefined : plainText(JSON.stringify(value), 80);
}

function dateExample(schema: JsonObject): string | undefined {
  const { format, pattern } = schema;
  const isDate = format === 'date' || format === 'date-time';
  if (typeof pattern === 'string' ? !isDate && !/(\[0-9\]|\\d)\{[24]\}/.test(pattern) : !isDate) return undefined;
  if (typeof pattern !== 'string') return DATE_SAMPLES[format === 'date' ? 1 : 0];
  return DATE_SAMPLES.find((sample) => hasForm(schema, sample));
}

/** Whether a value has the form of a field's pattern; true if there is none, or one in another dialect. */
function hasForm({ pattern }: JsonObject, value: string): boolean {
  if (typeof pattern !== 'string') return true;
  try {
    return new RegExp(pattern).test(value);
  } catch {
    return true;
  }
}

/** The type of a field in words: `string`, `list of string`, `object`, `string or null`. */
export function typeText(schema: JsonObject): string {
  if (optionsOf(schema)) return 'object, one of several';
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? impliedType(schema)];
  return types
    .map((type) =>
      type === 'array' ? (isObject(schema.items) ? `list of ${typeText(schema.items)}` : 'list') : String(type),
    )
    .join(' or ');
}

function impliedType(schema: JsonObject): string {
  if (isObject(schema.properties)) return 'object';
  const constant = schema.const ?? (Array.isArray(schema.enum) ? schema.enum[0] : undefined);
  return constant === undefined || constant === null ? 'any' : typeof constant;
}

/** The branches of a `oneOf` or `anyOf`, or undefined if there is none. */
export function optionsOf(schema: JsonObject): Option[] | undefined {
  const list = Array.isArray(schema.oneOf) ? schema.oneOf : schema.anyOf;
  if (!Array.isArray(list)) return undefined;
  const branches = list.filter(isObject);
  const field = discriminatorOf(branches);
  return branches.map((branch) => ({
    title: plainText(branch.title, 80),
    discriminator: field === undefined ? undefined : { field, value: constantOf(branch, field) as JsonValue },
    schema: branch,
  }));
}

/** The field that has another constant in every branch. */
function discriminatorOf(branches: readonly JsonObject[]): string | undefined {
  const [first] = branches;
  if (!first || !isObject(first.properties)) return undefined;
  return Object.keys(first.properties).find((field) => {
    const values = branches.map((branch) => constantOf(branch, field));
    return (
      values.every((value) => value !== undefined) &&
      new Set(values.map((value) => JSON.stringify(value))).size === values.length
    );
  });
}

/** The only value that a branch allows at a field. */
export function constantOf(branch: JsonObject, field: string): JsonValue | undefined {
  const property = isObject(branch.properties) ? branch.properties[field] : undefined;
  if (!isObject(property)) return undefined;
  if (property.const !== undefined) return property.const;
  return Array.isArray(property.enum) && property.enum.length === 1 ? property.enum[0] : undefined;
}

/** A branch in one phrase: `auth_type "api_key" (API key; needs api_key)`. */
export function optionText({ title, discriminator, schema }: Option): string {
  const needs = requiredNames(schema).filter((name) => name !== discriminator?.field);
  const inner = [title, needs.length > 0 ? `needs ${needs.join(', ')}` : undefined].filter(Boolean).join('; ');
  const choice = discriminator ? `${discriminator.field} ${JSON.stringify(discriminator.value)}` : undefined;
  return choice ? (inner ? `${choice} (${inner})` : choice) : inner || typeText(schema);
}

export function requiredNames(schema: JsonObject): string[] {
  return Array.isArray(schema.required)
    ? schema.required.filter((name): name is string => typeof name === 'string')
    : [];
}
