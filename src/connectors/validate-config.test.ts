import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldValue, isObject, type JsonObject } from '../protocol/index.ts';
import { fixtureSpecs, specOf } from './specs.fixture.ts';
import { validateAgainstSpec } from './validate-config.ts';

const bramble = specOf('source-bramble-crm');
const larch = specOf('source-larch-sql');

/** One field called `a` of a schema. */
const only = (a: JsonObject): JsonObject => ({ type: 'object', properties: { a } });

describe('validateAgainstSpec', () => {
  it('accepts what fits', async () => {
    expect(await validateAgainstSpec(specOf('source-faker'), { count: 50, seed: 1 })).toEqual([]);
    expect(
      await validateAgainstSpec(bramble, { region: 'eu', credentials: { auth_type: 'api_key', api_key: 'k' } }),
    ).toEqual([]);
  });

  it('names every missing field with what to write', async () => {
    expect(await validateAgainstSpec(specOf('source-orchard-weather'), {})).toEqual([
      {
        path: 'api_key',
        message: 'A required field is missing.',
        fix: 'Write "secret_reference::NAME" with the NAME of a secret from list_secrets. Found under Keys.',
      },
      {
        path: 'start_date',
        message: 'A required field is missing.',
        fix: 'Add a string, such as "2024-01-31T00:00:00Z".',
      },
    ]);
  });

  it('lists the options of a missing choice', async () => {
    const problems = await validateAgainstSpec(bramble, { region: 'eu' });
    expect(problems).toEqual([
      {
        path: 'credentials',
        message: 'A required field (Authentication) is missing.',
        fix: 'Add an object, one of: auth_type "oauth2.0" (OAuth 2.0; needs client_id, client_secret, refresh_token); auth_type "api_key" (API key; needs api_key). How to sign in.',
      },
    ]);
  });

  it('reports only the errors of the branch that was meant', async () => {
    const config = { region: 'eu', credentials: { auth_type: 'oauth2.0', client_id: 'c', token_lifetime: 5 } };
    expect((await validateAgainstSpec(bramble, config)).map(({ path, message }) => [path, message])).toEqual([
      ['credentials.client_secret', 'A required field is missing.'],
      ['credentials.refresh_token', 'A required field is missing.'],
      ['credentials.token_lifetime', 'The number must be >= 60.'],
    ]);
  });

  it.each([
    ['no branch is named', { api_key: 'k' }, 'auth_type is missing: it determines which option is meant.'],
    ['an unknown branch is named', { auth_type: 'basic' }, 'The value of auth_type is not one of the options.'],
  ])('lists the branches where %s', async (_case, credentials, message) => {
    const problems = await validateAgainstSpec(bramble, { region: 'eu', credentials });
    expect(problems).toMatchObject([{ path: 'credentials.auth_type', message }]);
    expect(problems[0]?.fix).toContain('auth_type "api_key" (API key; needs api_key)');
  });

  it('reports a wrong type instead of a choice once', async () => {
    const problems = await validateAgainstSpec(bramble, { region: 'eu', credentials: 'key' });
    expect(problems).toMatchObject([
      { path: 'credentials', message: 'It is a string, but must be an object, one of several.' },
    ]);
  });

  it('finds its way through lists and choices inside choices', async () => {
    const accounts: JsonObject[] = [
      { name: 'a', token: 't', window: { kind: 'rolling', days: 0 } },
      { name: 'b', window: { kind: 'fixed' } },
    ];
    const config = { region: 'eu', credentials: { auth_type: 'api_key', api_key: 'k' }, accounts };
    expect((await validateAgainstSpec(bramble, config)).map(({ path }) => path).sort()).toEqual([
      'accounts[0].window.days',
      'accounts[1].token',
      'accounts[1].window.start',
    ]);
  });

  it('reports which fields exist if others are not allowed', async () => {
    const config = { host: 'h', port: 1, databse: 'd', database: 'd', username: 'u', zzz: 1 };
    expect(await validateAgainstSpec(larch, config)).toEqual([
      {
        path: 'databse',
        message: 'The connector has no such field.',
        fix: 'Did you mean database? Otherwise remove it.',
      },
      {
        path: 'zzz',
        message: 'The connector has no such field.',
        fix: 'Remove it. Known: host, port, database, username, password, schemas, ssl_mode.',
      },
    ]);
  });

  it('asks whether a missing field is there under almost its name', async () => {
    const [problem] = await validateAgainstSpec(bramble, {
      region: 'eu',
      credentials: { auth_type: 'api_key', apikey: 'k' },
    });
    expect(problem).toMatchObject({ path: 'credentials.api_key' });
    expect(problem?.fix).toContain('Is it written as "apikey"? Rename it to api_key.');
  });

  it.each<[string, JsonObject, JsonObject[string], string, string]>([
    [
      'type, number in quotes',
      { type: 'integer', default: 5432 },
      '5432',
      'It is a string, but must be an integer.',
      'Write it without quotes, such as 5432.',
    ],
    [
      'type, string without quotes',
      { type: 'string' },
      5,
      'It is a number, but must be a string.',
      'Put it in quotes.',
    ],
    [
      'type, one for a list',
      { type: 'array', items: { type: 'string' } },
      'x',
      'It is a string, but must be a list of string.',
      'Put it into a list: [...].',
    ],
    [
      'type, null',
      { type: ['string', 'integer'] },
      null,
      'It is null, but must be a string or integer.',
      'Write a string or integer.',
    ],
    ['enum', { enum: ['eu', 'us'] }, 'mars', 'Its value is not one of those allowed.', 'Write one of "eu", "us".'],
    ['const', { const: 'v2' }, 'v1', 'Its value is not the one allowed.', 'Write "v2".'],
    [
      'pattern with words',
      { type: 'string', pattern: '^\\d{4}$', pattern_descriptor: 'YYYY' },
      'x',
      'Its value does not have the form that the connector needs.',
      'Write it as YYYY.',
    ],
    [
      'pattern of a day',
      { type: 'string', pattern: '^[0-9]{2}-[0-9]{2}-[0-9]{4}$' },
      'x',
      'Its value does not have the form that the connector needs.',
      'It must match the pattern ^[0-9]{2}-[0-9]{2}-[0-9]{4}$, such as "31-01-2024".',
    ],
    [
      'format',
      { type: 'string', format: 'date' },
      'soon',
      'Its value is not a valid date.',
      'Write a date, such as "2024-01-31".',
    ],
    ['maximum', { type: 'integer', maximum: 3 }, 4, 'The number must be <= 3.', 'Write a number <= 3.'],
    [
      'multipleOf',
      { type: 'integer', multipleOf: 5 },
      4,
      'The number must be a multiple of 5.',
      'Write a multiple of 5.',
    ],
    [
      'minLength',
      { type: 'string', minLength: 1 },
      '',
      'It must have at least 1 character.',
      'Write at least 1 character.',
    ],
    ['maxItems', { type: 'array', maxItems: 2 }, [1, 2, 3], 'It must have at most 2 items.', 'Write at most 2 items.'],
    [
      'uniqueItems',
      { type: 'array', uniqueItems: true },
      ['a', 'b', 'a'],
      'The list contains an item twice.',
      'Remove item 1 or item 3.',
    ],
    [
      'not',
      { not: { type: 'string' } },
      'x',
      "It does not fit the connector's specification (not).",
      'Compare it with get_connector_info and include ["spec"].',
    ],
  ])('explains %s', async (_keyword, schema, value, message, fix) => {
    expect(await validateAgainstSpec(only(schema), { a: value })).toEqual([{ path: 'a', message, fix }]);
  });

  it.each<[string, JsonObject, JsonObject[string]]>([
    ['a date if the format requires a time', { type: 'string', format: 'date-time' }, '2021-01-01'],
    [
      'what the own pattern of a field takes',
      { type: 'string', format: 'date', pattern: '^\\d\\d-\\d\\d-\\d{4}$' },
      '31-01-2024',
    ],
    ['an example of the spec', { type: 'string', format: 'email', examples: ['nobody'] }, 'nobody'],
    ['a format that nobody knows', { type: 'string', format: 'snowflake-account' }, 'x'],
    ['a password', { type: 'string', format: 'password' }, 'x'],
    ['a pattern that is not a regular expression', { type: 'string', pattern: '(?P<year>[0-9' }, 'x'],
    ['a pattern with a flag of Python', { type: 'string', pattern: '(?i)^abc$' }, 'ABC'],
    ['a required that is not a list', { type: 'object', required: true }, {}],
    ['a type that does not exist', { type: 'int' }, 'x'],
    ['an id of an old dialect', { id: 'x', $id: 'y', type: 'object' }, {}],
    ['an empty oneOf', { oneOf: [] }, 'x'],
  ])('is not stopped by %s', async (_case, schema, value) => {
    expect(
      await validateAgainstSpec({ $schema: 'http://json-schema.org/draft-04/schema#', ...only(schema) }, { a: value }),
    ).toEqual([]);
  });

  it('still checks the other constraints next to two broken patterns', async () => {
    const spec = { properties: { a: { pattern: '(' }, b: { pattern: '[' }, c: { pattern: '^c$' } } };
    expect((await validateAgainstSpec(spec, { a: 'x', b: 'x', c: 'x' })).map(({ path }) => path)).toEqual(['c']);
  });

  it('reports a spec that is not a schema at all', async () => {
    await expect(validateAgainstSpec(only({ $ref: '#/nowhere' }), {})).rejects.toMatchObject({
      name: 'ConnectorError',
      code: 'bad_spec',
    });
  });

  it('never shows a value', async () => {
    const value = fc.string({ minLength: 6 }).map((text) => `q7${text}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fixtureSpecs.values()), value, fc.boolean(), async (spec, secret, nested) => {
        const wrong = nested ? { auth_type: secret, mode: secret, api_key: [secret] } : secret;
        const names = [...Object.keys(isObject(spec.properties) ? spec.properties : {}), 'stray'];
        const problems = await validateAgainstSpec(spec, Object.fromEntries(names.map((name) => [name, wrong])));
        expect(JSON.stringify(problems)).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });
});

describe('a held value', () => {
  const held = (name: string): string => String(heldValue(name));

  it('is valid in any field, and its siblings are still checked', async () => {
    const spec = only({
      type: 'object',
      required: ['id', 'more'],
      properties: {
        id: { type: 'integer', minimum: 5 },
        word: { type: 'string', pattern: '^a', enum: ['a'], maxLength: 1 },
        list: { type: 'array', items: { const: 1 }, uniqueItems: true, minItems: 2 },
        wrong: { type: 'integer' },
      },
    });
    const a = { id: held('1'), word: held('2'), list: [held('3'), held('4')], wrong: 'x' };
    expect((await validateAgainstSpec(spec, { a })).map(({ path }) => path).sort()).toEqual(['a.more', 'a.wrong']);
    expect(await validateAgainstSpec(spec, { a: held('5') })).toEqual([]);
  });

  it('decides no choice, and hides no missing field of the one that is meant', async () => {
    const credentials = { auth_type: 'oauth2.0', client_id: held('1'), token_lifetime: held('2') };
    expect(
      (await validateAgainstSpec(bramble, { region: held('0'), credentials })).map(({ path }) => path).sort(),
    ).toEqual(['credentials.client_secret', 'credentials.refresh_token']);
    const open = { auth_type: held('1'), api_key: held('2') };
    expect(await validateAgainstSpec(bramble, { region: 'eu', credentials: open })).toEqual([]);
  });

  it('gets the same message, whatever the spec requires', async () => {
    const keyword = fc.oneof(
      fc.record({ pattern: fc.constantFrom('^a', '[0-9]', '.*') }),
      fc.record({ enum: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
      fc.record({ const: fc.oneof(fc.string(), fc.integer()) }),
      fc.record({ minLength: fc.nat(40), maxLength: fc.nat(40) }),
      fc.record({ type: fc.constantFrom('integer', 'string', 'boolean', 'array', 'object', 'null') }),
      fc.record({ minimum: fc.integer(), multipleOf: fc.integer({ min: 1 }) }),
      fc.record({ format: fc.constantFrom('date', 'uri', 'email', 'ipv4') }),
    );
    const schema = fc.oneof(
      keyword,
      fc.record({ oneOf: fc.array(keyword, { minLength: 1, maxLength: 3 }) }),
      fc.record({ anyOf: fc.array(keyword, { minLength: 1, maxLength: 3 }) }),
      fc.record({ allOf: fc.array(keyword, { minLength: 1, maxLength: 3 }) }),
      fc.record({ if: keyword, else: keyword }),
      fc.record({ not: keyword }),
    );
    await fc.assert(
      fc.asyncProperty(schema, async (field) => {
        expect(await validateAgainstSpec(only(field as JsonObject), { a: held('x') })).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
