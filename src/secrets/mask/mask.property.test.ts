/** For any spec and configuration: no value of a secret field survives, and every key stays in position. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObject, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { describeWith } from '../../test/harness/requirements.ts';
import { MASK, maskConfiguration } from './mask.ts';

const MARK = 'a-value-nobody-may-see';
const none: ReadonlySet<string> = new Set();

interface Choice {
  /** Which branch of each `oneOf` gives the fields. */
  readonly fields: number;
  /** Which one gives the constants that name a branch. */
  readonly constants: number;
}

/** A configuration with a marked value in every field that the schema marks; implemented independently of the code under test. */
function generateValue(
  schema: JsonValue | undefined,
  root: JsonObject,
  choice: Choice,
  secret = false,
  depth = 0,
): JsonValue {
  if (!isObject(schema) || depth > 12) return secret ? MARK : 'plain';
  if (typeof schema.$ref === 'string') return generateValue(refer(schema.$ref, root), root, choice, secret, depth + 1);
  const marked = secret || schema.airbyte_secret === true || schema.airbyte_secret === 'true';
  const inner = (child: JsonValue | undefined): JsonValue => generateValue(child, root, choice, marked, depth + 1);
  const branches = [schema.oneOf, schema.anyOf].flatMap((list) => (Array.isArray(list) ? list : [])).filter(isObject);
  const all = Array.isArray(schema.allOf) ? schema.allOf.filter(isObject) : [];
  const result: JsonObject = {};
  for (const part of [...all, ...pick(branches, choice.fields)]) Object.assign(result, asObject(inner(part)));
  for (const [key, child] of Object.entries(asObject(schema.properties))) result[key] = inner(child);
  for (const part of pick(branches, choice.constants)) {
    for (const [key, child] of Object.entries(asObject(part.properties))) {
      const only = isObject(child) ? constantOf(child) : undefined;
      if (only !== undefined) result[key] = only;
    }
  }
  if (isObject(schema.additionalProperties)) result.any_key = inner(schema.additionalProperties);
  if (Object.keys(result).length > 0) return result;
  if (isObject(schema.items)) return [inner(schema.items), inner(schema.items)];
  return marked ? MARK : (constantOf(schema) ?? 'plain');
}

const asObject = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});
const pick = (branches: JsonObject[], at: number): JsonObject[] =>
  branches.slice(at % (branches.length || 1)).slice(0, 1);

function constantOf(schema: JsonObject): JsonValue | undefined {
  return schema.const ?? (Array.isArray(schema.enum) ? schema.enum[0] : undefined);
}

function refer(reference: string, root: JsonObject): JsonValue | undefined {
  const parts = reference.replace(/^#\//, '').split('/');
  return parts.reduce<JsonValue | undefined>((value, part) => asObject(value)[part], root);
}

function expectHidden(spec: JsonObject, configuration: JsonObject): void {
  const shown = maskConfiguration(configuration, { spec, secretKeys: none });
  expect(JSON.stringify(shown)).not.toContain(MARK);
  expectSameKeys(configuration, shown);
}

/** Values that are not masked are unchanged. */
function expectSameKeys(before: JsonValue, after: JsonValue | undefined): void {
  if (after === MASK) return;
  if (Array.isArray(before)) {
    expect(after).toHaveLength(before.length);
    before.forEach((item, index) => void expectSameKeys(item, (after as JsonValue[])[index]));
  } else if (isObject(before)) {
    expect(Object.keys(asObject(after))).toEqual(Object.keys(before));
    for (const [key, item] of Object.entries(before)) expectSameKeys(item, asObject(after)[key]);
  } else expect(after).toEqual(before);
}

// Neutral names: only the schema's mark can mask the value.
const key = fc.constantFrom('host', 'value', 'id', 'mode', 'blob', 'x y', '__proto__', 'constructor', 'ключ');
const spec: fc.Arbitrary<JsonObject> = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JsonObject>(
      { type: 'string' },
      { type: 'string', airbyte_secret: true },
      { type: 'integer', airbyte_secret: 'true' },
      { type: 'object', airbyte_secret: true },
      { const: 'one' },
      { type: 'string', enum: ['two'] },
    ),
    fc.dictionary(key, tie('schema'), { maxKeys: 4 }).map((properties) => ({ type: 'object', properties })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((oneOf) => ({ type: 'object', oneOf })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((allOf) => ({ allOf })),
    tie('schema').map((items) => ({ type: 'array', items })),
    tie('schema').map((additionalProperties) => ({ type: 'object', additionalProperties })),
  ),
})).schema;

test('any spec, any choice of branches, one branch’s name on the fields of another', () => {
  const choices = fc.record({ fields: fc.nat(3), constants: fc.nat(3) });
  fc.assert(
    fc.property(fc.dictionary(key, spec, { minKeys: 1, maxKeys: 4 }), choices, (properties, choice) => {
      const schema: JsonObject = { type: 'object', properties };
      const configuration = generateValue(schema, schema, choice);
      if (isObject(configuration)) expectHidden(schema, configuration);
    }),
    { numRuns: 2_000 },
  );
});

test('a field that is secret in one branch is hidden in each of them', () => {
  const branch = (kind: string, value: JsonObject): JsonObject => ({
    properties: { kind: { const: kind }, value: { type: 'string', ...value } },
  });
  const schema = {
    type: 'object',
    properties: { login: { type: 'object', oneOf: [branch('a', { airbyte_secret: true }), branch('b', {})] } },
  };
  for (const kind of ['a', 'b', 'neither']) expectHidden(schema, { login: { kind, value: MARK } });
});

test('without a spec, names decide: any value under such a name is masked', () => {
  const secretName = fc.constantFrom('api_key', 'clientSecret', 'PASSWORD', 'refresh-token', 'private_key', 'listed');
  const value = fc.oneof(
    fc.constant<JsonValue>(MARK),
    fc.constant<JsonValue>([MARK, { deep: MARK }]),
    fc.constant<JsonValue>({ a: { b: MARK } }),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 4 }), secretName, value, (path, name, inside) => {
      const configuration = path.reduceRight<JsonObject>((inner, part) => ({ [part]: [inner] }), { [name]: inside });
      const shown = maskConfiguration(configuration, { secretKeys: new Set(['listed']) });
      expect(JSON.stringify(shown)).not.toContain(MARK);
      expectSameKeys(configuration, shown);
    }),
  );
});

describeWith(['data'], 'the specs of all connectors', () => {
  test('a marked value at every secret field, in every branch, is never shown', () => {
    const registry = JSON.parse(
      readFileSync(join(process.env.SLUICE_TEST_DATA ?? '', 'registry', 'oss_registry.json'), 'utf8'),
    ) as Record<
      'sources' | 'destinations',
      { dockerRepository: string; spec: { connectionSpecification: JsonObject } }[]
    >;
    const all = [...registry.sources, ...registry.destinations];
    let marked = 0;
    for (const {
      spec: { connectionSpecification: schema },
    } of all) {
      for (let fields = 0; fields < 10; fields += 1) {
        for (const constants of [fields, fields + 1]) {
          const configuration = asObject(generateValue(schema, schema, { fields, constants }));
          if (JSON.stringify(configuration).includes(MARK)) marked += 1;
          expectHidden(schema, configuration);
        }
      }
    }
    expect(all).toHaveLength(647);
    expect(marked).toBeGreaterThan(5_000);
  });
});
