/** An Airbyte that returns everything in plain text: no configuration, manifest or state may come out with a secret in it. */
import { describe, expect, test } from 'vitest';
import { airbyteId, type Fields } from '../../../fixtures/airbyte/index.ts';
import { addSource, all, describeSource, leaky, PEM, plainSpec, useLeakyAirbyte } from '../harness/leaky-airbyte.ts';

useLeakyAirbyte();

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

  test('an unknown connector: names and shapes decide', async () => {
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
    const [definition] = leaky.airbyte.state.declarative;
    const id = addSource(4, { api_key: 'leak-custom-0003' }, undefined);
    const source = leaky.airbyte.state.sources.at(-1);
    if (source && definition) source.definitionId = definition.id;
    expect(await describeSource(id)).toContain('custom');
  });

  test('without the configuration API, and with one that fails', async () => {
    leaky.airbyte.fault({ path: /specifications\/get/, kind: 'status', status: 404, times: 100 });
    for (const number of [1, 2, 3]) await describeSource(airbyteId('source', number));
  });
});

describe('manifests and states', () => {
  test('keys that an author wrote into a manifest; its templates and key fields stay', async () => {
    const [definition] = leaky.airbyte.state.declarative;
    const [project] = leaky.airbyte.state.projects;
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
    const [connection] = leaky.airbyte.state.connections;
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
