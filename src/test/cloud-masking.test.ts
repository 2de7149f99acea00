/** An Airbyte that tells everything in clear, and connectors that print what they were given: none of it may come out. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Actor, airbyteId, type FakeAirbyte, type Fields, SEEDED_SECRETS } from '../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from './harness/airbyte.ts';
import type { TestServer } from './harness/client.ts';

const PEM = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu',
  'KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm',
  '-----END RSA PRIVATE KEY-----',
];
const LOCAL_SECRET = 'a-key-of-the-meadow-77';
/** Everything secret below; each of them is unlike any other text. */
const SECRETS = [
  ...SEEDED_SECRETS,
  ...PEM.slice(1, 3),
  LOCAL_SECRET,
  'leak-nested-0001',
  'leak-array-0002',
  'leak-custom-0003',
  'leak-unknown-0004',
  'leak-json-0005',
  'leak-url-0006',
  'leak-pairs-0007',
  'leak-header-0008abcdef',
  'leak-unmarked-0009',
  'leak-object-0010',
  'leak-deep-0011',
  'leak-manifest-0012',
  'leak-default-0013',
  'leak-bearer-0014abcdef',
  'leak-state-0015',
  'leak-log-0016',
  'leak-check-0017',
  'leak-spec-0018',
  'leak-failure-0019',
  'leak-camel-0020',
];

let cloud: CloudTest;
let server: TestServer;
let airbyte: FakeAirbyte;
beforeEach(async () => {
  cloud = await startCloud({ airbyte: { leaky: true, quoting: true }, environment: UNGUARDED });
  ({ server, airbyte } = cloud);
});
afterEach(async () => {
  // Whatever a test did: neither stderr nor any file of the project holds a secret.
  const files = await server.workplace.files(server.workplace.project);
  const written = [server.stderr(), ...[...files.values()].map((file) => file.toString('latin1'))].join('\n');
  await cloud.close();
  expectNone(written, 'stderr and files');
});

function expectNone(text: string, where: string): void {
  const forms = (secret: string): string[] => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
  ];
  const found = SECRETS.filter((secret) => forms(secret).some((form) => text.includes(form)));
  expect(found, `${where}: ${text.slice(0, 3_000)}`).toEqual([]);
}

/** The whole answer, error or not. */
async function all(tool: string, args: Record<string, unknown>): Promise<string> {
  const result = await server.client.callTool({ name: tool, arguments: args }, { timeout: 60_000 });
  const text = JSON.stringify(result);
  expectNone(text, `${tool} ${JSON.stringify(args)}`);
  return text;
}

const plainSpec = (properties: Fields): Fields => ({ type: 'object', additionalProperties: true, properties });

/** A source of a connector of its own. @returns its id */
function addSource(number: number, configuration: Fields, spec: Fields | undefined): string {
  const definitionId = `0000abcd-0000-4000-8000-0000000000${10 + number}`;
  const [pattern] = airbyte.state.definitions;
  if (!pattern) throw new Error('the seed has no definition');
  if (spec) {
    const connector = `source-odd-${number}`;
    airbyte.state.definitions.push({ ...pattern, id: definitionId, name: connector, connector, spec });
  }
  const id = airbyteId('source', 100 + number);
  const workspaceId = airbyteId('workspace', 1);
  const source: Actor = {
    id,
    kind: 'source',
    name: `odd ${number}`,
    definitionId,
    workspaceId,
    configuration,
    createdAt: 1,
  };
  airbyte.state.sources.push(source);
  return id;
}

const describeSource = (id: string): Promise<string> => all('describe_cloud_object', { kind: 'source', id });

