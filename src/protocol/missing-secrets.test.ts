import { expect, test } from 'vitest';
import type { JsonObject } from './json.ts';
import { missingSecrets, withEmptyTexts } from './missing-secrets.ts';
import { dottedPath } from './spec-fields.ts';

const secret = { type: 'string', airbyte_secret: true };
const spec: JsonObject = {
  type: 'object',
  required: ['credentials', 'password', 'inner'],
  properties: {
    password: secret,
    token: secret,
    port: { type: 'integer', airbyte_secret: true },
    inner: { type: 'object', required: ['key'], properties: { key: secret } },
    accounts: { type: 'array', items: { type: 'object', required: ['key'], properties: { key: secret } } },
    credentials: {
      type: 'object',
      oneOf: [
        { required: ['kind', 'id'], properties: { kind: { const: 'oauth' }, id: secret } },
        { required: ['kind', 'pat'], properties: { kind: { const: 'pat' }, pat: secret } },
      ],
    },
  },
};
const missingFields = (config: JsonObject): string[] =>
  missingSecrets(spec, config).map(({ path, required }) => `${dottedPath(path)}${required ? '' : '?'}`);

test('required and optional texts, inside of required objects, arrays and the branch that is chosen', () => {
  expect(missingFields({})).toEqual(['password', 'token?', 'inner.key']);
  expect(missingFields({ credentials: {} })).toEqual(['password', 'token?', 'inner.key']);
  expect(missingFields({ credentials: { kind: 'pat' }, accounts: [{ key: 'x' }, {}] })).toEqual([
    'password',
    'token?',
    'inner.key',
    'accounts[1].key',
    'credentials.pat',
  ]);
  expect(
    missingFields({ password: 'p', token: 't', inner: { key: '' }, credentials: { kind: 'oauth', id: 'x' } }),
  ).toEqual([]);
});

test('empty texts are added where they are missing, and nowhere else', () => {
  const config: JsonObject = { credentials: { kind: 'pat' }, accounts: [{ key: 'x' }, { name: 'y' }] };
  const paths = missingSecrets(spec, config).filter(({ required }) => required);
  expect(
    withEmptyTexts(
      config,
      paths.map(({ path }) => path),
    ),
  ).toEqual({
    password: '',
    inner: { key: '' },
    credentials: { kind: 'pat', pat: '' },
    accounts: [{ key: 'x' }, { name: 'y', key: '' }],
  });
  expect(config).toEqual({ credentials: { kind: 'pat' }, accounts: [{ key: 'x' }, { name: 'y' }] });
});
