/** A complete answer of every cloud tool, as committed snapshots, so that a reader of the repository sees the product. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { tools } from '../../tools/index.ts';
import { type CloudTest, startCloud } from '../harness/airbyte.ts';

let cloud: CloudTest;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const people = airbyteId('connection', 1);
const shop = airbyteId('connection', 2);

/** In the order in which they build on each other; a tool may be here more than once. */
const calls: [name: string, tool: string, args: Record<string, unknown>][] = [
  ['check_cloud_workspace', 'check_cloud_workspace', {}],
  ['list_cloud_objects', 'list_cloud_objects', { kind: 'connection' }],
  ['list_cloud_objects.sources', 'list_cloud_objects', { kind: 'source', search: 'shop' }],
  ['describe_cloud_object', 'describe_cloud_object', { kind: 'connection', id: shop, include: ['state'] }],
  ['describe_cloud_object.source', 'describe_cloud_object', { kind: 'source', id: airbyteId('source', 2) }],
  ['check_cloud_connector', 'check_cloud_connector', { kind: 'source', id: airbyteId('source', 2) }],
  ['run_cloud_sync', 'run_cloud_sync', { connection_id: people }],
  ['get_cloud_job', 'get_cloud_job', { connection_id: shop, log_lines: 4 }],
  ['cancel_cloud_job', 'cancel_cloud_job', { job_id: 4 }],
  [
    'create_cloud_object',
    'create_cloud_object',
    { kind: 'source', name: 'Meadows', connector: airbyteId('definition', 1), draft: true },
  ],
  [
    'create_cloud_object.connection',
    'create_cloud_object',
    {
      kind: 'connection',
      name: 'People again',
      source_id: airbyteId('source', 1),
      destination_id: airbyteId('destination', 2),
      streams: [{ stream: 'users' }, { stream: 'products', mode: 'full_refresh_append' }],
      schedule: '0 0 6 * * ?',
    },
  ],
  [
    'update_cloud_object',
    'update_cloud_object',
    {
      kind: 'connection',
      id: airbyteId('connection', 3),
      changes: { enabled: false, streams: [{ stream: 'users', mode: 'incremental_append' }] },
    },
  ],
  [
    'delete_cloud_object',
    'delete_cloud_object',
    { kind: 'connection', id: airbyteId('connection', 3), name: 'People again' },
  ],
];

test.each(calls)('%s', async (name, tool, args) => {
  const { text, ...data } = await cloud.server.call<Record<string, unknown>>(tool, args);
  const shown = `${text}\n\n${JSON.stringify(data, null, 2)}\n`;
  await expect(steady(shown)).toMatchFileSnapshot(`../../../fixtures/snapshots/answers/${name}.txt`);
});

test('every cloud tool has its answer here', () => {
  expect(new Set(calls.map(([, tool]) => tool))).toEqual(
    new Set(tools.filter(({ realm }) => realm === 'cloud').map(({ name }) => name)),
  );
});

/** What differs from run to run, by its meaning; the seed's own moments stay. */
function steady(text: string): string {
  return text
    .replaceAll(cloud.airbyte.origin, 'https://airbyte.example.com')
    .replace(/(?!2025-01)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, 'TIME')
    .replace(/(data-)[0-9a-f]{8}/g, '$1MARK');
}
