/** Following jobs of an Airbyte: attempts, counts, failures, and logs of any size. */
import { afterEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, startCloud } from '../harness/airbyte.ts';
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
const shop = airbyteId('connection', 2);
const job = (tool: string, args: Record<string, unknown>) => server.call<JobAnswer>(tool, args);

describe('get_cloud_job', () => {
  test('returns attempts with counts per stream, and the failure that the connector reported', async () => {
    await start();
    const answer = await job('get_cloud_job', { job_id: 3 });
    expect(answer).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('password authentication failed'),
      attempts: [
        { attempt: 0, state: 'failed', started_at: '2025-01-06T15:00:06.000Z' },
        {
          attempt: 1,
          state: 'failed',
          streams: [{ stream: 'orders', records_read: 500, records_committed: 500 }],
          failures: [{ from: 'source', type: 'config_error' }],
        },
      ],
    });
    expect(answer.text).toMatch(/what="failures, not instructions"/);
    expect(answer.next).toContain('check_cloud_connector');
  });

  test('the latest of a connection', async () => {
    await start();
    expect((await job('get_cloud_job', { connection_id: shop })).job_id).toBe(3);
    airbyte.state.jobs.splice(0);
    expect((await server.fail('get_cloud_job', { connection_id: shop })).code).toBe('no_job');
  });

  test('arguments that do not fit are refused, and the next step names what to write', async () => {
    await start();
    for (const [args, code, next] of [
      [{}, 'job_or_connection', /job_id/],
      [{ job_id: 3, connection_id: people }, 'job_of_other_connection', /only one/],
      [{ job_id: 99 }, 'cloud_not_found', /list_cloud_objects/],
      [{ job_id: 1.5 }, 'bad_job_id', /list_cloud_objects/],
      [{ job_id: 3, attempt: 7 }, 'no_attempt', /0, 1/],
      [{ job_id: 3, log_offset: -1 }, 'bad_log_offset', /next_log_offset/],
      [{ connection_id: 'people' }, 'unknown_name', /Sample people/],
    ] as const) {
      const error = await server.fail('get_cloud_job', args);
      expect(error.code, JSON.stringify(args)).toBe(code);
      expect(error.next, JSON.stringify(args)).toMatch(next);
    }
  });

  test('a job of a deleted connection is still returned', async () => {
    await start();
    airbyte.state.deleted.connections.push(...airbyte.state.connections.splice(1, 1));
    const answer = await job('get_cloud_job', { job_id: 3 });
    expect(answer.state).toBe('failed');
    expect(answer.text).toContain(shop);
  });

  test('a job that waits for its first attempt has no log, and a warning reports it', async () => {
    await start();
    airbyte.planJob({ milliseconds: 600_000 });
    await job('run_cloud_sync', { connection_id: people, wait_seconds: 0 });
    const answer = await job('get_cloud_job', { job_id: 4, log_lines: 10 });
    expect(answer).toMatchObject({ state: 'pending', attempts: [] });
    expect(answer.warnings.join()).toContain('There is no log');
  });

  test('without a configuration API: what the public one has, and what is missing', async () => {
    await start({ deployment: 'public only' });
    const answer = await job('get_cloud_job', { job_id: 3, log_lines: 10 });
    expect(answer).toMatchObject({ state: 'failed', records: 500 });
    expect(answer.attempts).toBeUndefined();
    expect(answer.warnings.join()).toContain('AIRBYTE_CLOUD_CONFIG_API_URL');
  });

  test('the job is shown even if its log is unavailable', async () => {
    await start();
    airbyte.fault({ path: /attempt\/get_for_job/, kind: 'status', status: 403 });
    const answer = await job('get_cloud_job', { job_id: 3, log_lines: 10 });
    expect(answer.attempts).toHaveLength(2);
    expect(answer.warnings.join()).toContain('The log is not available');
  });
});

describe.each(['structured', 'formatted'] as const)('a log of 100,000 lines, %s', (logFormat) => {
  const LINES = 100_000;
  const run = async (): Promise<void> => {
    await start({ airbyte: { logFormat } });
    const log = Array.from({ length: LINES }, (_, index) => `line number ${index}`);
    airbyte.planJob({ log, records: 10, milliseconds: 100 });
    await job('run_cloud_sync', { connection_id: people });
  };

  test('its end, any part of it by offset, and how many lines there are', async () => {
    await run();
    const end = await job('get_cloud_job', { job_id: 4, log_lines: 3 });
    expect(end.log_total).toBe(LINES + 2);
    expect(end.log_offset).toBe(LINES - 1);
    expect(end.next_log_offset).toBeUndefined();
    expect(end.log?.at(-1)).toMatch(/Replication succeeded$/);
    const middle = await job('get_cloud_job', { job_id: 4, log_lines: 500, log_offset: 50_001 });
    expect(middle.log?.[0]).toMatch(/line number 50000$/);
    expect(middle).toMatchObject({ log_offset: 50_001, next_log_offset: 50_001 + (middle.log?.length ?? 0) });
    expect(middle.text).toContain(`lines 50001 to ${50_000 + (middle.log?.length ?? 0)} of ${LINES + 2}`);
    expect(middle.text).toContain('not instructions');
    const beyond = await job('get_cloud_job', { job_id: 4, log_lines: 5, log_offset: LINES * 2 });
    expect(beyond).toMatchObject({ log: [], log_total: LINES + 2 });
  });

  test('walking by next_log_offset loses and repeats nothing', async () => {
    await run();
    const seen: string[] = [];
    let offset: number | undefined = 99_000;
    while (offset !== undefined) {
      const part: JobAnswer = await job('get_cloud_job', { job_id: 4, log_lines: 500, log_offset: offset });
      seen.push(...(part.log ?? []));
      offset = part.next_log_offset;
    }
    const numbers = seen.flatMap((line) => /line number (\d+)$/.exec(line)?.[1] ?? []);
    expect(numbers).toEqual(Array.from({ length: 1_001 }, (_, index) => String(98_999 + index)));
  });
});

test('log lines of any length fit the answer, which explains how to continue', async () => {
  await start();
  const log = Array.from({ length: 400 }, (_, index) => `${index} ${'long '.repeat(1_000)}`);
  airbyte.planJob({ log, records: 10, milliseconds: 100 });
  await job('run_cloud_sync', { connection_id: people });
  const end = await job('get_cloud_job', { job_id: 4, log_lines: 500 });
  expect(end.text.length).toBeLessThan(40_000);
  expect(end.log?.at(-1)).toMatch(/Replication succeeded$/);
  expect(end.log?.at(-2)).toMatch(/… \(\d+ more characters\)$/);
  expect((end.log_offset ?? 0) + (end.log?.length ?? 0)).toBe(end.log_total);
  const first = await job('get_cloud_job', { job_id: 4, log_lines: 500, log_offset: 0 });
  expect(first.next_log_offset).toBe(first.log?.length);
  expect(first.text).toContain(`The log continues at log_offset ${first.log?.length}`);
});
