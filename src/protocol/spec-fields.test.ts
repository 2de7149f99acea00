import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWith } from '../test/harness/requirements.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { dottedPath, fieldsAt, secretFields } from './spec-fields.ts';

const SPEC: JsonObject = {
  type: 'object',
  additionalProperties: true,
  properties: {
    host: { type: 'string' },
    port: { type: 'integer' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    tokens: { type: 'array', items: { type: 'string', airbyte_secret: true } },
    odd: { properties: 'none', items: 5, oneOf: {}, allOf: [null, 3] },
    credentials: {
      type: 'object',
      oneOf: [
        {
          properties: {
            auth: { type: 'string', const: 'key' },
            value: { type: 'string', airbyte_secret: true },
            certificate: {
              allOf: [{ type: 'object', properties: { pem: { type: 'string', airbyte_secret: 'true' } } }],
            },
          },
        },
        { properties: { auth: { type: 'string', enum: ['user'] }, value: { type: 'string' }, id: { type: 'string' } } },
      ],
    },
  },
};

describe('fieldsAt', () => {
  it('chooses the branch whose constant fits', () => {
    const at = (config: JsonValue) => fieldsAt(SPEC, ['credentials', 'value'], { credentials: config }).secret;
    expect(at({ auth: 'key' })).toBe(true);
    expect(at({ auth: 'user' })).toBe(false);
    expect(at({})).toBe(true);
    expect(at({ auth: 'something else' })).toBe(true);
  });

  it('searches every branch if the chosen one does not have the field', () => {
    const config = { credentials: { auth: 'user', certificate: {} } };
    expect(fieldsAt(SPEC, ['credentials', 'certificate', 'pem'], config)).toMatchObject({ known: true, secret: true });
  });

  it('returns types, arrays and free-form objects', () => {
    expect(fieldsAt(SPEC, ['port'])).toEqual({ known: true, secret: false, types: ['integer'], freeForm: false });
    expect(fieldsAt(SPEC, ['tokens', 3])).toMatchObject({ known: true, secret: true, types: ['string'] });
    expect(fieldsAt(SPEC, ['headers', 'X-Any'])).toMatchObject({ known: true, secret: false, freeForm: true });
    expect(fieldsAt(SPEC, ['headers'])).toMatchObject({ freeForm: true, types: ['object'] });
    expect(fieldsAt(SPEC, ['unheard'])).toEqual({ known: false, secret: false, types: [], freeForm: false });
    expect(fieldsAt(SPEC, ['odd', 'deep', 0])).toMatchObject({ known: false, secret: false });
    expect(fieldsAt(SPEC, ['constructor'])).toMatchObject({ known: false });
  });

  it('treats everything inside a secret field as secret', () => {
    const spec = { properties: { key: { type: 'object', airbyte_secret: true } } };
    expect(fieldsAt(spec, ['key', 'inner', 0])).toMatchObject({ secret: true, freeForm: true });
  });
});

describe('secretFields', () => {
  it('lists paths with marks for arrays and free keys', () => {
    expect(secretFields(SPEC)).toEqual(['credentials.certificate.pem', 'credentials.value', 'tokens[]']);
    const map = { properties: { keys: { additionalProperties: { airbyte_secret: true } } } };
    expect(secretFields(map)).toEqual(['keys{}']);
  });
});

it('writes paths as a person would', () => {
  expect(dottedPath(['a', 0, 'b-c', 'd e'])).toBe('a[0].b-c["d e"]');
});

const testData = process.env.SLUICE_TEST_DATA;
describeWith(['data'], 'the real registry', () => {
  it('finds every airbyte_secret of every spec, and each of them by its path', () => {
    const registry = JSON.parse(readFileSync(join(testData ?? '', 'registry/oss_registry.json'), 'utf8'));
    const specs: JsonObject[] = [...registry.sources, ...registry.destinations].map(
      (entry) => entry.spec.connectionSpecification,
    );
    expect(specs).toHaveLength(647);
    let marks = 0;
    for (const spec of specs) {
      const expected = new Set<string>();
      marks += bruteForce(spec, [], expected);
      expect(secretFields(spec)).toEqual([...expected].sort());
      for (const field of expected) {
        const path = field
          .replaceAll('[]', '.0')
          .split('.')
          .map((part) => (part === '0' ? 0 : part));
        expect(fieldsAt(spec, path), field).toMatchObject({ known: true, secret: true });
      }
    }
    expect(marks).toBeGreaterThan(1000);
  });
});

/** Every mark wherever it is, its path made by dropping the words of JSON Schema. */
function bruteForce(node: JsonValue, trail: string[], found: Set<string>): number {
  if (Array.isArray(node))
    return node.reduce<number>((sum, item, at) => sum + bruteForce(item, [...trail, `${at}`], found), 0);
  if (!isObject(node)) return 0;
  let count = 0;
  if (node.airbyte_secret === true || node.airbyte_secret === 'true') {
    count += 1;
    const parts: string[] = [];
    for (let index = 0; index < trail.length; index += 1) {
      if (trail[index] === 'properties') parts.push(`.${trail[++index]}`);
      else if (trail[index] === 'items') parts.push('[]');
      else index += 1;
    }
    found.add(parts.join('').slice(1));
  }
  for (const [key, value] of Object.entries(node)) count += bruteForce(value, [...trail, key], found);
  return count;
}
