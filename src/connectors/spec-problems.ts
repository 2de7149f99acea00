/** Turns Ajv's errors into problems for people: path, message and fix. They never contain a value of the configuration. */
import type { ErrorObject } from 'ajv';
import { distance } from 'fastest-levenshtein';
import type { Problem } from '../errors.ts';
import { dottedPath, type FieldPath, holdsUnnamedValue, isObject, type JsonObject } from '../protocol/index.ts';
import { exampleText, isSecret, optionsOf, optionText, plainText, typeText, valueList } from './spec-describe.ts';

/** What a problem is written from: the error, its schema, and where it is. */
interface Failure {
  readonly error: ErrorObject;
  readonly parts: FieldPath;
  /** The schema of the field. */
  readonly field: JsonObject;
  readonly params: Readonly<Record<string, string | number | undefined>>;
}

/** Describes a failure as a complete problem, or as the text of one at the failure's own path. */
type Describe = (failure: Failure) => Problem | Omit<Problem, 'path'> | undefined;

/** The problem to report for one error; undefined if another error reports it better. */
export function problemOf(error: ErrorObject): Problem | undefined {
  const parts = partsOf(error.instancePath);
  const field: JsonObject = isObject(error.parentSchema) ? error.parentSchema : {};
  const describe = Object.hasOwn(DESCRIPTIONS, error.keyword) ? DESCRIPTIONS[error.keyword] : unknownKeyword;
  const problem = describe?.({ error, parts, field, params: error.params as Failure['params'] });
  return problem && { path: dottedPath(parts) || '(root)', ...problem };
}

/** By Ajv's keyword. */
const DESCRIPTIONS: Readonly<Record<string, Describe>> = {
  required: ({ error, parts, field, params }) => missing(parts, String(params.missingProperty), field, error.data),
  additionalProperties: ({ parts, field, params }) => unknownField(parts, String(params.additionalProperty), field),
  type: ({ error, field }) => ({
    message: `It is ${typeOfValue(error.data)}, but must be ${withArticle(typeText(field))}.`,
    fix: typeFix(field, error.data),
  }),
  enum: ({ field }) => ({
    message: 'Its value is not one of those allowed.',
    fix: `Write one of ${valueList(Array.isArray(field.enum) ? field.enum : [])}.`,
  }),
  const: ({ field }) => ({
    message: 'Its value is not the one allowed.',
    fix: `Write ${JSON.stringify(field.const)}.`,
  }),
  pattern: ({ field }) => ({
    message: 'Its value does not have the form that the connector needs.',
    fix: patternFix(field),
  }),
  format: wrongFormat,
  minimum: outOfRange,
  maximum: outOfRange,
  exclusiveMinimum: outOfRange,
  exclusiveMaximum: outOfRange,
  multipleOf: ({ params }) => ({
    message: `The number must be a multiple of ${params.multipleOf}.`,
    fix: `Write a multiple of ${params.multipleOf}.`,
  }),
  minLength: (failure) => wrongSize(failure, 'character'),
  maxLength: (failure) => wrongSize(failure, 'character'),
  minItems: (failure) => wrongSize(failure, 'item'),
  maxItems: (failure) => wrongSize(failure, 'item'),
  minProperties: (failure) => wrongSize(failure, 'field'),
  maxProperties: (failure) => wrongSize(failure, 'field'),
  uniqueItems: ({ params }) => ({
    message: 'The list contains an item twice.',
    fix: `Remove item ${Number(params.j) + 1} or item ${Number(params.i) + 1}.`,
  }),
  dependencies: missingDependency,
  dependentRequired: missingDependency,
  // The errors of its branches are reported.
  if: () => undefined,
};

function unknownKeyword({ error }: Failure): Omit<Problem, 'path'> {
  return {
    message: `It does not fit the connector's specification (${error.keyword}).`,
    fix: 'Compare it with get_connector_info and include ["spec"].',
  };
}

function wrongFormat({ error, field, params }: Failure): Omit<Problem, 'path'> | undefined {
  // The field's own pattern, or the spec's own example, is more exact than the name of a format.
  if (typeof field.pattern === 'string' || isExample(field, error.data)) return undefined;
  return {
    message: `Its value is not a valid ${params.format}.`,
    fix: exampleFix(field, `Write ${withArticle(String(params.format))}.`),
  };
}

function outOfRange({ params }: Failure): Omit<Problem, 'path'> {
  const range = `${params.comparison} ${params.limit}`;
  return { message: `The number must be ${range}.`, fix: `Write a number ${range}.` };
}

