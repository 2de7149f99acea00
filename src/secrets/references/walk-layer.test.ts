import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isHeldValue } from '../../protocol/index.ts';
import { open, ref, resolve, useVaultContext, vaultPaths } from '../vault/vault-context.fixture.ts';

useVaultContext();

describe('walkLayer', () => {
  it('puts values in their places, in their types', async () => {
    const { value, problems } = await resolve({
      config: {
        host: ref('HOST'),
        port: ref('PORT'),
        ratio: ref('PORT'),
        debug: ref('FLAG'),
        tags: ref('LIST'),
        tokens: [ref('API_KEY'), ref('SERVICE#/nested/a~1b')],
        service_account: ref('SERVICE'),
        options: { 'X-Key': ref('API_KEY'), all: ref('SERVICE'), port: ref('SERVICE#/port') },
        credentials: { auth: 'key', api_key: ref('API_KEY') },
      },
    });
    expect(problems).toEqual([]);
    expect(value).toMatchObject({
      host: 'db.example.com',
      port: 5432,
      ratio: 5432,
      debug: true,
      tags: ['a', 'b'],
      tokens: ['key-value-123456', 'deep-leaf-value'],
      options: { 'X-Key': 'key-value-123456', port: 5432 },
      credentials: { auth: 'key', api_key: 'key-value-123456' },
    });
    expect(JSON.parse(String(value.service_account)).type).toBe('service_account');
  });

  it('parses JSON at an object field', async () => {
    const { value, problems } = await resolve({ config: { options: ref('SERVICE') } });
    expect(problems).toEqual([]);
    expect(value.options).toMatchObject({ private_key: 'a-private-value' });
  });

  it('refuses an integer whose digits are lost already', async () => {
    const { problems } = await resolve({ config: { options: { small: 9007199254740991, list: [9007199254740992] } } });
    expect(problems).toMatchObject([{ path: 'options.list[0]', message: expect.stringContaining('digits') }]);
  });

  it('reports everything at once, by path, and echoes no value', async () => {
    const { problems, paths, printed } = await resolve({
      config: {
        host: `https://${ref('HOST')}/x`,
        port: ref('HOST'),
        debug: ref('PORT'),
        tags: [ref('API_KEY'), ref('HOTS'), 'secret_reference::not-a-name'],
        tokens: ['a literal token', 12345678, ref('EMPTY'), ref('SERVICE#/nothing')],
        account_id: ref('PEM'),
        service_account: { private: 'literal-in-object' },
        options: { cloud: ref('AIRBYTE_CLOUD_CLIENT_SECRET') },
        credentials: { auth: 'user', password: 'hunter2', [ref('HOST')]: 1 },
      },
    });
    expect(paths).toEqual(
      [
        'host',
        'tags[0]',
        'tags[1]',
        'tags[2]',
        'tokens[0]',
        'tokens[1]',
        'tokens[2]',
        'tokens[3]',
        'account_id',
        'service_account.private',
        'options.cloud',
        'credentials.password',
        'credentials',
      ].sort((a, b) => paths.indexOf(a) - paths.indexOf(b)),
    );
    const fix = (path: string): string => problems.find((problem) => problem.path === path)?.fix ?? '';
    expect(fix('tags[1]')).toContain('HOST');
    expect(fix('tags[0]')).toContain('tokens[]');
    expect(fix('credentials.password')).toContain('secret_reference::PASSWORD');
    expect(fix('credentials.password')).toContain(vaultPaths.envPath);
    for (const value of [
      'hunter2',
      'a literal token',
      '12345678',
      'literal-in-object',
      'key-value',
      'db.example.com',
      '5432',
      'MIIE',
    ]) {
      expect(printed).not.toContain(value);
    }
  });

  it('asks nothing of a value: what does not fit goes to the connector as it is', async () => {
    const { problems, value, config } = await resolve({
      config: { port: ref('HOST'), debug: ref('PORT'), tags: ref('HOST'), options: ref('PORT') },
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({ port: 'db.example.com', debug: '5432', tags: 'db.example.com', options: '5432' });
    expect(Object.values(config.outline).every(isHeldValue)).toBe(true);
  });

  it('reports a pointer that leads nowhere like a value that is not JSON; null is a value', async () => {
    const messages = ['SERVICE#/nothing', 'SERVICE#/port/x', 'API_KEY#/a', 'NULLS#/b'].map(async (name) => {
      const { problems } = await resolve({ config: { tokens: [ref(name)] } });
      return problems.map(({ message, fix }) => [message.replace(/to \w+/, 'to NAME'), fix]);
    });
    const [first, ...others] = await Promise.all(messages);
    expect(first).toEqual([['The reference to NAME does not resolve.', expect.any(String)]]);
    for (const other of others) expect(other).toEqual(first);
    expect((await resolve({ config: { tokens: [ref('NULLS#/a')] } })).problems).toEqual([]);
  });

  it('compares a literal with no secret', async () => {
    const printed = async (text: string) => JSON.stringify((await resolve({ config: { tokens: [text] } })).problems);
    expect(await printed('key-value-123456')).toBe(await printed('anything else'));
    expect((await resolve({ config: { account_id: 'key-value-123456', host: 'key-value-123456' } })).problems).toEqual(
      [],
    );
  });

  it('proposes secrets that fit a literal by their names', async () => {
    const { problems } = await resolve({ config: { credentials: { auth: 'key', api_key: 'x' } } });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.fix).toContain('"secret_reference::API_KEY" or "secret_reference::STRIPE_API_KEY"');
  });

  it('refuses literals in any branch that is not ruled out, and knows nested ones', async () => {
    expect((await resolve({ config: { credentials: { password: 'x' } } })).paths).toEqual(['credentials.password']);
    expect((await resolve({ config: { credentials: { auth: 'key', password: 'x' } } })).paths).toEqual([
      'credentials.password',
    ]);
    expect((await resolve({ config: { credentials: { auth: 'user', user: 'me' }, tokens: [] } })).paths).toEqual([]);
  });

  it('allows a sensitive secret at keys of the published list', async () => {
    const keys = new Set(['account_id']);
    expect((await resolve({ config: { account_id: ref('API_KEY') } }, open(), keys)).problems).toEqual([]);
    expect((await resolve({ config: { account_id: ref('API_KEY') } })).paths).toEqual(['account_id']);
    expect((await resolve({ config: { unheard: ref('API_KEY') } })).paths).toEqual(['unheard']);
  });

  it('redacts a plain secret as soon as it is in a secret field', async () => {
    const vault = open();
    expect(vault.redactor.redact('opaque-value-9876', 'data')).toBe('opaque-value-9876');
    await resolve({ config: { tokens: [ref('OPAQUE')] } }, vault);
    expect(vault.redactor.redact('opaque-value-9876', 'data')).toBe('[secret:OPAQUE]');
  });
});

describe('a resolved configuration', () => {
  it('prints and serialises as nothing, and cannot be changed by who borrows it', async () => {
    const { config, printed } = await resolve({ config: { tokens: [ref('API_KEY')] } });
    config.use((borrowed) => {
      borrowed.tokens = [];
    });
    expect(config.use((borrowed) => borrowed)).toEqual({ tokens: ['key-value-123456'] });
    expect(
      printed + String(config) + inspect(config, { showHidden: true }) + JSON.stringify({ ...config }),
    ).not.toContain('key-value');
  });

  it('has a fingerprint that depends on the values and not on the order of keys', async () => {
    const one = await resolve({ config: { host: 'a', port: 1 } });
    const two = await resolve({ config: { port: 1, host: 'a' } });
    const other = await resolve({ config: { port: 2, host: 'a' } });
    expect(one.config.fingerprint).toBe(two.config.fingerprint);
    expect(one.config.fingerprint).not.toBe(other.config.fingerprint);
    expect(one.config.fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });
});
