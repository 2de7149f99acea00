import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../protocol/index.ts';
import { redactQuoted } from '../redact/redact-quoted.ts';
import { MASK, maskConfiguration, maskText, namesSecret } from './mask.ts';
import { maskManifest } from './mask-manifest.ts';

const KEYS = new Set(['password', 'ca_certificate']);

test.each([
  ['api_token', true],
  ['accessToken', true],
  ['apiKey', true],
  ['client-secret', true],
  ['db_passwd', true],
  ['passphrase', true],
  ['token_url', false],
  ['secret_name', false],
  ['primary_key', false],
  ['partition_key', false],
  ['bypass', false],
])('a text under %s is a secret regardless of the spec: %s', (name, expected) => {
  expect(namesSecret(name)).toBe(expected);
});

describe('configurations', () => {
  const spec = { type: 'object', properties: { auth_token: { type: 'boolean' }, key: { type: 'string' } } };

  test('what the spec knows as plain stays, numbers and switches too', () => {
    const configuration = { auth_token: true, key: 'region', other_key: 'x' };
    expect(maskConfiguration(configuration, { spec, secretKeys: KEYS })).toEqual({ ...configuration, other_key: MASK });
  });

  test.each([
    ['Authorization', true],
    ['x-auth', true],
    ['Cookie', true],
    ['set-cookie', true],
    ['apikey', true],
    ['X-Api-Key', true],
    ['passcode', true],
    ['jwt', true],
    ['author', false],
    ['auth_type', false],
    ['primary', false],
    ['license', false],
  ])('under a name that no spec explains: %s is hidden: %s', (name, hidden) => {
    const open = { type: 'object', properties: { headers: { type: 'object' } } };
    for (const spec of [undefined, open]) {
      const shown = maskConfiguration({ headers: { [name]: 'a-value' } }, { spec, secretKeys: KEYS });
      expect(shown).toEqual({ headers: { [name]: hidden ? MASK : 'a-value' } });
    }
  });

  test('pairs of a name and a value, in lists, in objects and in texts', () => {
    const pairs: JsonObject[] = [
      { name: 'X-Api-Key', value: 'k-1' },
      { header: 'authorization', value: { inner: 'k-2' } },
      { key: 'ca_certificate', value: 'k-3' },
      { name: 'region', value: 'north' },
      { name: 'password', value: null },
    ];
    const items = { type: 'object', properties: { name: { type: 'string' }, value: { type: 'string' } } };
    const known = { type: 'object', properties: { pairs: { type: 'array', items } } };
    for (const spec of [undefined, known]) {
      const shown = JSON.stringify(
        maskConfiguration({ pairs, text: JSON.stringify(pairs) }, { spec, secretKeys: KEYS }),
      );
      expect(shown).not.toMatch(/k-\d/);
      expect(shown).toContain('north');
      expect(shown).toContain('X-Api-Key');
    }
  });

  test('empty and absent values reveal nothing, and do not fail', () => {
    expect(maskConfiguration({ password: null, list: [], deep: {} }, { secretKeys: KEYS })).toEqual({
      password: null,
      list: [],
      deep: {},
    });
  });
});

test.each([
  ['{"a": 1,  "b": "plain"}', '{"a": 1,  "b": "plain"}'],
  ['{"a": {"password": "x"}}', `{"a":{"password":"${MASK}"}}`],
  ['[{"my_pass": 1}]', `[{"my_pass":"${MASK}"}]`],
  ['{ not JSON', '{ not JSON'],
  ['see token=abcdef&x=1', `see token=${MASK}&x=1`],
  ['mongodb://me:pw@host/db', MASK],
])('in a text: %s', (text, shown) => {
  expect(maskText(text, KEYS)).toBe(shown);
});

test.each([
  ['"ca_certificate": "abc", "host": "db"', `"ca_certificate": "${MASK}", "host": "db"`],
  ['{\\"ca_certificate\\": \\"abc\\", \\"host\\": 1}', `{\\"ca_certificate\\": \\"${MASK}\\", \\"host\\": 1}`],
  ["{'ca_certificate': 'a\\'b', 'host': 1}", `{'ca_certificate': '${MASK}', 'host': 1}`],
  ['ca_certificate=abc host=db', `ca_certificate=${MASK} host=db`],
  ['the ca_certificate is missing', 'the ca_certificate is missing'],
  ['my_ca_certificate_path: /etc', 'my_ca_certificate_path: /etc'],
  ['a -----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY----- b', `a ${MASK} b`],
  ['a -----BEGIN PRIVATE KEY-----\nabc', `a ${MASK}`],
])('quoted: %s', (text, shown) => {
  expect(redactQuoted(text, KEYS)).toBe(shown);
});

test('a manifest keeps its templates and its names, and loses what an author wrote into it', () => {
  const manifest = {
    api_token: "{{ config['api_token'] }}",
    password: 'written',
    primary_key: 'id',
    $parameters: { partition_key: 'shard' },
    request_headers: { 'X-Api-Key': 'written', Accept: 'text/csv', Cookie: 'session=written' },
    properties: { pin: { airbyte_secret: true, examples: ['written'], title: 'Pin' }, days: { default: 30 } },
  };
  const shown = maskManifest(manifest, KEYS);
  expect(JSON.stringify(shown)).not.toContain('written');
  expect(shown).toMatchObject({
    api_token: manifest.api_token,
    primary_key: 'id',
    $parameters: { partition_key: 'shard' },
    request_headers: { Accept: 'text/csv' },
    properties: { pin: { title: 'Pin' }, days: { default: 30 } },
  });
});

test('masking a long word takes linear time', () => {
  const began = Date.now();
  maskText('x'.repeat(1_000_000), KEYS);
  redactQuoted('ca_certificate'.repeat(70_000), KEYS);
  expect(Date.now() - began).toBeLessThan(2_000);
});
