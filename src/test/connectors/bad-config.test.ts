/** Configurations that do not fit their connector's spec: every problem at once, each with its path and its fix. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';

interface Validation {
  valid: boolean;
  problems: { path: string; message: string; fix: string }[];
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    envFileText: "CRM_TOKEN='token-of-the-crm-1'\nDB_HOST=db.internal\n",
  });
});
afterAll(() => server.close());

const problemsOf = async (connector: string, config: object): Promise<Record<string, string>> => {
  const answer = await server.call<Validation>('validate_config', { connector, config, schema_only: true });
  expect(answer.valid).toBe(answer.problems.length === 0);
  for (const { path, fix } of answer.problems) {
    expect(fix.length, `the fix of ${path}`).toBeGreaterThan(10);
    expect(answer.text).toContain(`${path}: `);
  }
  return Object.fromEntries(answer.problems.map(({ path, message, fix }) => [path, `${message} ${fix}`]));
};

test('missing fields, a misspelt one, an extra one, a wrong type and an empty list', async () => {
  const problems = await problemsOf('source-larch-sql', {
    host: 'secret_reference::DB_HOST',
    port: '5432',
    databse: 'shop',
    username: 'reader',
    schemas: [],
    speed: 'fast',
  });
  expect(problems).toEqual({
    database: expect.stringMatching(/missing.*Rename it to database/),
    databse: expect.stringContaining('Did you mean database?'),
    speed: expect.stringMatching(/no such field.*Known: host, port/),
    port: expect.stringMatching(/must be an integer.*without quotes/),
    schemas: expect.stringContaining('at least 1 item'),
  });
});

test('a field that the spec lets pass and does not have is a warning, with the near one', async () => {
  const config = { cout: 10, parallelism: 2 };
  const args = { connector: 'source-faker', config, schema_only: true };
  const answer = await server.call<Validation & { warnings: string[] }>('validate_config', args);
  expect(answer.valid).toBe(true);
  expect(answer.warnings).toEqual(["The connector's spec has no field cout. Did you mean count?"]);
  expect(answer.text).toContain('Did you mean count?');
});

test('enumerations, limits, patterns and repeated items', async () => {
  expect(
    await problemsOf('source-larch-sql', {
      host: 'h',
      port: 99_999,
      database: 'd',
      username: 'u',
      schemas: ['a', 'a'],
    }),
  ).toEqual({ port: expect.stringContaining('<= 65536'), schemas: expect.stringContaining('twice') });
  expect(
    await problemsOf('source-orchard-weather', {
      api_key: 'secret_reference::CRM_TOKEN',
      start_date: 'yesterday',
    }),
  ).toEqual({ start_date: expect.stringContaining('2024-01-31T00:00:00Z') });
});

test('a branch is named by its constant, and only its fields are asked for', async () => {
  const problems = await problemsOf('source-bramble-crm', {
    region: 'mars',
    credentials: { auth_type: 'oauth2.0', client_id: 5, token_lifetime: 3 },
  });
  expect(problems).toEqual({
    region: expect.stringContaining('"eu", "us", "apac"'),
    'credentials.client_id': expect.stringContaining('must be a string'),
    'credentials.client_secret': expect.stringContaining('secret_reference::NAME'),
    'credentials.refresh_token': expect.stringContaining('secret_reference::NAME'),
    'credentials.token_lifetime': expect.stringContaining('>= 60'),
  });
});

test.each([
  ['an unknown constant', { auth_type: 'saml' }, 'credentials.auth_type'],
  ['no constant', { api_key: 'secret_reference::CRM_TOKEN' }, 'credentials.auth_type'],
  ['a text', 'api_key', 'credentials'],
])('%s instead of a branch: the error lists all branches with their fields', async (_what, credentials, path) => {
  const problems = await problemsOf('source-bramble-crm', { region: 'eu', credentials });
  expect(Object.keys(problems)).toEqual([path]);
  expect(problems[path]).toContain('oauth2.0');
  expect(problems[path]).toContain('needs client_id, client_secret, refresh_token');
  expect(problems[path]).toContain('API key; needs api_key');
});

test('inside arrays, with the number of the item, and branches inside them', async () => {
  const token = 'secret_reference::CRM_TOKEN';
  const literal = 'a-literal-token-4711';
  const problems = await problemsOf('source-bramble-crm', {
    region: 'eu',
    credentials: { auth_type: 'api_key', api_key: token },
    accounts: [
      { name: 'fine', token },
      { name: 1, token: 'secret_reference::CRM_TOKN' },
      { token: literal, window: { kind: 'rolling', days: 0 } },
      'text',
      { name: 'n', token, window: { kind: 'weekly' } },
    ],
  });
  expect(problems).toEqual({
    'accounts[1].name': expect.stringContaining('must be a string'),
    'accounts[1].token': expect.stringContaining('Did you mean CRM_TOKEN?'),
    'accounts[2].name': expect.stringContaining('missing'),
    'accounts[2].token': expect.stringContaining('secret_reference::CRM_TOKEN'),
    'accounts[2].window.days': expect.stringContaining('>= 1'),
    'accounts[3]': expect.stringContaining('must be an object'),
    'accounts[4].window.kind': expect.stringMatching(/rolling.*fixed/),
  });
  expect(JSON.stringify(problems)).not.toContain(literal);
});

test('hundreds of problems are bounded, and a config that nests deeply does no harm', async () => {
  const accounts = Array.from({ length: 500 }, () => ({ name: 1 }));
  const many = await server.call<Validation>('validate_config', {
    connector: 'source-bramble-crm',
    config: { accounts },
    schema_only: true,
  });
  expect(many.valid).toBe(false);
  expect(many.problems.length).toBeGreaterThan(10);
  expect(many.text.length).toBeLessThan(50_000);
  let deep: object = {};
  for (let depth = 0; depth < 400; depth += 1) deep = { a: deep };
  const args = { connector: 'source-faker', config: { extra: deep }, schema_only: true };
  expect(await server.fail('validate_config', args)).toMatchObject({ kind: 'input', code: 'arguments_too_deep' });
  expect(await server.call('get_status')).toHaveProperty('version');
});

test.each([
  ['a relative path', { config_file: 'rel.yaml' }, 'config_file', /absolute/],
  ['a file outside of the allowed folders', { config_file: '/etc/hostname' }, 'config_file', /SLUICE_CONFIG_DIRS/],
  ['an unknown secret', { config_secret: 'CRM_TOKN' }, 'config_secret', /CRM_TOKEN/],
])(
  '%s for a configuration: the error explains what to write, and does not guess its content',
  async (_what, args, path, expected) => {
    const { valid, problems } = await server.call<Validation>('validate_config', {
      connector: 'source-bramble-crm',
      schema_only: true,
      ...args,
    });
    expect(valid).toBe(false);
    expect(problems).toMatchObject([{ path }]);
    expect(`${problems[0]?.message} ${problems[0]?.fix}`).toMatch(expected);
  },
);

test.each([
  ['a file', { config_file: '/etc/hostname' }, 'config_file'],
  ['a secret', { config_secret: 'CRM_TOKN' }, 'config_secret'],
])('%s that cannot be read is reported before the connector is installed', async (_what, args, path) => {
  // There is no such package: an installation would be an error.
  const call = { connector: 'source-bramble-crm', version: '1.2.3', runtime: 'python', ...args };
  const answer = await server.call<Validation>('validate_config', call);
  expect(answer).toMatchObject({ valid: false, version: '1.2.3', problems: [{ path }] });
});

test('a runtime that the connector does not have is refused, also where only the schema is asked', async () => {
  const call = { connector: 'source-faker', config: {}, runtime: 'manifest', schema_only: true };
  expect(await server.fail('validate_config', call)).toMatchObject({ code: 'runtime_does_not_fit' });
});

test('localhost is warned of for a container, also where only the schema is asked', async () => {
  const config = { host: 'localhost', port: 5432, database: 'shop', username: 'reader' };
  const call = { connector: 'source-larch-sql', config, runtime: 'docker', schema_only: true };
  expect(await server.call('validate_config', call)).toMatchObject({
    valid: true,
    warnings: [expect.stringContaining('host.docker.internal')],
  });
});
