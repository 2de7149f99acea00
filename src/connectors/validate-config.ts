/** A configuration against a connector's spec: every problem, with the branch of a `oneOf` that was meant. */
import type { ErrorObject } from 'ajv';
import type { Problem } from '../errors.ts';
import {
  dottedPath,
  holdsHeldValue,
  holdsUnnamedValue,
  isHeldValue,
  isObject,
  type JsonObject,
} from '../protocol/index.ts';
import { type Option, optionsOf, optionText } from './spec-describe.ts';
import { partsOf, problemOf } from './spec-problems.ts';

const PROBLEMS_MAX = 50;

/**
 * Checks the outline of a configuration: a held value in it fits at any field.
 * @param spec the spec's `connectionSpecification`
 * @returns problems at paths such as `credentials.api_key`, without any value; empty when it fits
 * @throws ConnectorError `bad_spec` for a spec that is not a JSON Schema
 */
export async function validateAgainstSpec(spec: JsonObject, config: JsonObject): Promise<Problem[]> {
  const { schemaErrors } = await import('./spec-compile.ts');
  const errors = schemaErrors(spec, config);
  const chosen = withoutOtherBranches(withoutHeld(errors));
  const problems = chosen.map((item) => ('fix' in item ? item : problemOf(item))).filter((item) => item !== undefined);
  const distinct = new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem]));
  return [...distinct.values()].slice(0, PROBLEMS_MAX);
}

/** Without the errors of held values, and of the choices that only a held value decides. */
function withoutHeld(errors: readonly ErrorObject[]): ErrorObject[] {
  const isAboutHeld = ({ keyword, data }: ErrorObject): boolean =>
    isHeldValue(data) ||
    (COMPARING.has(keyword) && holdsHeldValue(data)) ||
    (COUNTING.has(keyword) && holdsUnnamedValue(data));
  let rest = errors.filter((error) => !isAboutHeld(error));
  if (rest.length === errors.length) return rest;
  // Inner ones first: if a held value decides them, they do not count for an outer one.
  const choices = rest.filter(({ keyword, data }) => CHOICES.has(keyword) && holdsHeldValue(data));
  for (const choice of choices.sort((one, other) => other.schemaPath.length - one.schemaPath.length)) {
    const options: unknown = choice.schema;
    const count = Array.isArray(options) ? options.length : 0;
    const fails = (_: unknown, branch: number): boolean =>
      rest.some((error) => isInBranch(error, choice, `${branch}/`));
    if (Array.from({ length: count }).every(fails)) continue;
    rest = rest.filter((error) => error !== choice && !isInBranch(error, choice));
  }
  return rest;
}

/** Keywords that compare the complete value. */
const COMPARING = new Set(['const', 'enum', 'uniqueItems', 'contains', 'not']);
/** Keywords that require more of an object than the keys that the spec lists. */
const COUNTING = new Set([
  'minProperties',
  'maxProperties',
  'propertyNames',
  'additionalProperties',
  'unevaluatedProperties',
]);
const CHOICES = new Set(['oneOf', 'anyOf']);

/** Whether an error is one of a branch of a choice, or of any. */
function isInBranch(error: ErrorObject, choice: ErrorObject, branch = ''): boolean {
  const at = choice.instancePath;
  return (
    error.schemaPath.startsWith(`${choice.schemaPath}/${branch}`) &&
    (error.instancePath === at || error.instancePath.startsWith(`${at}/`))
  );
}

/** Leaves of each `oneOf` only the errors of the intended branch; if unknown, one problem that lists all branches. */
function withoutOtherBranches(errors: readonly ErrorObject[]): (ErrorObject | Problem)[] {
  let rest: (ErrorObject | Problem)[] = [...errors];
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf');
  // Outer ones first: errors in a branch that was not meant are removed before they are looked at.
  for (const choice of [...choices].sort((one, other) => one.schemaPath.length - other.schemaPath.length)) {
    if (!rest.includes(choice)) continue;
    const options = optionsOf(isObject(choice.parentSchema) ? choice.parentSchema : {}) ?? [];
    const meant = branchMeant(options, choice.data);
    const inBranch = (item: ErrorObject | Problem, branch = ''): boolean =>
      'schemaPath' in item && isInBranch(item, choice, branch);
    const relevant = meant === undefined ? [] : rest.filter((item) => inBranch(item, `${meant}/`));
    const others = rest.filter((item) => item !== choice && !inBranch(item));
    // A value of the wrong type is reported once, by the field itself.
    const wrongType = others.some(
      (item) => 'keyword' in item && item.keyword === 'type' && item.instancePath === choice.instancePath,
    );
    rest = relevant.length > 0 ? [...others, ...relevant] : wrongType ? others : [...others, unchosen(choice, options)];
  }
  return rest;
}

/** The index of the branch whose constant the value has, or the only one of the value's type. */
function branchMeant(options: readonly Option[], data: unknown): number | undefined {
  if (isObject(data)) {
    const byConstant = options.findIndex(
      ({ discriminator }) => discriminator !== undefined && data[discriminator.field] === discriminator.value,
    );
    if (byConstant >= 0) return byConstant;
    if (options.some(({ discriminator }) => discriminator !== undefined)) return undefined;
  }
  const ofType = options.flatMap(({ schema }, index) => (acceptsType(schema, data) ? [index] : []));
  return ofType.length === 1 ? ofType[0] : undefined;
}

function acceptsType(schema: JsonObject, data: unknown): boolean {
  if (schema.type === undefined) return isObject(data) || !isObject(schema.properties);
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (data === null) return types.includes('null');
  if (Array.isArray(data)) return types.includes('array');
  if (typeof data === 'number') return types.includes('number') || types.includes('integer');
  return types.includes(typeof data);
}

function unchosen(choice: ErrorObject, options: readonly Option[]): Problem {
  const parts = partsOf(choice.instancePath);
  const path = dottedPath(parts) || '(root)';
  const several = Array.isArray((choice.params as { passingSchemas?: unknown }).passingSchemas);
  const field = options.find(({ discriminator }) => discriminator)?.discriminator?.field;
  const list = options.map(optionText).join('; ');
  if (several) {
    return { path, message: 'It fits more than one of the options.', fix: `Write the fields of one only: ${list}.` };
  }
  const message =
    field && isObject(choice.data) ? optionMessage(field, field in choice.data) : 'It fits none of the options.';
  return {
    path: field && isObject(choice.data) ? dottedPath([...parts, field]) : path,
    message,
    fix: `Choose one of: ${list}.`,
  };
}

function optionMessage(field: string, present: boolean): string {
  return present
    ? `The value of ${field} is not one of the options.`
    : `${field} is missing: it determines which option is meant.`;
}
