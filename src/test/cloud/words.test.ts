/** Stumbling blocks for newcomers: values of a later Airbyte, wrong addresses and ids, values that are shown and sent back. */
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, READ_ONLY, startCloud, UNGUARDED } from '../harness/airbyte.ts';

let cloud: CloudTest;
afterEach(() => cloud.close());
const start = async (options: CloudOptions = {}): Promise<CloudTest['server']> => {
  cloud = await startCloud(options);
  return cloud.server;
};

const CONNECTION = airbyteId('connection', 2);
const NOWHERE = airbyteId('workspace', 99);

test('states, types and schedules that are not known yet are shown as they are', async () => {
  const server = await start({ environment: UNGUARDED });
  const job = {
    jobId: 7,
    status: 'paused',
    jobType: 'rewind',
    connectionId: CONNECTION,
    startTime: '2025-01-06T15:00:00Z',
  };
  cloud.airbyte.fault({ kind: 'status', path: /\/jobs/, method: 'GET', status: 200, body: { data: [job] }, times: 2 });
  const { objects } = await server.call<{ objects: object[] }>('list_cloud_objects', { kind: 'job' });
  expect(objects).toMatchObject([{ job_id: 7, status: 'paused', type: 'rewind' }]);
  const listed = await server.call<{ objects: { last_job?: object }[] }>('list_cloud_objects', { kind: 'connection' });
  expect(listed.objects.find(({ last_job: last }) => last)).toMatchObject({ last_job: { state: 'paused' } });
  cloud.airbyte.fault({ kind: 'status', path: /\/jobs\/7$/, method: 'GET', status: 200, body: job });
  const answer = await server.call<{ state: string; next: string }>('get_cloud_job', { job_id: 7 });
  expect(answer).toMatchObject({ state: 'paused', type: 'rewind' });
  expect(answer.next).toContain('cancel_cloud_job');
  const schedule = { scheduleType: 'lunar' };
  const connection = { ...cloud.airbyte.state.connections[1], schedule, configurations: {} };
  cloud.airbyte.fault({ kind: 'status', path: /\/connections\//, status: 200, body: connection });
  const described = await server.call<{ schedule: string }>('describe_cloud_object', {
    kind: 'connection',
    id: CONNECTION,
  });
  expect(described.schedule).toBe('lunar');
});

test('a schedule can be sent back as it is shown; similar texts are refused', async () => {
  const server = await start({ environment: UNGUARDED });
  const args = { kind: 'connection', id: CONNECTION };
  const { schedule } = await server.call<{ schedule: string }>('describe_cloud_object', args);
  expect(schedule).toBe('0 0 6 * * ? UTC');
  await server.call('update_cloud_object', { ...args, changes: { schedule } });
  for (const wrong of ['cron 0 0 6 * * ?', 'every day at six in summer']) {
    const error = await server.fail('update_cloud_object', { ...args, changes: { schedule: wrong } });
    expect(error.code).toBe('bad_schedule');
  }
});

test('an error names the request, and that the configuration API may have another address', async () => {
  const server = await start();
  const id = airbyteId('source', 1);
  const wrongKind = await server.fail('describe_cloud_object', { kind: 'destination', id });
  expect(wrongKind.message).toContain(`/destinations/${id}`);
  expect(wrongKind.next).not.toContain('AIRBYTE_CLOUD_CONFIG_API_URL');
  cloud.airbyte.fault({ kind: 'status', path: /check_connection/, status: 404 });
  const check = await server.fail('check_cloud_connector', { kind: 'source', id });
  expect(check.code).toBe('cloud_not_found');
  expect(check.next).toContain('AIRBYTE_CLOUD_CONFIG_API_URL');
});

test('a workspace of the settings that is not there is a matter of the settings', async () => {
  const server = await start({ environment: { AIRBYTE_CLOUD_WORKSPACE_ID: NOWHERE } });
  const error = await server.fail('list_cloud_objects', { kind: 'source' });
  expect(error).toMatchObject({ code: 'unknown_workspace', kind: 'setup' });
  expect(error.message).toContain('AIRBYTE_CLOUD_WORKSPACE_ID');
  const { objects } = await server.call<{ objects: object[] }>('list_cloud_objects', { kind: 'workspace' });
  expect(objects).toEqual([{ id: airbyteId('workspace', 1), name: 'Workshop' }]);
  expect(await server.fail('check_cloud_workspace', { workspace_id: NOWHERE })).toMatchObject({
    code: 'cloud_not_found',
  });
});

test('the only workspace is marked as the default, and its name does where its id is asked for', async () => {
  const server = await start();
  const { objects } = await server.call<{ objects: object[] }>('list_cloud_objects', { kind: 'workspace' });
  expect(objects).toEqual([{ id: airbyteId('workspace', 1), name: 'Workshop', default: true }]);
  const definition = { kind: 'definition', id: airbyteId('definition', 1) };
  for (const [tool, args] of [
    ['check_cloud_workspace', {}],
    ['list_cloud_objects', { kind: 'source' }],
    ['describe_cloud_object', definition],
  ] as const) {
    await server.call(tool, { ...args, workspace_id: 'Workshop' });
    expect(await server.fail(tool, { ...args, workspace_id: 'Wrkshop' })).toMatchObject({ code: 'unknown_name' });
  }
});

test('names longer than the shown length are refused, and an empty one is too short', async () => {
  const server = await start({ environment: UNGUARDED });
  const long = 'x'.repeat(201);
  const make = { kind: 'source', connector: 'source-faker', config: {} };
  const error = await server.fail('create_cloud_object', { ...make, name: long });
  expect(error.problems).toMatchObject([{ message: '"name" is too long.', fix: 'Give at most 200 characters.' }]);
  expect((await server.fail('create_cloud_object', { ...make, name: '' })).problems).toMatchObject([
    { message: '"name" is too short.', fix: 'Give at least 1 character.' },
  ]);
  const rename = { kind: 'source', id: airbyteId('source', 1), changes: { name: long } };
  expect((await server.fail('update_cloud_object', rename)).code).toBe('bad_arguments');
  const [theirs] = cloud.airbyte.state.sources;
  const name = 'y'.repeat(50_000);
  if (theirs) theirs.name = name;
  const args = { kind: 'source', id: airbyteId('source', 1), name, cascade: true };
  const { text } = await server.call('delete_cloud_object', args);
  expect(text).toContain('Deleted: connection');
  expect(text.length).toBeLessThan(1_000);
});

test('of a changed definition the streams are named, references by what they refer to', async () => {
  const server = await start({ environment: UNGUARDED });
  const manifest = JSON.parse(
    await readFile(new URL('../../../fixtures/manifests/quarry.json', import.meta.url), 'utf8'),
  );
  const id = airbyteId('definition', 1);
  const { before, after } = await server.call<Record<'before' | 'after', { streams: string[] }>>(
    'update_cloud_object',
    { kind: 'definition', id, changes: { manifest } },
  );
  expect(before.streams).toEqual(['meadows']);
  expect(after.streams.length).toBeGreaterThan(1);
  for (const stream of after.streams) expect(stream).toMatch(/^[\w-]+$/);
});

test('in read-only mode no answer recommends to create', async () => {
  const server = await start({ environment: READ_ONLY });
  expect(server.client.getInstructions()).toContain('read-only (AIRBYTE_CLOUD_MCP_READONLY_MODE)');
  expect(server.client.getInstructions()).not.toContain('create_cloud_object');
});
