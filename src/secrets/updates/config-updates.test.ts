import { expect, test } from 'vitest';
import { createRedactor } from '../redact/redactor.ts';
import { resolvedConfig } from '../references/resolved-config.ts';
import { createConfigUpdates } from './config-updates.ts';

const spec = { type: 'object', properties: { token: { type: 'string', airbyte_secret: true } } };

test('a connector teaches the seal its new token, and cannot hide what is in everybody’s sentences', () => {
  const redactor = createRedactor();
  const updates = createConfigUpdates(undefined, redactor);
  const first = resolvedConfig({ token: 'first-token-0001' }, { outline: {}, written: 'first' });
  const config = updates.forCheck(first, { spec, secretKeys: new Set() });
  const changed = { token: 'second-token-0002', one: '1', order: 'orders', year: 2026, flag: 'true' };
  const { fields } = config.keepUpdate?.({ connectorConfig: { config: changed } }) ?? {};
  expect([...(fields ?? [])].sort()).toEqual(['flag', 'one', 'order', 'token', 'year']);
  const sentence = '1 of 2026 orders is true';
  expect(redactor.redact(sentence, 'text')).toBe(sentence);
  expect(redactor.redact('it is second-token-0002 now', 'text')).toBe('it is [secret:config.token] now');
});
