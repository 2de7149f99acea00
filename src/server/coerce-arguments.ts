/**
 * Accepts other forms of arguments, because a model cannot change what its client sends: `null` and empty texts for omitted
 * values, JSON text for objects and lists, one value for a list, numbers and booleans as text, enums in any case.
 * Names must be exact, and so must everything inside a configuration or a manifest.
 */
import { isObject } from '../protocol/index.ts';
import type { AnyTool } from '../tools/index.ts';
import { sizeLimit } from './argument-sizes.ts';
import { inputSchema, type JsonSchema } from './input-schema.ts';
import { brokenBound, MESSAGE_BOUNDS } from './stdio/index.ts';

/** Converts unambiguous arguments to the form of the tool's schema; leaves the rest unchanged. */
export function coerceArguments(tool: AnyTool, args: unknown): unknown {
  return isObject(args) ? coerceFields(inputSchema(tool), args, { tool, path: '' }) : args;
}

interface ArgumentPath {
  readonly tool: AnyTool;
  /** Such as `changes.prefix`; the same for every item of a list. */
  readonly path: string;
}

function coerceFields(
  { properties = {}, required = [] }: JsonSchema,
  fields: object,
  { tool, path }: ArgumentPath,
): object {
  const coerced = Object.entries(fields).flatMap(([name, value]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined) return [[name, value]];
    if (value === null) return [];
    const at = { tool, path: path === '' ? name : `${path}.${name}` };
    const isOptional = !required.includes(name);
    if (isOptional && meansAbsent(schema, value, at)) return [];
    return [[name, coerce(schema, value, at)]];
  });
  return Object.fromEntries(coerced) as object;
}

function meansAbsent({ type }: JsonSchema, value: unknown, { tool, path }: ArgumentPath): boolean {
  if (typeof value !== 'string') return false;
  const text = value.trim();
  if (text === '') return !tool.takesEmptyText?.includes(path);
  return text === 'null' && type !== 'string';
}

function coerce(schema: JsonSchema, value: unknown, at: ArgumentPath): unknown {
  switch (schema.type) {
    case 'object':
      return coerceObject(schema, typeof value === 'string' ? parsed(value, /^\s*\{/, at) : value, at);
    case 'array':
      return coerceList(schema, value, at);
    case 'integer':
    case 'number':
      return typeof value === 'string' ? numberFrom(value) : value;
    case 'boolean':
      return typeof value === 'string' ? booleanFrom(value) : value;
    default:
      return typeof value === 'string' && schema.enum ? enumFrom(schema.enum, value) : value;
  }
}

/** An object without declared fields belongs to the connector or the manifest and is left unchanged. */
function coerceObject(schema: JsonSchema, value: unknown, at: ArgumentPath): unknown {
  return isObject(value) && schema.properties ? coerceFields(schema, value, at) : value;
}

function coerceList({ items = {} }: JsonSchema, value: unknown, at: ArgumentPath): unknown {
  const isOfObjects = items.type === 'object';
  const given = typeof value === 'string' ? parsed(value, isOfObjects ? /^\s*[[{]/ : /^\s*\[/, at) : value;
  const isOneItem = isOfObjects ? isObject(given) : typeof given === 'string';
  const list = isOneItem ? [given] : given;
  return Array.isArray(list) ? list.map((item) => coerce(items, item, at)) : given;
}

/** The value of a JSON text, or the text itself if it is not JSON or is too large. */
function parsed(text: string, opening: RegExp, { path }: ArgumentPath): unknown {
  const [argument = ''] = path.split('.');
  if (!opening.test(text)) return text;
  if (text.length > sizeLimit(argument).total) return text;
  if (brokenBound(Buffer.from(text), MESSAGE_BOUNDS) !== undefined) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function numberFrom(text: string): number | string {
  if (!/^\s*[+-]?\d{1,15}(\.\d+)?\s*$/.test(text)) return text;
  return Number(text);
}

function booleanFrom(text: string): boolean | string {
  const word = text.trim().toLowerCase();
  return word === 'true' || (word === 'false' ? false : text);
}

function enumFrom(values: readonly unknown[], text: string): unknown {
  const word = text.trim().toLowerCase();
  return values.includes(text) ? text : (values.find((value) => String(value).toLowerCase() === word) ?? text);
}
