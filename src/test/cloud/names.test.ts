/** Objects by their unique name wherever an id is asked for, and names that are taken. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';

let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ environment: UNGUARDED, airbyte: { workspaces: ['Workshop', 'Attic'] } });
});
afterEach(() => cloud.close());

const WITHIN = { workspace_id: 'workshop' };
const call = <T>(tool: string, args: object) => cloud.server.call<T>(tool, { ...WITHIN, ...args });
const fail = (tool: string, args: object) => cloud.server.fail(tool, { ...WITHIN, ...args });

test('every tool that takes an id takes a name that only one object has, in any case', async () => {
  const shop = { id: airbyteId('source', 2) };
  expect(await call('describe_cloud_object', { kind: 'source', id: 'shop DATABASE' })).toMatchObject(shop);
  expect(await call('describe_cloud_object', { kind: 'workspace', id: 'Workshop' })).toMatchObject({
    name: 'Workshop',
  });
  expect(await call('describe_cloud_object', { kind: 'definition', id: 'Meadow survey' })).toMatchObject({
    version: '1',
  });
  expect(await call('check_cloud_connector', { kind: 'destination', id: 'Nowhere' })).toMatchObject({
    succeeded: true,
  });
  expect(await call('check_cloud_workspace', {})).toMatchObject({ workspace: { name: 'Workshop' } });
  const made = await call<{ id: string }>('create_cloud_object', {
    kind: 'connection',
    name: 'Line',
    source_id: 'Sample people',
    destination_id: 'Nowhere',
    streams: [{ stream: 'users' }],
  });
  expect(await call('run_cloud_sync', { connection_id: 'Line' })).toMatchObject({ connection_id: made.id });
  expect(await call('get_cloud_job', { connection_id: 'line' })).toMatchObject({ connection_id: made.id });
  expect(await call('get_cloud_job', { job_id: 4, connection_id: 'line' })).toMatchObject({ job_id: 4 });
  expect(await call('list_cloud_objects', { kind: 'job', connection_id: 'Line' })).toMatchObject({ total: 1 });
  const change = { kind: 'connection', id: 'Line', changes: { name: 'Other line' } };
  expect(await call('update_cloud_object', change)).toMatchObject({ id: made.id, name: 'Other line' });
  const target = { kind: 'connection', id: 'Other line', name: 'Other line' };
  expect(await call('delete_cloud_object', target)).toMatchObject({ id: made.id });
});

test('a name of several objects, of none, or of another workspace is refused', async () => {
  const { sources } = cloud.airbyte.state;
  for (const source of sources.slice(0, 2)) source.name = 'Twin';
  const twins = await fail('describe_cloud_object', { kind: 'source', id: 'Twin' });
  expect(twins).toMatchObject({
    code: 'ambiguous_name',
    details: { ids: [airbyteId('source', 1), airbyteId('source', 2)] },
  });
  const unknown = await fail('describe_cloud_object', { kind: 'source', id: 'Code hos' });
  expect(unknown).toMatchObject({ code: 'unknown_name', next: expect.stringContaining('Code host') });
  const elsewhere = { kind: 'source', id: 'Code host', workspace_id: 'Attic' };
  expect(await fail('describe_cloud_object', elsewhere)).toMatchObject({ code: 'unknown_name' });
  expect(await fail('check_cloud_workspace', { workspace_id: 'Cellar' })).toMatchObject({ code: 'unknown_name' });
});

test('in safe mode a name leads to what this session made, and to nothing else', async () => {
  await cloud.close();
  cloud = await startCloud();
  const change = { kind: 'source', id: 'Shop database', changes: { name: 'Mine now' } };
  expect(await cloud.server.fail('update_cloud_object', change)).toMatchObject({ code: 'safe_mode' });
  const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
  await cloud.server.call('create_cloud_object', { kind: 'source', name: 'Mine', connector: FAKER, config: {} });
  await cloud.server.call('update_cloud_object', { ...change, id: 'Mine' });
  expect(cloud.airbyte.state.sources.map(({ name }) => name)).toContain('Mine now');
});

test('get_status reports whether Airbyte was contacted', async () => {
  expect(await cloud.server.call('get_status')).toMatchObject({ cloud: { contacted: false } });
  await call('check_cloud_workspace', {});
  const status = await cloud.server.call('get_status');
  expect(status).toMatchObject({ cloud: { contacted: true, last_contact: { answered: true } } });
  expect(status.text).toMatch(/last contacted at \d{4}-.*it answered/);
});
