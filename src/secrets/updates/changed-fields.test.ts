import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, type JsonObject, type JsonValue } from '../../protocol/index.ts';
import { type ChangedField, changedFields, layFields, withFields } from './changed-fields.ts';

test('only what changed, at any depth; arrays are single values, omitted fields are unchanged', () => {
  const before = { host: 'a', port: 1, list: [1, 2], deep: { token: 'old', user: 'u', more: { x: 1 } }, gone: true };
  const after = {
    host: 'a',
    port: 2,
    list: [1, 3],
    deep: { token: 'new', user: 'u', more: { x: 1, y: null } },
    far: { z: 1 },
  };
  expect(changedFields(before, after)).toEqual([
    { path: ['port'], value: 2 },
    { path: ['list'], value: [1, 3] },
    { path: ['deep', 'token'], value: 'new' },
    { path: ['deep', 'more', 'y'], value: null },
    { path: ['far', 'z'], value: 1 },
  ]);
});

test('a later field replaces the same one and those inside it', () => {
  const earlier = [
    { path: ['a', 'b'], value: 1 },
    { path: ['c'], value: 2 },
  ];
  expect(withFields<ChangedField>(earlier, [{ path: ['a'], value: 'x' }])).toEqual([
    { path: ['c'], value: 2 },
    { path: ['a'], value: 'x' },
  ]);
});

const leaf = fc.oneof(fc.integer(), fc.string({ maxLength: 3 }), fc.boolean(), fc.constant(null));
const { object } = fc.letrec<{ object: JsonObject; value: JsonValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>,
}));

test('applying the changes of each update in turn yields the configuration that the connector reported', () => {
  fc.assert(
    fc.property(object, object, object, (sent, first, second) => {
      const one = layFields(sent, changedFields(sent, first));
      expect(changedFields(one, first)).toEqual([]);
      const fields = withFields(changedFields(sent, first), changedFields(one, second));
      const two = layFields(sent, fields);
      expect(changedFields(two, second)).toEqual([]);
      expect(canonicalJson(two)).toBe(canonicalJson(layFields(one, changedFields(one, second))));
    }),
  );
});
