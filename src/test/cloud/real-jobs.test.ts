/** Jobs as a real Airbyte runs them, where that is other than its documents say. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';
import type { JobAnswer } from '../harness/cloud-shapes.ts';

let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ environment: UNGUARDED });
});
afterEach(() => cloud.close());

const PEOPLE = airbyteId('connection', 1);
const ENDLESS = { milliseconds: Number.POSITIVE_INFINITY };
const run = (args: object = {}) => cloud.server.call<JobAnswer>('run_cloud_sync', { connection_id: PEOPLE, ...args });
const refused = (args: object = {}) => cloud.server.fail('run_cloud_sync', { connection_id: PEOPLE, ...args });
const sent = (path: RegExp) =>
  cloud.airbyte.requests.filter((request) => request.method === 'POST' && path.test(request.path));
const statusOf = (id: number) => cloud.airbyte.state.jobs.find(({ jobId }) => jobId === id)?.status;

describe('refresh', () => {
  test('goes by the configuration API, keeping or replacing the rows, of all streams or of some', async () => {
    expect(await run({ job_type: 'refresh' })).toMatchObject({ type: 'refresh', state: 'succeeded' });
    expect(await run({ job_type: 'refresh_replace', streams: ['users'] })).toMatchObject({ state: 'succeeded' });
    expect(sent(/connections\/refresh$/).map(({ body }) => body)).toEqual([
      { connectionId: PEOPLE, refreshMode: 'Merge' },
      { connectionId: PEOPLE, refreshMode: 'Truncate', streams: [{ streamName: 'users' }] },
    ]);
    expect(sent(/\/jobs$/)).toEqual([]);
  });

  test('while a job runs it waits for the next run, and the answer reports it', async () => {
    cloud.airbyte.planJob(ENDLESS);
    const { job_id } = await run({ wait_seconds: 0 });
    const answer = await run({ job_type: 'refresh', wait_seconds: 0 });
    expect(answer).toMatchObject({ job_id, already_running: true });
    expect(answer.warnings.join()).toContain('the next run');
    expect(statusOf(job_id)).toBe('running');
  });

  test('a destination that cannot is named, with another way', async () => {
    for (const definition of cloud.airbyte.state.definitions) definition.supportsRefreshes = false;
    const error = await refused({ job_type: 'refresh' });
    expect(error).toMatchObject({ code: 'refresh_not_started', next: expect.stringContaining('clear') });
  });
});

describe('clear', () => {
  test('while a job runs it is refused with what would be cancelled, unless that is requested', async () => {
    cloud.airbyte.planJob(ENDLESS);
    const { job_id } = await run({ wait_seconds: 0 });
    for (const job_type of ['clear', 'reset']) {
      const error = await refused({ job_type });
      expect(error).toMatchObject({ code: 'job_would_be_cancelled', details: { job_id, type: 'sync' } });
      expect(error.next).toContain('cancel_running');
    }
    expect(statusOf(job_id)).toBe('running');
    const answer = await run({ job_type: 'clear', cancel_running: true });
    expect(answer).toMatchObject({ type: 'reset', state: 'succeeded' });
    expect(answer.warnings.join()).toContain(`cancelled job ${job_id}`);
    expect(statusOf(job_id)).toBe('cancelled');
  });

  test('of single streams leaves the others, and names what the connection does not read', async () => {
    const { state } = cloud.airbyte;
    const [connection] = state.connections;
    if (connection) connection.state = { users: { at: 1 }, products: { at: 2 } };
    expect(await refused({ job_type: 'clear', streams: ['user'] })).toMatchObject({ code: 'unknown_stream' });
    expect(await refused({ job_type: 'sync', streams: ['users'] })).toMatchObject({ code: 'argument_does_not_fit' });
    expect(await run({ job_type: 'clear', streams: ['users'] })).toMatchObject({ state: 'succeeded' });
    expect(cloud.airbyte.state.connections[0]?.state).toEqual({ products: { at: 2 } });
  });

  test('in safe mode nothing that runs is cancelled, not even what this session started', async () => {
    await cloud.close();
    cloud = await startCloud();
    const { id } = await cloud.server.call<{ id: string }>('create_cloud_object', {
      kind: 'connection',
      name: 'mine',
      source_id: airbyteId('source', 1),
      destination_id: airbyteId('destination', 1),
      streams: [{ stream: 'users' }],
      prefix: 'mine_',
    });
    cloud.airbyte.planJob(ENDLESS);
    const { job_id } = await run({ connection_id: id, wait_seconds: 0 });
    const error = await refused({ connection_id: id, job_type: 'clear', cancel_running: true });
    expect(error).toMatchObject({ kind: 'refused', code: 'job_would_be_cancelled' });
    expect(statusOf(job_id)).toBe('running');
  });
});

describe('whose job it is', () => {
  test('one that was queued by somebody else is answered with, and is not this session’s own', async () => {
    await cloud.close();
    cloud = await startCloud();
    const { state } = cloud.airbyte;
    const [pattern] = state.jobs;
    if (!pattern) throw new Error('the seed has a job');
    const plan = { ...pattern.plan, milliseconds: 1_000_000 };
    state.jobs.push({ ...pattern, jobId: 9, status: 'pending', createdAt: Date.now(), attempts: [], plan });
    const answer = await run({ wait_seconds: 0 });
    expect(answer).toMatchObject({ job_id: 9, already_running: true });
    expect((await cloud.server.fail('cancel_cloud_job', { job_id: 9 })).code).toBe('safe_mode');
  });

  test('a job that has ended is not cancelled: Airbyte would cancel what runs there now', async () => {
    await run();
    cloud.airbyte.planJob(ENDLESS);
    const { job_id } = await run({ wait_seconds: 0 });
    expect(await cloud.server.call('cancel_cloud_job', { job_id: 4 })).toMatchObject({ cancelled: false });
    expect(statusOf(job_id)).toBe('running');
    expect(await cloud.server.call('cancel_cloud_job', { job_id })).toMatchObject({ cancelled: true });
  });

  test('one that does not exist is not found', async () => {
    for (const tool of ['get_cloud_job', 'cancel_cloud_job']) {
      expect((await cloud.server.fail(tool, { job_id: 987_654 })).code, tool).toBe('cloud_not_found');
    }
  });
});
