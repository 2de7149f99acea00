/** Ajv's errors as problems for people: where, what, and what to write. No value of the configuration is ever in them. */
import type { ErrorObject } from 'ajv';
import { distance } from 'fastest-levenshtein';
import type { Problem } from '../errors.ts';
import { dottedPath, type FieldPath, holdsUnnamedValue, isObject, type JsonObject } from '../protocol/index.ts';
import { exampleText, isSecret, optionsOf, optionText, plainText, typeText, valueList } from './spec-describe.ts';

/** The problem that one error stands for; undefined where another error says it better. */
export function problemOf(error: ErrorObject): Problem | undefined {
  const parts = partsOf(error.instancePath);
  const field: JsonObject = isObject(error.parentSchema) ? error.parentSchema : {};
  const params = error.params as Record<string, string | number | undefined>;
  const problem = (message: string, fix: string): Problem => ({
    path: dottedPath(parts) || '(root)',
    message,
    fix,
  });
  switch (error.keyword) {
    case 'required':
      return missing(parts, String(params.missingProperty), field, error.data);
    case 'additionalProperties':
      return unknownField(parts, String(params.additionalProperty), field);
    case 'type':
      return problem(
        `It is ${typeOfValue(error.data)}, but must be ${withArticle(typeText(field))}.`,
        typeFix(field, error.data),
      );
    case 'enum':
      return problem(
        'Its value is not one of those allowed.',
        `Write one of ${valueList(Array.isArray(field.enum) ? field.enum : [])}.`,
      );
    case 'const':
      return problem('Its value is not the one allowed.', `Write ${JSON.stringify(field.const)}.`);
    case 'pattern':
      return problem('Its value does not have the form that the connector needs.', patternFix(field));
    case 'format':
      // The field's own pattern, or the spec's own example, knows better than the name of a format.
      if (typeof field.pattern === 'string' || isExample(field, error.data)) return undefined;
      return problem(
        `Its value is not a valid ${params.format}.`,
        exampleFix(field, `Write ${withArticle(String(params.format))}.`),
      );
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return problem(
        `The number must be ${params.comparison} ${params.limit}.`,
        `Write a number ${params.comparison} ${params.limit}.`,
      );
    case 'multipleOf':
      return problem(
        `The number must be a multiple of ${params.multipleOf}.`,
        `Write a multiple of ${params.multipleOf}.`,
      );
    case 'minLength':
    case 'maxLength':
      return sized(problem, error.keyword, params.limit, 'character');
    case 'minItems':
    case 'maxItems':
      return sized(problem, error.keyword, params.limit, 'item');
    case 'minProperties':
    case 'maxProperties':
      return sized(problem, error.keyword, params.limit, 'field');
    case 'uniqueItems':
      return problem(
        'The list holds an item twice.',
        `Remove item ${Number(params.j) + 1} or item ${Number(params.i) + 1}.`,
      );
    case 'dependencies':
    case 'dependentRequired':
      return {
        path: dottedPath([...parts, String(params.missingProperty)]),
        message: `It is missing, and ${params.property} needs it.`,
        fix: `Add it, or remove ${params.property}.`,
      };
    case 'if':
      return undefined;
    default:
      return problem(
        `It does not fit the connector's specification (${error.keyword}).`,
        'Compare it with get_connector_info and include ["spec"].',
      );
  }
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
  // A field that the spec does not know and that almost bears the name is probably the one meant.
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
  // The work grows with the product of the lengths; longer names are nobody's.
  const comparable = name.length > MAX_COMPARED ? [] : candidates.filter(({ length }) => length <= MAX_COMPARED);
  return comparable
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ far }) => far <= slack)
    .sort((one, other) => one.far - other.far)[0]?.candidate;
}

function sized(
  problem: (message: string, fix: string) => Problem,
  keyword: string,
  limit: string | number | undefined,
  unit: string,
): Problem {
  const bound = `at ${keyword.startsWith('min') ? 'least' : 'most'} ${limit} ${unit}${Number(limit) === 1 ? '' : 's'}`;
  return problem(`It must have ${bound}.`, `Write ${bound}.`);
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