function wrongSize({ error, params }: Failure, unit: string): Omit<Problem, 'path'> {
  const bound = `at ${error.keyword.startsWith('min') ? 'least' : 'most'} ${params.limit} ${unit}${Number(params.limit) === 1 ? '' : 's'}`;
  return { message: `It must have ${bound}.`, fix: `Write ${bound}.` };
}

function missingDependency({ parts, params }: Failure): Problem {
  return {
    path: dottedPath([...parts, String(params.missingProperty)]),
    message: `It is missing, and ${params.property} needs it.`,
    fix: `Add it, or remove ${params.property}.`,
  };
}

/** `/credentials/keys/0` as the parts of a path. */
export function partsOf(pointer: string): FieldPath {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : part));
}

function missing(parts: FieldPath, name: string, parent: JsonObject, data: unknown): Problem {
  const properties = isObject(parent.properties) ? parent.properties : {};
  const field = isObject(properties[name]) ? properties[name] : {};
  const title = plainText(field.title, 80);
  const label = title && title.toLowerCase() !== name.toLowerCase().replaceAll('_', ' ') ? ` (${title})` : '';
  const description = plainText(field.description);
  // A field that is not in the spec and has almost this name is probably the one meant.
  const typo = isObject(data)
    ? nearest(
        name,
        Object.keys(data).filter((key) => !(key in properties) && !holdsUnnamedValue(data[key])),
      )
    : undefined;
  const hints = [typo ? `Is it written as ${JSON.stringify(typo)}? Rename it to ${name}.` : undefined, description];
  return {
    path: dottedPath([...parts, name]),
    message: `A required field${label} is missing.`,
    fix: [valueFix(field), ...hints].filter(Boolean).join(' '),
  };
}

function valueFix(field: JsonObject): string {
  const options = optionsOf(field);
  if (options) return `Add an object, one of: ${options.map(optionText).join('; ')}.`;
  if (isSecret(field)) return 'Write "secret_reference::NAME" with the NAME of a secret from list_secrets.';
  if (field.const !== undefined) return `Write ${JSON.stringify(field.const)}.`;
  if (Array.isArray(field.enum)) return `Write one of ${valueList(field.enum)}.`;
  return exampleFix(field, `Add ${withArticle(typeText(field))}.`);
}

function exampleFix(field: JsonObject, fix: string): string {
  const example = exampleText(field);
  return example === undefined ? fix : `${fix.replace(/\.$/, '')}, such as ${example}.`;
}

function typeFix(field: JsonObject, data: unknown): string {
  const options = optionsOf(field);
  if (options) return `Write an object, one of: ${options.map(optionText).join('; ')}.`;
  const types = Array.isArray(field.type) ? field.type : [field.type];
  if (typeof data === 'string' && types.some((type) => type === 'integer' || type === 'number' || type === 'boolean')) {
    return `Write it without quotes${exampleText(field) ? `, such as ${exampleText(field)?.replace(/^"(.*)"$/, '$1')}` : ''}.`;
  }
  if (types.includes('array') && typeof data !== 'object') return 'Put it into a list: [...].';
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) return 'Put it in quotes.';
  return exampleFix(field, `Write ${withArticle(typeText(field))}.`);
}

function patternFix(field: JsonObject): string {
  const descriptor = plainText(field.pattern_descriptor, 120);
  const form = descriptor ? `Write it as ${descriptor}` : `It must match the pattern ${plainText(field.pattern, 200)}`;
  return exampleFix(field, `${form}.`);
}

function isExample(field: JsonObject, data: unknown): boolean {
  const examples = Array.isArray(field.examples) ? field.examples : [field.examples];
  return [...examples, field.default].includes(data as string);
}

function unknownField(parts: FieldPath, name: string, parent: JsonObject): Problem {
  const known = Object.keys(isObject(parent.properties) ? parent.properties : {});
  const near = nearest(name, known);
  const list = known.length > 0 ? ` Known: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}.` : '';
  return {
    path: dottedPath([...parts, name]),
    message: 'The connector has no such field.',
    fix: near ? `Did you mean ${near}? Otherwise remove it.` : `Remove it.${list}`,
  };
}

const MAX_COMPARED = 200;

function nearest(name: string, candidates: readonly string[]): string | undefined {
  const slack = Math.max(1, Math.floor(name.length / 3));
  // The work grows with the product of the lengths; no connector has longer names.
  const comparable = name.length > MAX_COMPARED ? [] : candidates.filter(({ length }) => length <= MAX_COMPARED);
  return comparable
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ far }) => far <= slack)
    .sort((one, other) => one.far - other.far)[0]?.candidate;
}

function withArticle(type: string): string {
  if (type === 'any' || type === 'null') return type === 'any' ? 'a value' : type;
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function typeOfValue(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'an object';
  return `a ${typeof data}`;
}