describe('configurations in clear', () => {
  test('those of the seed, with their own specs', async () => {
    for (const number of [1, 2, 3]) await describeSource(airbyteId('source', number));
    const id = airbyteId('destination', 2);
    const shown = await all('describe_cloud_object', { kind: 'destination', id });
    expect(shown).toContain('db.larkspur.example.com');
  });

  test('nested choices, arrays and objects that the spec marks; what is plain stays', async () => {
    const secret = { type: 'string', airbyte_secret: true };
    const spec = plainSpec({
      auth: {
        type: 'object',
        oneOf: [
          {
            properties: {
              kind: { const: 'a' },
              inner: { type: 'object', anyOf: [{ properties: { code: secret, place: { type: 'string' } } }] },
            },
          },
          { properties: { kind: { const: 'b' }, code: { type: 'string' } } },
        ],
      },
      accounts: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' }, pin: secret } } },
      vault: { type: 'object', airbyte_secret: true },
      region: { type: 'string' },
    });
    const id = addSource(
      1,
      {
        auth: { kind: 'a', inner: { code: 'leak-nested-0001', place: 'here' } },
        accounts: [{ id: 'first', pin: 'leak-array-0002' }],
        vault: { any: { thing: 'leak-object-0010' } },
        region: 'north',
      },
      spec,
    );
    const shown = await describeSource(id);
    for (const plain of ['here', 'first', 'north']) expect(shown).toContain(plain);
  });

  test('a connector that nobody knows: names and shapes decide', async () => {
    const id = addSource(
      2,
      {
        endpoint: 'https://reader:leak-url-0006@db.example.com/x',
        api_token: 'leak-unknown-0004',
        apiKey: 'leak-camel-0020',
        credentials: { anything: { at: ['leak-deep-0011'] } },
        service_account: JSON.stringify({ type: 'x', private_key: PEM.join('\n') }),
        ssh: PEM.join('\n'),
        shown: 'plain words',
      },
      undefined,
    );
    expect(await describeSource(id)).toContain('plain words');
  });

  test('a spec whose author forgot the mark; JSON, pairs and headers in texts that the spec calls plain', async () => {
    const text = { type: 'string' };
    const spec = plainSpec({
      access_token: text,
      db_password: text,
      options: text,
      jdbc_url_params: text,
      headers: { type: 'array', items: text },
      token_url: text,
      primary_key: text,
    });
    const id = addSource(
      3,
      {
        access_token: 'leak-unmarked-0009',
        db_password: 'leak-unmarked-0009',
        options: JSON.stringify({ retries: 3, nested: [JSON.stringify({ db_pass: 'leak-json-0005' })] }),
        jdbc_url_params: 'ssl=true&password=leak-pairs-0007',
        headers: ['Authorization: Bearer leak-header-0008abcdef'],
        token_url: 'https://id.example.com/token',
        primary_key: 'order_id',
      },
      spec,
    );
    const shown = await describeSource(id);
    for (const plain of ['https://id.example.com/token', 'order_id', 'retries']) {
      expect(shown).toContain(plain);
    }
  });

  test('a source made with a definition of one’s own', async () => {
    const [definition] = airbyte.state.declarative;
    const id = addSource(4, { api_key: 'leak-custom-0003' }, undefined);
    const source = airbyte.state.sources.at(-1);
    if (source && definition) source.definitionId = definition.id;
    expect(await describeSource(id)).toContain('declarative-manifest');
  });

  test('without the configuration API, and with one that fails', async () => {
    airbyte.fault({ path: /specifications\/get/, kind: 'status', status: 404, times: 100 });
    for (const number of [1, 2, 3]) await describeSource(airbyteId('source', number));
  });
});

describe('manifests and states', () => {
  test('keys that an author wrote into a manifest; its templates and key fields stay', async () => {
    const [definition] = airbyte.state.declarative;
    const [project] = airbyte.state.projects;
    if (!definition || !project) throw new Error('the seed has no definition');
    const manifest: Fields = {
      ...definition.manifest,
      definitions: {
        requester: {
          type: 'HttpRequester',
          url_base: 'https://api.example.com?token=leak-url-0006',
          authenticator: { type: 'BearerAuthenticator', api_token: 'leak-manifest-0012' },
          request_headers: { Authorization: 'Bearer leak-bearer-0014abcdef', 'X-Api-Key': 'leak-manifest-0012' },
          request_parameters: { key: "{{ config['api_key'] }}" },
        },
        stream: { primary_key: 'order_id' },
      },
      spec: {
        type: 'Spec',
        connection_specification: {
          type: 'object',
          properties: { pin: { type: 'string', airbyte_secret: true, default: 'leak-default-0013' } },
        },
      },
    };
    definition.manifest = manifest;
    project.draft = manifest;
    const shown = await all('describe_cloud_object', {
      kind: 'definition',
      id: definition.id,
      include: ['manifest', 'draft_manifest'],
    });
    expect(shown).toContain("{{ config['api_key'] }}");
    expect(shown).toContain('order_id');
    expect(shown).toContain('do not send them back');
  });

  test('a state with tokens in it, and with JSON in a text', async () => {
    const [connection] = airbyte.state.connections;
    if (!connection) throw new Error('the seed has no connection');
    connection.state = {
      users: {
        sync_token: 'leak-state-0015',
        position: JSON.stringify({ access_token: 'leak-state-0015', lsn: 77 }),
        updated_at: '2025-01-06',
      },
    };
    const id = connection.connectionId;
    const shown = await all('describe_cloud_object', { kind: 'connection', id, include: ['state', 'catalog'] });
    expect(shown).toContain('2025-01-06');
    expect(shown).toContain('lsn');
  });
});

