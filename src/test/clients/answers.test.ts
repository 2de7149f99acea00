/** A complete answer of every tool, as committed snapshots, so that a reader of the repository sees the product. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tools } from '../../tools/index.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { MEADOW, ROOT, SHELF } from '../harness/workplace.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    envFileText: "MEADOW_API_KEY='a-key-of-the-meadow-77'\nMEADOW_HOST=meadow.example\nEMPTY_TOKEN=\n",
  });
});
afterAll(() => server.close());

const subject = {
  connector: MEADOW,
  runtime: 'executable',
  config: { count: 30, api_key: 'secret_reference::MEADOW_API_KEY' },
};

/** In the order in which they build on each other; a tool may be here more than once. */
const calls: [name: string, tool: string, args: Record<string, unknown>][] = [
  ['list_connectors', 'list_connectors', { search: 'faker' }],
  ['get_connector_info', 'get_connector_info', { connector: 'source-faker' }],
  ['list_secrets', 'list_secrets', {}],
  ['validate_config', 'validate_config', subject],
  [
    'validate_config.not_valid',
    'validate_config',
    { ...subject, config: { count: 'many', api_key: 'typed-into-the-chat' } },
  ],
  ['save_source', 'save_source', { name: 'meadow', ...subject }],
  [
    'save_destination',
    'save_destination',
    {
      name: 'shelf',
      connector: SHELF,
      runtime: 'executable',
      config: { destination_path: '/HOME/open/shelf' },
    },
  ],
  [
    'smoke_test_destination',
    'smoke_test_destination',
    { destination: 'shelf', scenarios: ['types', 'dedup', 'overwrite_twice'] },
  ],
  ['list_streams', 'list_streams', { source: 'meadow' }],
  ['preview_stream', 'preview_stream', { source: 'meadow', streams: ['users'], limit: 2 }],
  ['start_sync', 'start_sync', { source: 'meadow', streams: ['users', 'orders'], wait_seconds: 30 }],
  ['get_sync', 'get_sync', { log_lines: 5 }],
  ['cancel_sync', 'cancel_sync', {}],
  ['list_sources', 'list_sources', {}],
  ['describe_data', 'describe_data', { dataset: 'meadow' }],
  ['query', 'query', { sql: 'SELECT status, count(*) AS orders FROM meadow.orders GROUP BY ALL ORDER BY ALL' }],
  ['query.dry_run', 'query', { sql: 'SELECT count(*) AS users FROM meadow.users', dry_run: true }],
  ['get_status', 'get_status', {}],
  [
    'export_data',
    'export_data',
    { sql: 'SELECT id, product, total FROM meadow.orders ORDER BY id', format: 'csv', file_name: 'orders' },
  ],
  ['remove', 'remove', { kind: 'table', name: 'meadow.orders' }],
];

let syncId = '';

test.each(calls)('%s', async (name, tool, args) => {
  const placed = JSON.parse(JSON.stringify(args).replaceAll('/HOME', server.workplace.directory));
  const filled = tool === 'cancel_sync' ? { sync_id: syncId } : placed;
  const { text, ...data } = await server.call<Record<string, unknown>>(tool, filled);
  if (tool === 'start_sync') syncId = String(data.sync_id);
  const shown = `${text}\n\n${JSON.stringify(data, null, 2)}\n`;
  await expect(steady(shown, tool)).toMatchFileSnapshot(`../../../fixtures/snapshots/answers/${name}.txt`);
});

test('every local tool has its answer here', () => {
  expect(new Set(calls.map(([, tool]) => tool))).toEqual(
    new Set(tools.filter(({ realm }) => realm === 'local').map(({ name }) => name)),
  );
});

/** The log of two concurrent writers: JSON commas belong to the position, not to the line. */
function inOneOrder(lines: string): string {
  const split = lines.trimEnd().split('\n');
  const bare = split.map((line) => line.replace(/,$/, '')).sort();
  return `${bare.map((line, index) => (split[index]?.endsWith(',') ? `${line},` : line)).join('\n')}\n`;
}

/** What differs from run to run and from machine to machine, by its meaning. */
function steady(text: string, tool: string): string {
  const common = text
    .replaceAll(server.workplace.directory, '/HOME')
    .replaceAll(ROOT.replace(/\/$/, ''), '/CHECKOUT')
    .replace(/\d{8}-\d{6}-[0-9a-f]{6}/g, 'SYNC_ID')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
    .replace(/(connectors that run as processes are) (?:not confined: [^"\n]+|confined by [\w-]+)/g, '$1 MACHINE')
    .replace(/\n(?:Warning: | *")Connectors that run as processes are not confined: [^\n]*/g, '')
    .replace(/"warnings": \[\s*\]/g, '"warnings": []')
    .replace(/(?:^[ "]*TIME .*\n)+/gm, inOneOrder)
    .replace(/(data-)[0-9a-f]{8}/g, '$1MARK')
    .replace(/("(?:elapsed_ms|records_per_second|age_seconds|file_bytes)": )[\d.]+/g, '$1N')
    .replace(/\b[\d.]+ ms\b/g, 'N ms')
    .replace(/sluice_smoke_[0-9a-f]{6}/g, 'sluice_smoke_RUN')
    .replace(/\([\d.]+ s\)/g, '(N s)')
    .replace(/("seconds": )[\d.]+/g, '$1N')
    .replace(/\b\d+ s ago/g, 'N s ago');
  if (tool === 'describe_data') return common.replace(/("bytes": )\d+/g, '$1N').replace(/[\d.]+ [kM]?B\b/g, 'N B');
  if (tool === 'query') return common.replace(/"plan": ".*"/g, '"plan": "PLAN"').replace(/[┌└│├─┐┘┤┬┴].*/g, '');
  if (tool === 'list_connectors')
    return common
      .replace(/ \| (ready|download|unreachable|missing)$/gm, ' | MACHINE')
      .replace(/("here": )"\w+"/g, '$1"MACHINE"')
      .replace(/^What is not ready here: .*$/m, 'What is not ready here: MACHINE');
  if (tool !== 'get_status' && tool !== 'get_connector_info') return common;
  return common
    .replace(/^On this machine: .*$/m, 'On this machine: MACHINE')
    .replace(/^(- )?(uv|python|docker): .*$/gm, '$1$2: MACHINE')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'OBJECT_ID')
    .replace(/^Sandbox: .*$/m, 'Sandbox: MACHINE')
    .replace(/("sandbox": \{\s+"setting": "auto",\s+"kind": )"[^"]*"(?:,\s+"(?:reason|fix)": "[^"]*")*/, '$1"MACHINE"')
    .replace(/"runs_here": (true|false)/g, '"runs_here": MACHINE')
    .replace(/"runtimes": \[[^\]]*\]/, '"runtimes": []')
    .replace(/("version": ")\d+\.\d+\.\d+(")/, '$1VERSION$2')
    .replace(/^Sluice \S+/m, 'Sluice VERSION');
}
