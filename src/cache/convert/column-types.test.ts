import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../protocol/index.ts';
import { propertiesOf } from '../../protocol/index.ts';
import { columnType } from './column-types.ts';

const ROOT: JsonObject = {
  type: 'object',
  definitions: {
    Number: { type: 'string' },
    'a/b~c %': { type: 'integer' },
    Loop: { $ref: '#/definitions/Loop' },
    Ping: { $ref: '#/definitions/Pong' },
    Pong: { anyOf: [{ $ref: '#/definitions/Ping' }, { type: 'integer' }] },
    Tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/definitions/Tree' } } } },
  },
  $defs: { When: { type: ['null', 'string'], format: 'date-time' } },
};

it.each<[JsonValue, string]>([
  [{ $ref: 'WellKnownTypes.json#/definitions/Number' }, 'DOUBLE'],
  [{ $ref: 'https://airbyte.io/WellKnownTypes.json#/definitions/Boolean' }, 'BOOLEAN'],
  [{ $ref: 'WellKnownTypes.json#/definitions/constructor' }, 'VARCHAR'],
  [{ $ref: '#/definitions/Number' }, 'VARCHAR'],
  [{ $ref: '#/definitions/a~1b~0c%20%25' }, 'BIGINT'],
  [{ $ref: '#/$defs/When' }, 'TIMESTAMPTZ'],
  [{ $ref: '#/definitions/Loop' }, 'VARCHAR'],
  [{ $ref: '#/definitions/Ping' }, 'VARCHAR'],
  [{ $ref: '#/definitions/Tree' }, 'JSON'],
  [{ $ref: '#/definitions/none' }, 'VARCHAR'],
  [{ $ref: 'other.json#/definitions/Integer' }, 'VARCHAR'],
  [{ allOf: [{ $ref: '#/$defs/When' }, { description: 'when' }] }, 'TIMESTAMPTZ'],
  [{ allOf: [{ type: 'integer' }, { type: 'string' }] }, 'VARCHAR'],
  [{ allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, 'JSON'],
  [{ type: ['string', 'integer'] }, 'VARCHAR'],
  [{ type: ['null', 'integer', 'number'] }, 'DOUBLE'],
  [{ type: ['boolean', 'integer'] }, 'JSON'],
  [{ type: ['object', 'string'] }, 'VARCHAR'],
  [
    {
      oneOf: [
        { type: 'string', format: 'date' },
        { type: 'string', format: 'date-time' },
      ],
    },
    'VARCHAR',
  ],
  [{ oneOf: [{ type: 'null' }, { type: 'boolean' }] }, 'BOOLEAN'],
  [{ anyOf: [{ type: 'integer' }, {}] }, 'VARCHAR'],
  [{ enum: ['open', 'closed', null] }, 'VARCHAR'],
  [{ enum: [1, 2] }, 'BIGINT'],
  [{ enum: [1, 'two'] }, 'VARCHAR'],
  [{ const: true }, 'BOOLEAN'],
  [{ properties: {} }, 'JSON'],
  [{ items: { type: 'string' } }, 'JSON'],
  [{ type: 'object' }, 'JSON'],
  [{ type: 'null' }, 'VARCHAR'],
  [{}, 'VARCHAR'],
  [true, 'VARCHAR'],
])('%j is %s', (schema, type) => {
  expect(columnType(schema, ROOT)).toBe(type);
});

it('finds the properties of a schema composed of others', () => {
  const schema: JsonObject = {
    $ref: '#/definitions/User',
    allOf: [{ properties: { id: { type: 'integer' }, age: { type: 'integer' } } }, { $ref: '#/definitions/User' }],
    definitions: { User: { properties: { id: { type: 'string' }, name: { type: 'string' } }, allOf: [{ $ref: '#' }] } },
  };
  const found = propertiesOf(schema);
  expect([...found].map(([field, property]) => [field, columnType(property, schema)])).toEqual([
    ['id', 'VARCHAR'],
    ['name', 'VARCHAR'],
    ['age', 'BIGINT'],
  ]);
});

it('reads definitions that all refer to all others once', () => {
  const names = Array.from({ length: 40 }, (_value, index) => `D${index}`);
  const all = { anyOf: names.map((to) => ({ $ref: `#/definitions/${to}` })) };
  const root = { definitions: Object.fromEntries(names.map((one) => [one, all])), properties: { a: all } };
  expect(columnType(propertiesOf(root).get('a'), root)).toBe('VARCHAR');
});

it('terminates with every schema', () => {
  const name = fc.constantFrom('A', 'B', 'C');
  const { schema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.record({ $ref: name.map((to) => `#/definitions/${to}`) }),
      fc.record({ type: fc.constantFrom('string', 'integer', 'object') }),
      fc.record({ allOf: fc.array(tie('schema'), { maxLength: 2 }) }),
      fc.record({ anyOf: fc.array(tie('schema'), { maxLength: 3 }), properties: fc.dictionary(name, tie('schema')) }),
    ),
  }));
  fc.assert(
    fc.property(schema, fc.dictionary(name, schema), (one, definitions) => {
      const root = { ...one, definitions };
      for (const property of propertiesOf(root).values()) expect(columnType(property, root)).toMatch(/^[A-Z]+$/);
    }),
    { numRuns: 300 },
  );
});
