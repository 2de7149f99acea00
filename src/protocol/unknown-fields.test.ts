import { expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { unknownFields } from './unknown-fields.ts';

const SPEC: JsonObject = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    headers: { type: 'object' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    accounts: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
    credentials: {
      type: 'object',
      oneOf: [
        { properties: { kind: { const: 'key' }, api_key: { type: 'string' } } },
        { properties: { kind: { const: 'user' }, user: { type: 'string' }, password: { type: 'string' } } },
      ],
    },
  },
};

test.each<[string, JsonObject, unknown]>([
  ['all known', { count: 1, credentials: { kind: 'key', api_key: 'k' }, accounts: [{ id: 'a' }] }, []],
  ['a typing mistake', { cout: 1 }, [{ path: 'cout', near: 'count' }]],
  [
    'inside of an object',
    { credentials: { kind: 'user', pasword: 'p' } },
    [{ path: 'credentials.pasword', near: 'password' }],
  ],
  ['a field of another branch is known', { credentials: { kind: 'key', user: 'u' } }, []],
  ['inside of a list', { accounts: [{ id: 'a' }, { idd: 'b' }] }, [{ path: 'accounts[1].idd', near: 'id' }]],
  ['keys that are the user’s', { headers: { 'X-Any': '1' }, labels: { a: 'b' } }, []],
  [
    'fields inside an unknown field are not reported again',
    { other: { deep: { deeper: 1 } } },
    [{ path: 'other', near: expect.any(String) }],
  ],
])('%s', (_what, config, found) => {
  expect(unknownFields(SPEC, config)).toEqual(found);
});

test('a spec that names no field knows them all', () => {
  expect(unknownFields({ type: 'object' }, { anything: 1 })).toEqual([]);
});

test('only the first of many are reported', () => {
  const config = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field_${index}`, index]));
  expect(unknownFields(SPEC, config)).toHaveLength(20);
});
