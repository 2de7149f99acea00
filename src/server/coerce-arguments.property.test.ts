/** Arguments of every tool, written as clients write them that can send nothing else, are read as the plain ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnyTool, tools } from '../tools/index.ts';
import { coerceArguments } from './coerce-arguments.ts';
import { inputSchema, type JsonSchema } from './input-schema.ts';
import { parseArguments } from './parse.ts';

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}
type Schema = JsonSchema & Bounds;

/** Texts that are no JSON and no nothing: what those mean is decided by the schema. */
const text = fc.string({ minLength: 1, maxLength: 12 }).filter((value) => !/^\s*($|[[{]|null\s*$)/.test(value));
// As it comes over the wire: there is no -0 in JSON that was written by a program.
const freeObject = fc
  .dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as object);

/** Valid values of a schema. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  const { type, minimum = -1_000_000, maximum = 1_000_000, minItems = 0, maxItems = 3 } = schema;
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (type === 'integer' || type === 'number') {
    return fc.integer({ min: Math.max(minimum, -1_000_000), max: Math.min(maximum, 1_000_000) });
  }
  if (type === 'boolean') return fc.boolean();
  if (type === 'array')
    return fc.array(valid(schema.items ?? {}), { minLength: minItems, maxLength: Math.min(3, maxItems) });
  if (type !== 'object') return text;
  if (!schema.properties) return freeObject;
  const fields = Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, valid(inner)]));
  return fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
}

/** The same value in another form; `pick` gives a number below its argument for each choice. */
function disguise(schema: Schema, value: unknown, pick: (choices: number) => number): unknown {
  if (schema.enum) {
    const word = String(value);
    return [word, word.toUpperCase(), ` ${word[0]?.toUpperCase()}${word.slice(1)} `][pick(3)];
  }
  if (typeof value === 'number') return [value, String(value), ` ${value}`][pick(3)];
  if (typeof value === 'boolean') return [value, String(value), value ? 'True' : 'FALSE'][pick(3)];
  if (Array.isArray(value)) {
    const items = value.map((item) => disguise(schema.items ?? {}, item, pick));
    const forms = [items, JSON.stringify(items), ...(items.length === 1 ? [items[0]] : [])];
    return forms[pick(forms.length)];
  }
  if (typeof value !== 'object' || value === null) return value;
  const disguised = schema.properties ? disguiseFields(schema, value as Record<string, unknown>, pick) : value;
  return pick(2) === 0 ? disguised : JSON.stringify(disguised, null, pick(3));
}

function disguiseFields(schema: Schema, value: Record<string, unknown>, pick: (choices: number) => number): object {
  const { properties = {}, required = [] } = schema;
  const given = Object.entries(value).map(([name, inner]) => [name, disguise(properties[name] ?? {}, inner, pick)]);
  const left = Object.keys(properties).filter((name) => !(name in value) && !required.includes(name));
  const nothing = left.flatMap((name) => [[], [[name, null]], [[name, '']], [[name, '  ']]][pick(4)] ?? []);
  return Object.fromEntries([...given, ...nothing]);
}

const read = (tool: AnyTool, args: unknown): unknown => parseArguments(tool, coerceArguments(tool, args));

describe.each(tools.map((tool) => [tool.name, tool] as const))('%s', (_name, tool) => {
  const schema = inputSchema(tool) as Schema;
  const disguised = fc.tuple(
    valid(schema) as fc.Arbitrary<Record<string, unknown>>,
    fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
  );

  test('reads every form of its arguments as the plain one', () => {
    fc.assert(
      fc.property(disguised, ([plain, choices]) => {
        let at = 0;
        const pick = (count: number): number => (choices[at++ % choices.length] ?? 0) % count;
        const given = disguiseFields(schema, plain, pick);
        // What "" means for these is decided by the tool.
        for (const path of tool.takesEmptyText ?? []) fc.pre(!holdsEmpty(given, path.split('.')));
        expect(read(tool, given)).toEqual(read(tool, plain));
      }),
      { numRuns: 150 },
    );
  });

  test('is unchanged by a second coercion, and if it is plain already', () => {
    fc.assert(
      fc.property(valid(schema), fc.jsonValue({ maxDepth: 3 }), (plain, anything) => {
        expect(coerceArguments(tool, plain)).toEqual(plain);
        const once = coerceArguments(tool, anything);
        expect(coerceArguments(tool, once)).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });
});

function holdsEmpty(value: unknown, [name = '', ...rest]: string[]): boolean {
  const given = typeof value === 'string' && value.trim().startsWith('{') ? (JSON.parse(value) as unknown) : value;
  const inner = (given as Record<string, unknown> | undefined)?.[name];
  return rest.length > 0 ? holdsEmpty(inner, rest) : typeof inner === 'string' && inner.trim() === '';
}

describe('what is not coerced', () => {
  const tool = (name: string): AnyTool => tools.find((each) => each.name === name) as AnyTool;

  test.each([
    ['a number that a double would round', 'get_cloud_job', { job_id: '9007199254740993' }],
    ['a word that is not a number', 'list_connectors', { limit: 'ten' }],
    ['a word that is neither true nor false', 'list_streams', { source: 'a', refresh: 'maybe' }],
    ['JSON text that is cut off', 'validate_config', { connector: 'a', config: '{"a": 1' }],
    ['a list where an object belongs', 'validate_config', { connector: 'a', config: '[1]' }],
    ['a number where a text belongs', 'list_streams', { source: 7 }],
  ])('%s', (_what, name, args) => {
    expect(() => read(tool(name), args)).toThrow(expect.objectContaining({ code: 'bad_arguments' }));
  });

  test('an unknown name, with nothing behind it either', () => {
    for (const value of [null, '', 1]) {
      expect(() => read(tool('list_streams'), { source: 'a', serch: value })).toThrow(
        expect.objectContaining({ code: 'unknown_argument' }),
      );
    }
  });

  test('the inside of a configuration: it is the connector’s', () => {
    const config = { a: null, b: '', c: '10', d: '{"e":1}' };
    expect(read(tool('validate_config'), { connector: 'a', config: JSON.stringify(config) })).toMatchObject({ config });
  });

  test('JSON text that is too large or too deep is refused as the same arguments would be', () => {
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`;
    const large = JSON.stringify({ a: 'x'.repeat(1_000_001) });
    for (const [config, code] of [
      [deep, 'arguments_too_deep'],
      [large, 'argument_too_large'],
    ]) {
      expect(() => read(tool('validate_config'), { connector: 'a', config })).toThrow(
        expect.objectContaining({ code }),
      );
    }
  });
});