describe('what connectors print', () => {
  test('a check that quotes the whole configuration', async () => {
    const spec = plainSpec({
      host: { type: 'string' },
      kennwort: { type: 'string', airbyte_secret: true },
      password: { type: 'string', airbyte_secret: true },
      ssh_key: { type: 'string', airbyte_secret: true },
    });
    const configuration = {
      host: 'db.invalid',
      kennwort: 'leak-spec-0018',
      password: 'leak-check-0017',
      ssh_key: PEM.join('\n'),
    };
    const id = addSource(5, configuration, spec);
    const shown = await all('check_cloud_connector', { kind: 'source', id });
    expect(shown).toContain('Could not connect to db.invalid');
  });

  test.each(['structured', 'formatted'] as const)('a log that quotes secrets in many ways, %s', async (logFormat) => {
    airbyte.settings.logFormat = logFormat;
    const filler = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    const log = [
      ...filler,
      'config: {"host": "db", "password": "leak-log-0016", "nested": {"api_key": "leak-log-0016"}}',
      'escaped: "{\\"client_secret\\": \\"leak-log-0016\\"}"',
      "python: {'refresh_token': 'leak-log-0016'}",
      'GET https://api.example.com/?access_token=leak-log-0016&page=2',
      'Authorization: Bearer leak-header-0008abcdef',
      `what this machine knows: ${LOCAL_SECRET}`,
      `in base64: ${Buffer.from(LOCAL_SECRET).toString('base64')}`,
      ...PEM,
      'jdbc:postgresql://reader:leak-url-0006@db/shop',
      ...filler,
    ];
    const failure = 'password=leak-failure-0019 Authorization: Bearer leak-bearer-0014abcdef';
    airbyte.planJob({ log, records: 10, milliseconds: 100, outcome: 'failed', failure });
    await all('run_cloud_sync', { connection_id: airbyteId('connection', 1) });
    const shown = await all('get_cloud_job', { job_id: 4, log_lines: 400, log_offset: 200 });
    expect(shown).toContain('page=2');
    expect(shown).toContain('line 299');
    // Wherever the first line falls: not in front of half a key.
    for (let offset = 296; offset < 320; offset += 1) {
      await all('get_cloud_job', { job_id: 4, log_lines: 1, log_offset: offset });
    }
    await all('list_cloud_objects', { kind: 'connection' });
    await all('list_cloud_objects', { kind: 'job' });
  });

  test('an error of Airbyte that quotes what it was sent or holds', async () => {
    const body = { status: 422, detail: 'refused', data: { message: 'Configuration: {"password":"leak-check-0017"}' } };
    airbyte.fault({ path: /check_connection/, kind: 'status', status: 422, body });
    await all('check_cloud_connector', { kind: 'source', id: airbyteId('source', 2) });
    airbyte.fault({ path: /\/jobs$/, method: 'POST', kind: 'status', status: 422, body });
    await all('run_cloud_sync', { connection_id: airbyteId('connection', 1) });
    airbyte.fault({ path: /get_for_job/, kind: 'status', status: 422, body });
    await all('get_cloud_job', { job_id: 3, log_lines: 10 });
  });

  test('the credentials of this server, and its token, wherever they are printed', async () => {
    const { clientId, clientSecret } = airbyte.settings;
    await server.call('list_cloud_objects', { kind: 'source' });
    const [, token = ''] = /^Bearer (.+)$/.exec(String(airbyte.requests.at(-1)?.headers.authorization)) ?? [];
    expect(token.length).toBeGreaterThan(10);
    const [source] = airbyte.state.sources;
    if (source) source.name = `named ${clientSecret} ${token}`;
    airbyte.planJob({ log: [`sent ${clientSecret} and ${token}`], records: 1, milliseconds: 50 });
    await all('run_cloud_sync', { connection_id: airbyteId('connection', 1) });
    const texts = [
      await all('list_cloud_objects', { kind: 'source' }),
      await all('describe_cloud_object', { kind: 'source', id: airbyteId('source', 1) }),
      await all('get_cloud_job', { job_id: 4, log_lines: 50 }),
    ];
    for (const text of texts) {
      expect(text).not.toContain(clientSecret);
      expect(text).not.toContain(token);
    }
    expect(clientId).not.toBe('');
  });
});
