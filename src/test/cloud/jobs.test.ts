/** Running, following and cancelling jobs of an Airbyte, with what goes wrong meanwhile, and what each mode lets through. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, READ_ONLY, startCloud, UNGUARDED } from '../harness/airbyte.ts';
import type { TestServer } from '../harness/client.ts';
import type { JobAnswer } from '../harness/cloud-shapes.ts';

let cloud: CloudTest;
let server: TestServer;
let airbyte: FakeAirbyte;
const start = async (options: CloudOptions = {}): Promise<void> => {
  cloud = await startCloud(options);
  ({ server, airbyte } = cloud);
};
afterEach(() => cloud.close());

const people = airbyteId('connection', 1);
const ENDLESS = { milliseconds: Number.POSITIVE_INFINITY };
const job = (tool: string, args: Record<string, unknown>) => server.call<JobAnswer>(tool, args);
const created = (): number =>
  airbyte.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/jobs')).length;

describe('run_cloud_sync', () => {
  test('starts a job, waits for its end, and reports its progress', async () => {
    await start({ airbyte: { jobMilliseconds: 2_500 } });
    const messages: string[] = [];
    const answer = await server.call<JobAnswer>(
      'run_cloud_sync',
      { connection_id: people },
      { onProgress: (message) => messages.push(message) },
    );
    expect(answer).toMatchObject({ job_id: 4, type: 'sync', state: 'succeeded', records: 2000, warnings: [] });
    expect(answer.attempts?.[0]?.streams).toEqual([
      { stream: 'users', records_read: 1000, records_committed: 1000 },
      { stream: 'products', records_read: 1000, records_committed: 1000 },
    ]);
    expect(messages.join('\n')).toMatch(/job 4 is running: [1-9][\d,]* records?, [\d.]+ k?B/);
  });

  test('what takes longer than the wait is left running, and followed to its end', async () => {
    await start();
    airbyte.planJob({ milliseconds: 60_000 });
    const began = Date.now();
    const first = await job('run_cloud_sync', { connection_id: people, wait_seconds: 1 });
    expect(Date.now() - began).toBeLessThan(6_000);
    expect(first.state).toMatch(/pending|running/);
    expect(first.next).toContain('get_cloud_job with job_id 4');
    airbyte.passTime(58_000);
    const second = await job('get_cloud_job', { job_id: 4, wait_seconds: 20 });
    expect(second.state).toBe('succeeded');
  });

  test('a second start answers with the job that runs, and does not make it this session’s own', async () => {
    await start();
    const [pattern] = airbyte.state.jobs;
    if (pattern) {
      const now = Date.now();
      const plan = { ...pattern.plan, ...ENDLESS };
      airbyte.state.jobs.push({ ...pattern, jobId: 9, status: 'pending', createdAt: now, attempts: [], plan });
    }
    const answer = await job('run_cloud_sync', { connection_id: people, wait_seconds: 0 });
    expect(answer).toMatchObject({ job_id: 9, already_running: true });
    expect(answer.text).toContain('Nothing was started');
    expect((await server.fail('cancel_cloud_job', { job_id: 9 })).code).toBe('safe_mode');
  });

  test.each([
    ['inactive', /update_cloud_object/],
    ['locked', /person/],
  ] as const)('nothing is started on a connection that is %s', async (status, next) => {
    await start();
    const [connection] = airbyte.state.connections;
    if (connection) connection.status = status;
    const error = await server.fail('run_cloud_sync', { connection_id: people });
    expect(error).toMatchObject({ code: 'connection_not_active', message: expect.stringContaining(status) });
    expect(error.next).toMatch(next);
    expect(created()).toBe(0);
  });

  test.each(['error', 'cut after'] as const)(
    '%s at the start: the job is not started twice, and the outcome is reported as unknown',
    async (kind) => {
      await start();
      airbyte.fault({ method: 'POST', path: /\/jobs$/, kind });
      const error = await server.fail('run_cloud_sync', { connection_id: people });
      expect(error.code).toBe('cloud_outcome_unknown');
      expect(error.next).toContain('list_cloud_objects');
      expect(created()).toBe(1);
    },
  );

  test('a job that was started is returned even if Airbyte stops answering', async () => {
    await start();
    airbyte.planJob(ENDLESS);
    airbyte.fault({ method: 'GET', path: /\/jobs\/4$/, kind: 'status', status: 403, times: 9 });
    const answer = await job('run_cloud_sync', { connection_id: people, wait_seconds: 5 });
    expect(answer.job_id).toBe(4);
    expect(answer.warnings.join()).toContain('Its progress is unknown');
  });

  test('a token that ends while it waits is renewed', async () => {
    await start({ airbyte: { jobMilliseconds: 3_000 } });
    const running = job('run_cloud_sync', { connection_id: people, wait_seconds: 30 });
    await expect
      .poll(() => airbyte.requests.some(({ path }) => path.endsWith('/jobs/4')), { timeout: 10_000 })
      .toBe(true);
    airbyte.expireTokens();
    expect((await running).state).toBe('succeeded');
    expect(airbyte.tokenRequests()).toBe(2);
  });

  test('with both modes off a clear runs, and takes the state away', async () => {
    await start({ environment: UNGUARDED });
    const answer = await job('run_cloud_sync', { connection_id: people, job_type: 'clear' });
    // Airbyte makes a reset of it.
    expect(answer).toMatchObject({ type: 'reset', state: 'succeeded' });
    expect(airbyte.state.connections[0]?.state).toEqual({});
  });
});

describe('cancel_cloud_job', () => {
  test('ends a job of this session, and the audit has it before and after', async () => {
    await start();
    airbyte.planJob(ENDLESS);
    await job('run_cloud_sync', { connection_id: people, wait_seconds: 0 });
    expect(await job('cancel_cloud_job', { job_id: 4 })).toMatchObject({ state: 'cancelled', cancelled: true });
    const again = await job('cancel_cloud_job', { job_id: 4 });
    expect(again).toMatchObject({ state: 'cancelled', cancelled: false });
    expect(again.text).toContain('already finished');
    const audit = await readFile(join(server.workplace.project, 'logs', 'audit.jsonl'), 'utf8');
    expect(audit.split('\n')[1]).toContain(
      '"object":{"kind":"job","id":"4","name":"sync of Sample people → Nowhere","before":{"status":"running"},"after":{"status":"cancelled"}}',
    );
  });

  test('safe mode refuses jobs of others, and names them', async () => {
    await start();
    const error = await server.fail('cancel_cloud_job', { job_id: 3 });
    expect(error.code).toBe('safe_mode');
    expect(error.message).toContain('job "sync of Shop database → Warehouse" (3)');
  });

  test('a finished job does not change', async () => {
    await start({ environment: UNGUARDED });
    const answer = await job('cancel_cloud_job', { job_id: 1 });
    expect(answer).toMatchObject({ state: 'succeeded', cancelled: false });
    expect(airbyte.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});

describe('modes', () => {
  test('read-only: a sync runs and is followed; clear, refresh, reset and cancel are refused', async () => {
    await start({ environment: READ_ONLY });
    const listed = (await server.client.listTools()).tools.map(({ name }) => name);
    expect(listed).toContain('run_cloud_sync');
    expect(listed).not.toContain('cancel_cloud_job');
    expect((await job('run_cloud_sync', { connection_id: people })).state).toBe('succeeded');
    expect((await job('get_cloud_job', { connection_id: people })).state).toBe('succeeded');
    for (const job_type of ['clear', 'refresh', 'reset']) {
      const error = await server.fail('run_cloud_sync', { connection_id: people, job_type });
      expect(error.code, job_type).toBe('read_only_mode');
    }
    expect((await server.fail('cancel_cloud_job', { job_id: 1 })).code).toBe('read_only_mode');
    expect(created()).toBe(1);
  });

  test('safe: clear, refresh and reset only where this session made the connection; a sync of it does not make it so', async () => {
    await start();
    await job('run_cloud_sync', { connection_id: people });
    for (const job_type of ['clear', 'refresh', 'reset']) {
      const error = await server.fail('run_cloud_sync', { connection_id: people, job_type });
      expect(error.code, job_type).toBe('safe_mode');
      expect(error.message).toContain(`connection "Sample people → Nowhere" (${people})`);
    }
    expect(created()).toBe(1);
    expect(airbyte.state.connections[0]?.state).toHaveProperty('users');
  });

  test('safe: a connection that this session made may be cleared', async () => {
    await start();
    const made = await server.call<{ id: string }>('create_cloud_object', {
      kind: 'connection',
      name: 'made here',
      source_id: airbyteId('source', 1),
      destination_id: airbyteId('destination', 1),
      streams: [{ stream: 'users' }],
      prefix: 'made_here_',
    });
    const answer = await job('run_cloud_sync', { connection_id: made.id, job_type: 'clear' });
    expect(answer).toMatchObject({ type: 'reset', state: 'succeeded' });
  });
});
