/** Connectors that print what they were given, in logs, failures and checks: none of it may come out. */
import { describe, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { addSource, all, LOCAL_SECRET, leaky, PEM, plainSpec, useLeakyAirbyte } from '../harness/leaky-airbyte.ts';

useLeakyAirbyte();

describe('what connectors print', () => {
  test('a check that quotes the entire configuration', async () => {
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
    leaky.airbyte.settings.logFormat = logFormat;
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
    leaky.airbyte.planJob({ log, records: 10, milliseconds: 100, outcome: 'failed', failure });
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

  test('an error of Airbyte that quotes what it received or stores', async () => {
    const body = { status: 422, detail: 'refused', data: { message: 'Configuration: {"password":"leak-check-0017"}' } };
    leaky.airbyte.fault({ path: /check_connection/, kind: 'status', status: 422, body });
    await all('check_cloud_connector', { kind: 'source', id: airbyteId('source', 2) });
    leaky.airbyte.fault({ path: /\/jobs$/, method: 'POST', kind: 'status', status: 422, body });
    await all('run_cloud_sync', { connection_id: airbyteId('connection', 1) });
    leaky.airbyte.fault({ path: /get_for_job/, kind: 'status', status: 422, body });
    await all('get_cloud_job', { job_id: 3, log_lines: 10 });
  });

  test('the credentials of this server, and its token, wherever they are printed', async () => {
    const { clientId, clientSecret } = leaky.airbyte.settings;
    await leaky.server.call('list_cloud_objects', { kind: 'source' });
    const [, token = ''] = /^Bearer (.+)$/.exec(String(leaky.airbyte.requests.at(-1)?.headers.authorization)) ?? [];
    expect(token.length).toBeGreaterThan(10);
    const [source] = leaky.airbyte.state.sources;
    if (source) source.name = `named ${clientSecret} ${token}`;
    leaky.airbyte.planJob({ log: [`sent ${clientSecret} and ${token}`], records: 1, milliseconds: 50 });
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
