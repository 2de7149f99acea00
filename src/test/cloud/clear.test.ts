/** Jobs that delete synced data, in safe mode: only tables that nobody else can have in that destination. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud } from '../harness/airbyte.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const NOWHERE = 'a7bcc9d8-13b3-4e49-b80d-d020b90045e3';
const DESTROYING = ['clear', 'reset', 'refresh', 'refresh_replace'] as const;
/** The type of the job that Airbyte makes. */
const MADE = { clear: 'reset', reset: 'reset', refresh: 'refresh', refresh_replace: 'refresh' } as const;

let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ airbyte: { jobMilliseconds: 0 } });
});
afterEach(() => cloud.close());

const create = async (args: Record<string, unknown>): Promise<string> =>
  (await cloud.server.call<{ id: string }>('create_cloud_object', { name: 'Mine', allow_duplicate: true, ...args })).id;
const connect = (more: Record<string, unknown> = {}): Promise<string> =>
  create({
    kind: 'connection',
    source_id: airbyteId('source', 1),
    destination_id: airbyteId('destination', 1),
    streams: [{ stream: 'users' }],
    ...more,
  });
const run = (id: string, type: string) => ({ connection_id: id, job_type: type, wait_seconds: 0 });
const jobs = (): string[] => cloud.airbyte.state.jobs.map(({ jobType }) => jobType);
const update = (id: string, changes: object) =>
  cloud.server.call('update_cloud_object', { kind: 'connection', id, changes });

test('without a prefix, into a destination that was there before, nothing is deleted; a sync runs', async () => {
  const id = await connect();
  const before = jobs().length;
  for (const type of DESTROYING) {
    const error = await cloud.server.fail('run_cloud_sync', run(id, type));
    expect(error).toMatchObject({ kind: 'refused', code: 'safe_mode' });
    expect(error.message).toContain('destination "Nowhere"');
    expect(error.next).toMatch(/prefix of its own/);
  }
  expect(jobs()).toHaveLength(before);
  expect(await cloud.server.call('run_cloud_sync', run(id, 'sync'))).toMatchObject({ type: 'sync' });
});

test.each(DESTROYING)('%s runs with a prefix of its own, and without one in a destination of its own', async (type) => {
  const prefixed = await connect({ prefix: 'mine_' });
  expect(await cloud.server.call('run_cloud_sync', run(prefixed, type))).toMatchObject({ type: MADE[type] });
  const config = { test_destination: { test_destination_type: 'SILENT' } };
  const destination = await create({ kind: 'destination', connector: NOWHERE, config });
  const own = await connect({ destination_id: destination });
  expect(await cloud.server.call('run_cloud_sync', run(own, type))).toMatchObject({ type: MADE[type] });
});

test('a prefix that is removed, or that leads to tables of another connection, does not count', async () => {
  const id = await connect({ prefix: 'mine_' });
  await update(id, { prefix: '' });
  expect(await cloud.server.fail('run_cloud_sync', run(id, 'clear'))).toMatchObject({ code: 'safe_mode' });
  // The table of somebody's stream "users" with the prefix of somebody's connection: also when the parts are others.
  const [theirs] = cloud.airbyte.state.connections;
  if (!theirs) throw new Error('the seed has a connection');
  theirs.prefix = 'Team_A_';
  for (const prefix of ['Team_A_', 'team_a_', 'teama']) {
    await update(id, { prefix });
    const error = await cloud.server.fail('run_cloud_sync', run(id, 'clear'));
    expect(error.message, prefix).toContain(`connection "${theirs.name}"`);
  }
  await update(id, { prefix: 'team_b_' });
  expect(await cloud.server.call('run_cloud_sync', run(id, 'clear'))).toMatchObject({ type: 'reset' });
});

test('a prefix that is removed at the same moment is either seen or removed afterwards', async () => {
  const id = await connect({ prefix: 'mine_' });
  for (let at = 0; at < 10; at += 1) {
    await update(id, { prefix: 'mine_' });
    const seen = cloud.airbyte.requests.length;
    const clear = cloud.server.client.callTool({ name: 'run_cloud_sync', arguments: run(id, 'clear') });
    const change = cloud.server.client.callTool({
      name: 'update_cloud_object',
      arguments: { kind: 'connection', id, changes: { prefix: '' } },
    });
    await Promise.all([clear, change]);
    const order = cloud.airbyte.requests
      .slice(seen)
      .filter(({ method, path }) => method === 'PATCH' || (method === 'POST' && path.endsWith('/jobs')))
      .map(({ method }) => method);
    expect(order.join(' ')).not.toBe('PATCH POST');
  }
});

test('the configuration of an own source is not changed under a connection of somebody else', async () => {
  const source = await create({ kind: 'source', connector: FAKER, config: { count: 3 } });
  const change = { kind: 'source', id: source, changes: { config: { count: 5 } } };
  expect(await cloud.server.call('update_cloud_object', change)).toHaveProperty('after');
  const [pattern] = cloud.airbyte.state.connections;
  if (!pattern) throw new Error('the seed has a connection');
  const theirs = { ...structuredClone(pattern), connectionId: airbyteId('connection', 900), name: 'Theirs' };
  cloud.airbyte.state.connections.push({ ...theirs, sourceId: source });
  const error = await cloud.server.fail('update_cloud_object', { ...change, changes: { config: { count: 9 } } });
  expect(error).toMatchObject({ code: 'safe_mode', message: expect.stringContaining('connection "Theirs"') });
  expect(await cloud.server.call('update_cloud_object', { ...change, changes: { name: 'Renamed' } })).toBeDefined();
});
