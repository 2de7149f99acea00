/** Read-only and safe mode over every tool, in both protocol eras: what may pass, what is refused, and who can lift it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tools } from '../../tools/index.ts';
import { type Era, startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, makeWorkplace, SHELF, type Workplace } from '../harness/workplace.ts';

/** Those of the cloud have tests of their own. */
const localTools = tools.filter(({ realm }) => realm === 'local');
const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 10 };
let workplace: Workplace;
let server: TestServer;
beforeEach(async () => {
  workplace = await makeWorkplace();
});
afterEach(async () => {
  await server.close();
  await workplace.remove();
});

/** A call of each tool that would do what it does, in an order in which all of them work. */
const CALLS: Record<string, Record<string, unknown>> = {
  get_status: {},
  list_connectors: {},
  get_connector_info: { connector: 'source-faker' },
  list_secrets: {},
  validate_config: { connector: MEADOW, config },
  save_source: { name: 'meadow', connector: MEADOW, config },
  save_destination: { name: 'shelf', connector: SHELF, config: { destination_path: '/HOME/open/shelf' } },
  smoke_test_destination: { destination: 'shelf', scenarios: ['empty'] },
  list_sources: {},
  list_streams: { source: 'meadow' },
  preview_stream: { source: 'meadow', streams: ['users'], limit: 2 },
  start_sync: { source: 'meadow' },
  get_sync: {},
  cancel_sync: { sync_id: 'the latest' },
  describe_data: {},
  query: { sql: 'SELECT count(*) FROM meadow.users' },
  export_data: { sql: 'FROM meadow.users', format: 'csv', file_name: 'users' },
  remove: { kind: 'table', name: 'meadow.notes' },
};

const callsInOrder = (): [string, Record<string, unknown>][] =>
  localTools.map(({ name }) => {
    const args = CALLS[name];
    if (!args) throw new Error(`give ${name} a call in this test`);
    // The path of the workplace is known only once it exists.
    return [name, JSON.parse(JSON.stringify(args).replaceAll('/HOME', workplace.directory))];
  });
const latest = async (): Promise<string> => (await server.call<{ sync_id: string }>('get_sync')).sync_id;
const callAll = async (): Promise<void> => {
  for (const [tool, args] of callsInOrder()) {
    const filled = tool === 'cancel_sync' ? { sync_id: await latest() } : args;
    await server.call(tool, filled);
  }
};

describe.each<Era>(['legacy', 'auto'])('era %s', (era) => {
  test.each([
    ['by default, which is safe mode', {}],
    ['with safe mode off', { SLUICE_SAFE_MODE: '0' }],
  ])('%s: every tool works, a source may be replaced', async (_what, environment) => {
    server = await startServer({ workplace, era, environment });
    await callAll();
    expect(await server.call('save_source', CALLS.save_source)).toMatchObject({ replaced: true });
  });

  test('read-only: what looks works on what is there, what runs or saves is refused, and nothing is changed', async () => {
    server = await startServer({ workplace, era });
    await callAll();
    const id = await latest();
    await server.close();
    server = await startServer({ workplace, era, environment: { SLUICE_READONLY_MODE: 'yes' } });
    const before = await readdir(join(workplace.project, 'sources'));
    const listed = (await server.client.listTools()).tools;
    const refusedTools = [
      'validate_config',
      'save_source',
      'save_destination',
      'smoke_test_destination',
      'list_streams',
      'preview_stream',
      'start_sync',
      'cancel_sync',
      'export_data',
      'remove',
    ];
    for (const [tool, args] of callsInOrder()) {
      if (!refusedTools.includes(tool)) {
        await server.call(tool, args);
        continue;
      }
      const error = await server.fail(tool, tool === 'cancel_sync' ? { sync_id: id } : args);
      expect(error, tool).toMatchObject({ kind: 'refused', code: 'read_only_mode' });
      expect(error.next).toContain('SLUICE_READONLY_MODE');
    }
    expect(listed.map(({ name }) => name).filter((name) => refusedTools.includes(name))).toEqual(['validate_config']);
    expect(await readdir(join(workplace.project, 'sources'))).toEqual(before);
    expect(server.client.getInstructions()).toContain('read-only');
  });

  test('read-only wins over safe mode off, and arguments are judged first', async () => {
    const environment = { SLUICE_READONLY_MODE: '1', SLUICE_SAFE_MODE: '0' };
    server = await startServer({ workplace, era, environment });
    expect(await server.fail('start_sync', { source: 'meadow' })).toMatchObject({ code: 'read_only_mode' });
    expect(await server.fail('start_sync', { sorce: 'meadow' })).toMatchObject({ code: 'unknown_argument' });
  });
});

test("the cloud's read-only mode leaves this machine alone", async () => {
  server = await startServer({ workplace, environment: { AIRBYTE_CLOUD_MCP_READONLY_MODE: '1' } });
  expect(await server.call('save_source', CALLS.save_source)).toMatchObject({ saved: true });
});

test('each refusal and each call is in the audit, with its verdict', async () => {
  server = await startServer({ workplace, environment: { SLUICE_READONLY_MODE: '1' } });
  await server.call('list_secrets');
  await server.fail('save_source', CALLS.save_source);
  await server.fail('query', { sq: 'x' });
  await server.close();
  const audit = (await workplace.files(join(workplace.project, 'logs'))).get(
    join(workplace.project, 'logs', 'audit.jsonl'),
  );
  const lines = String(audit)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ tool, verdict, outcome }) => [tool, verdict, outcome])).toEqual([
    ['list_secrets', 'allowed', 'ok'],
    ['save_source', 'refused', 'read_only_mode'],
    ['query', expect.any(String), 'unknown_argument'],
  ]);
});
