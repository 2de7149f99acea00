/** Parses the arguments of a call, strict about names: an unknown one is an error that names it and the nearest known one. */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { InputError, type Problem } from '../errors.ts';
import type { AnyTool } from '../tools/index.ts';
import { checkSizes } from './argument-sizes.ts';
import { inputSchema, type JsonSchema } from './input-schema.ts';

/** Deeper than any configuration, and far below the limit of the stack. */
const MAX_DEPTH = 100;
const MAX_PROBLEMS = 50;

/**
 * The arguments as the tool's input type, with defaults applied.
 * @param args in the tool's own form, see `coerceArguments`
 * @throws InputError listing every problem with its path and fix
 */
export function parseArguments(tool: AnyTool, args: unknown): unknown {
  if (isDeeperThan(args, MAX_DEPTH)) throw tooDeep(tool);
  checkSizes(tool, args);
  const result = tool.input.safeParse(args ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, MAX_PROBLEMS)
    .flatMap((issue) => problemsOf(issue, tool))
    .slice(0, MAX_PROBLEMS);
  const unknown = result.error.issues.some((issue) => issue.code === 'unrecognized_keys');
  throw new InputError(
    unknown ? 'unknown_argument' : 'bad_arguments',
    `${tool.name} cannot take these arguments: ${problems.map(({ message }) => message).join(' ')}`,
    `Arguments of ${tool.name}: ${argumentNames(tool).join(', ') || 'none'}.`,
    { problems },
  );
}

/** Walks level by level without recursion, because it looks for values too deep for the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}

function tooDeep({ name }: AnyTool): InputError {
  return new InputError(
    'arguments_too_deep',
    `The arguments of ${name} nest more than ${MAX_DEPTH} levels deep.`,
    'Write what the connector needs and no more; get_connector_info shows its fields.',
  );
}

function problemsOf(issue: z.core.$ZodIssue, tool: AnyTool): Problem[] {
  const path = issue.path.reduce<string>((text, part) => joinPath(text, part), '');
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? argumentNames(tool) : knownKeys(tool, issue.path);
    return issue.keys.map((key) => unknownArgument(joinPath(path, key), key, known));
  }
  return [{ path, message: messageOf(issue, path), fix: fixOf(issue, tool) }];
}

function joinPath(text: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${text}[${part}]`;
  return text === '' ? String(part) : `${text}.${String(part)}`;
}

function unknownArgument(path: string, key: string, known: readonly string[]): Problem {
  const [near] = [...known].sort((a, b) => closeness(key, b) - closeness(key, a));
  const shown = JSON.stringify(path.slice(0, 100));
  const guess = near && closeness(key, near) >= 0.4 ? ` Did you mean "${near}"?` : '';
  return {
    path: path.slice(0, 100),
    message: `There is no argument ${shown}.${guess}`,
    fix: `Known: ${known.join(', ') || 'none'}.`,
  };
}

/** 1 for equal names, 0 for names that have nothing in common; a name inside the other counts as near. */
function closeness(a: string, b: string): number {
  const [left, right] = [a.slice(0, 100).toLowerCase(), b.toLowerCase()];
  if (left.includes(right) || right.includes(left)) return 0.9;
  return 1 - distance(left, right) / Math.max(left.length, right.length, 1);
}

function messageOf(issue: z.core.$ZodIssue, path: string): string {
  const what = path === '' ? 'The value' : `"${path}"`;
  if (issue.code === 'invalid_value') return `${what} is not one of the allowed values.`;
  if (issue.code === 'too_small' && issue.origin === 'array') return `${what} has too few items.`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `${what} has too many items.`;
  if (issue.code === 'too_small') return `${what} is too ${issue.origin === 'string' ? 'short' : 'small'}.`;
  if (issue.code === 'too_big') return `${what} is too ${issue.origin === 'string' ? 'long' : 'big'}.`;
  if (issue.code !== 'invalid_type') return `${what}: ${issue.message}.`;
  return issue.message.endsWith('undefined') ? `${what} is missing.` : `${what} is of the wrong type.`;
}

function fixOf(issue: z.core.$ZodIssue, tool: AnyTool): string {
  if (issue.code === 'invalid_value') return `Use one of: ${issue.values.map(String).join(', ')}.`;
  if (issue.code === 'too_small') return `Give at least ${amount(issue.minimum, issue.origin)}.`;
  if (issue.code === 'too_big') return `Give at most ${amount(issue.maximum, issue.origin)}.`;
  if (issue.code === 'invalid_type' && issue.expected === 'array') {
    return `Give an array, such as ${exampleList(tool, issue.path)}.`;
  }
  if (issue.code === 'invalid_type') return `Give ${TYPES[issue.expected] ?? `a value of type ${issue.expected}`}.`;
  return 'Correct this argument and call again.';
}

function amount(limit: number | bigint, origin: string): string {
  const unit = { array: 'item', string: 'character' }[origin];
  return unit ? `${limit} ${unit}${Number(limit) === 1 ? '' : 's'}` : String(limit);
}

/** Zod's types, as one writes them in JSON. */
const TYPES: Readonly<Record<string, string>> = {
  boolean: 'true or false, without quotes',
  int: 'an integer, without quotes',
  number: 'a number, without quotes',
  object: 'a JSON object {…}, without quotes around it',
  record: 'a JSON object {…}, without quotes around it',
  string: 'a text in quotes',
};

function argumentNames(tool: AnyTool): string[] {
  return Object.keys(tool.input.shape);
}

/** The keys of a nested object such as `options[0]`. */
function knownKeys(tool: AnyTool, path: readonly PropertyKey[]): string[] {
  return Object.keys(schemaAt(tool, path)?.properties ?? {});
}

/** A list with one item, in JSON. */
function exampleList(tool: AnyTool, path: readonly PropertyKey[]): string {
  const { type, enum: values = ['a'], required = [] } = schemaAt(tool, path)?.items ?? {};
  const item = type === 'object' ? Object.fromEntries(required.map((key) => [key, 'a'])) : values[0];
  return JSON.stringify([item]);
}

function schemaAt(tool: AnyTool, path: readonly PropertyKey[]): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>(
    (at, part) => (typeof part === 'number' ? at?.items : at?.properties?.[String(part)]),
    inputSchema(tool),
  );
}
