/** Finding a connector and reading what it needs, as an assistant does it. */
import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';

let server: TestServer;
afterEach(() => server.close());

test('connectors are found by keywords, page by page, and by similar names', async () => {
  server = await startServer();
  const found = await server.call<{ connectors: unknown[]; total: number }>('list_connectors', { search: 'sample' });
  expect(found).toMatchObject({
    total: 1,
    connectors: [
      {
        name: 'source-faker',
        title: 'Sample Data',
        type: 'source',
        runtimes: ['python', 'docker'],
        support_level: 'community',
        version: '6.2.24',
      },
    ],
  });
  expect(found.text).toContain('source-faker | Sample Data | source | python, docker | community | 6.2.24');

  const first = await server.call<{ next_cursor: string }>('list_connectors', { limit: 6 });
  const rest = await server.call('list_connectors', { limit: 6, cursor: first.next_cursor });
  expect(rest).toMatchObject({ total: 7, connectors: [{ name: 'destination-larch-sql' }] });
  expect(await server.fail('list_connectors', { cursor: 'x' })).toMatchObject({ code: 'bad_cursor' });

  expect(await server.call('list_connectors', { search: 'fakr' })).toMatchObject({ total: 0, near: ['source-faker'] });
  const unknown = await server.fail('get_connector_info', { connector: 'source-fakr' });
  expect(unknown).toMatchObject({ code: 'unknown_connector', next: expect.stringContaining('source-faker') });
});

test('a connector reports what it needs, what is secret, and whether it runs here', async () => {
  server = await startServer();
  const info = await server.call('get_connector_info', {
    connector: 'airbyte/Source-Bramble-CRM',
    include: ['docs', 'spec'],
  });
  expect(info).toMatchObject({
    name: 'source-bramble-crm',
    required_fields: [
      { path: 'region', default: 'eu', allowed: ['eu', 'us', 'apac'] },
      {
        path: 'credentials',
        options: [
          { field: 'auth_type', value: 'oauth2.0' },
          { value: 'api_key', required: [{ path: 'credentials.api_key', secret: true }] },
        ],
      },
    ],
    optional_fields: ['accounts'],
    secret_fields: [
      'accounts[].token',
      'credentials.api_key',
      'credentials.client_secret',
      'credentials.refresh_token',
    ],
    suggested_streams: ['contacts', 'deals'],
    docs: [{ title: 'Bramble API' }, { title: 'Rate limits' }],
    spec: { connectionSpecification: { title: 'Bramble CRM Spec' } },
    notes: [],
  });
  expect(info.text).toContain('auth_type "api_key" (API key): credentials.api_key (string, secret)');

  const java = await server.call('get_connector_info', { connector: 'source-larch-sql' });
  expect(java).toMatchObject({ runtimes: [{ runtime: 'docker' }] });
  expect(java.text).toMatch(/- docker: (needs a download from docker\.io|ready, |no, )\w*/);
});

test('offline, versions come from the registry alone, and another version is refused with the next step', async () => {
  server = await startServer({ environment: { AIRBYTE_OFFLINE_MODE: '1' } });
  const info = await server.call('get_connector_info', {
    connector: 'source-faker',
    include: ['versions', 'manifest'],
  });
  expect(info).toMatchObject({
    versions: {
      registry_version: '6.2.24',
      release_candidates: ['6.3.0-rc.1'],
      breaking_changes: [{ version: '6.0.0', deadline: '2024-04-01' }, { version: '5.0.0' }],
    },
    notes: [expect.stringContaining('PyPI was not asked'), expect.stringContaining('has no manifest')],
  });
  const other = await server.fail('get_connector_info', { connector: 'source-faker', version: '5.0.0' });
  expect(other).toMatchObject({ kind: 'setup', code: 'offline' });
});

test('a bad AIRBYTE_LOCAL_REGISTRY does not stop the server, and the error suggests a valid value', async () => {
  server = await startServer({ environment: { AIRBYTE_LOCAL_REGISTRY: './registry.json' } });
  const failure = await server.fail('list_connectors');
  expect(failure).toMatchObject({ kind: 'setup', code: 'bad_local_registry' });
  expect(failure.message).toContain('AIRBYTE_LOCAL_REGISTRY');
});
