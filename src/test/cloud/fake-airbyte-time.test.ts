/** Pages and jobs of the fake Airbyte: what a client has to follow over several requests. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte, type JobPlan, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { clientsOf, type Reply, type Request } from '../harness/airbyte-client.ts';

const CONNECTION = airbyteId('connection', 1);

let airbyte: FakeAirbyte;
let api: Request;
let config: Request;
beforeEach(async () => {
  airbyte = await startAirbyte({ workspaces: ['One', 'Two'] });
  ({ api, config } = clientsOf(airbyte));
});
afterEach(() => airbyte.close());

describe('pages', () => {
  const [first, second] = [airbyteId('workspace', 1), airbyteId('workspace', 2)];
  const names = ({ body }: Reply): unknown[] => body.data.map(({ name }) => name);

  beforeEach(async () => {
    for (let number = 1; number <= 22; number += 1) {
      const body = { name: `source ${number}`, workspaceId: second, configuration: { sourceType: 'faker' } };
      expect((await api('POST', '/sources', body)).status).toBe(200);
    }
  });

  test('are of 20, at most 100, and lead to another host', async () => {
    const page = await api('GET', '/sources');
    expect(page.body.data).toHaveLength(20);
    expect(page.body.next).toBe('https://api.airbyte.com/v1/sources?limit=20&offset=20');
    // Set after every page that is not empty, as in the real one, whether anything follows or not.
    const next = 'https://api.airbyte.com/v1/sources?limit=100&offset=100';
    expect((await api('GET', '/sources?limit=100')).body).toMatchObject({ next, previous: '' });
    for (const bad of ['limit=101', 'limit=0', 'limit=x', 'offset=-1']) {
      expect((await api('GET', `/sources?${bad}`)).status).toBe(400);
    }
  });

  test('after a last page that is full comes an empty one', async () => {
    const last = await api('GET', `/sources?workspaceIds=${second}&limit=11&offset=11`);
    expect(names(last)).toHaveLength(11);
    expect(last.body.next).toContain('offset=22');
    // The document requires `data`; the real server leaves an empty list out.
    const empty = (await api('GET', `/sources?workspaceIds=${second}&limit=11&offset=22`)).body;
    expect(empty).toMatchObject({ next: '' });
    expect(empty).not.toHaveProperty('data');
  });

  test('workspaces are repeated or separated by commas, and those of others are refused', async () => {
    const count = async (query: string): Promise<number> =>
      (await api('GET', `/sources?limit=100&${query}`)).body.data.length;
    expect(await count(`workspaceIds=${first}`)).toBe(3);
    expect(await count(`workspaceIds=${second}`)).toBe(22);
    expect(await count(`workspaceIds=${first}&workspaceIds=${second}`)).toBe(25);
    expect(await count(`workspaceIds=${first},${second}`)).toBe(25);
    expect((await api('GET', `/sources?workspaceIds=${airbyteId('workspace', 77)}`)).status).toBe(403);
  });

  test('jobs: filters and order', async () => {
    const jobs = async (query: string): Promise<unknown[]> =>
      ((await api('GET', `/jobs?${query}`)).body.data ?? []).map(({ jobId }) => jobId);
    expect(await jobs('')).toEqual([3, 2, 1]);
    expect(await jobs('orderBy=createdAt%7CASC')).toEqual([1, 2, 3]);
    expect(await jobs('status=failed')).toEqual([3]);
    expect(await jobs(`connectionId=${CONNECTION}`)).toEqual([1]);
    expect(await jobs('jobType=reset')).toEqual([]);
    expect(await jobs(`workspaceIds=${second}`)).toEqual([]);
    expect(await jobs('createdAtEnd=2025-01-06T14:30:00Z')).toEqual([2, 1]);
    expect((await api('GET', '/jobs?orderBy=nothing')).status).toBe(400);
  });

  test('jobs of the configuration API: by connection, in pages, up to one job', async () => {
    const listed = async (more: object): Promise<unknown> => {
      const body = { configTypes: ['sync'], configId: airbyteId('connection', 2), ...more };
      const { jobs, totalJobCount } = (await config('POST', '/jobs/list', body)).body as unknown as {
        jobs: { job: { id: number } }[];
        totalJobCount: number;
      };
      return [jobs.map(({ job }) => job.id), totalJobCount];
    };
    expect(await listed({})).toEqual([[3, 2], 2]);
    expect(await listed({ pagination: { pageSize: 1, rowOffset: 1 } })).toEqual([[2], 2]);
    expect(await listed({ pagination: { pageSize: 1 }, includingJobId: 2 })).toEqual([[3, 2], 2]);
    expect(await listed({ includingJobId: 1 })).toEqual([[], 2]);
    expect(await listed({ statuses: ['failed'] })).toEqual([[3], 1]);
    expect(await listed({ configTypes: ['reset_connection'] })).toEqual([[], 0]);
  });
});

describe('jobs', () => {
  const start = async (plan: Partial<JobPlan> = {}): Promise<number> => {
    airbyte.planJob(plan);
    const reply = await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' });
    expect(reply.status).toBe(200);
    expect(reply.body.status).toBe('pending');
    return Number(reply.body.jobId);
  };
  const look = async (jobId: number): Promise<[status: string, rows: number]> => {
    const { status, rowsSynced } = (await api('GET', `/jobs/${jobId}`)).body;
    return [String(status), Number(rowsSynced)];
  };
  /** What is seen at each of these seconds after the start. */
  const seen = async (jobId: number, ...seconds: readonly number[]): Promise<[string, number][]> => {
    const looks: [string, number][] = [];
    let passed = 0;
    for (const second of seconds) {
      airbyte.passTime((second - passed) * 1000);
      passed = second;
      looks.push(await look(jobId));
    }
    return looks;
  };
  const statuses = (looks: readonly [string, number][]): string[] => looks.map(([status]) => status);

  test('come through with growing counts, one at a time on a connection, and leave a state', async () => {
    const before = (await config('POST', '/state/get', { connectionId: CONNECTION })).body;
    const jobId = await start({ milliseconds: 1_000_000 });
    const again = (): ReturnType<Request> => api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' });
    // Before its first attempt a second start is answered with it.
    expect((await again()).body).toMatchObject({ jobId, status: 'pending' });
    const begun = await seen(jobId, 50, 200);
    expect((await again()).status).toBe(409);
    const looks = [...begun, ...(await seen(jobId, 300, 700, 800))];
    expect(statuses(looks)).toEqual(['pending', 'running', 'running', 'running', 'succeeded']);
    const rows = looks.map(([, count]) => count);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(new Set(rows).size).toBe(5);
    expect(rows.at(-1)).toBe(2000);
    const after = (await config('POST', '/state/get', { connectionId: CONNECTION })).body;
    expect(after.stateType).toBe('stream');
    expect(after.streamState).not.toEqual(before.streamState);
    await start();
  });

  test('continue by themselves in the time of the settings', async () => {
    const { jobId } = (await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' })).body;
    await expect.poll(async () => (await look(Number(jobId)))[0], { timeout: 10_000 }).toBe('succeeded');
  });

  test('fail after several attempts, incomplete between them, with the reason in each', async () => {
    const plan = { milliseconds: 1_000_000, attempts: 2, outcome: 'failed', failure: 'the token has ended' } as const;
    const jobId = await start(plan);
    const looks = await seen(jobId, 50, 300, 500, 700, 1000);
    expect(statuses(looks)).toEqual(['pending', 'running', 'incomplete', 'running', 'failed']);
    const { attempts } = (await config('POST', '/jobs/get', { id: jobId })).body as unknown as { attempts: object[] };
    const failureSummary = { failures: [{ externalMessage: 'the token has ended' }], partialSuccess: true };
    expect(attempts).toMatchObject([
      { attempt: { id: 0, status: 'failed', failureSummary } },
      { attempt: { id: 1, status: 'failed', failureSummary } },
    ]);
  });

  test('stay incomplete where that was planned, and replace another', async () => {
    const jobId = await start({ milliseconds: 1000, outcome: 'incomplete' });
    expect(statuses(await seen(jobId, 10, 1000))).toEqual(['incomplete', 'incomplete']);
    expect((await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' })).status).toBe(409);
  });

  test('without an end are cancelled, once', async () => {
    const jobId = await start({ milliseconds: Number.POSITIVE_INFINITY });
    const [[, few] = ['', 0], [status, more] = ['', 0]] = await seen(jobId, 100, 100_000);
    expect(status).toBe('running');
    expect(more).toBeGreaterThan(few);
    expect((await api('DELETE', `/jobs/${jobId}`)).body.status).toBe('cancelled');
    const [, rows] = await look(jobId);
    expect(await seen(jobId, 1000)).toEqual([['cancelled', rows]]);
    const next = await start({ milliseconds: Number.POSITIVE_INFINITY });
    // Cancelling one that has ended cancels what runs now on its connection.
    expect((await api('DELETE', `/jobs/${jobId}`)).body).toMatchObject({ jobId, status: 'cancelled' });
    expect((await look(next))[0]).toBe('cancelled');
  });

  test('that clear are resets, and cancel what runs; a refresh is not for this API', async () => {
    const running = await start({ milliseconds: Number.POSITIVE_INFINITY });
    for (const jobType of ['clear', 'reset']) {
      const { status, body } = await api('POST', '/jobs', { connectionId: CONNECTION, jobType });
      expect({ status, body }).toMatchObject({ status: 200, body: { jobType: 'reset' } });
    }
    expect((await look(running))[0]).toBe('cancelled');
    expect((await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'refresh' })).status).toBe(422);
  });

  test('that refresh need a destination that can, and wait for the next run where one runs', async () => {
    const refresh = async (): Promise<unknown> =>
      (await config('POST', '/connections/refresh', { connectionId: CONNECTION, refreshMode: 'Merge' })).body.job;
    const running = await start({ milliseconds: Number.POSITIVE_INFINITY });
    expect(await refresh()).toBeUndefined();
    await api('DELETE', `/jobs/${running}`);
    expect((await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' })).body.jobType).toBe('refresh');
    airbyte.passTime(1000);
    expect(await refresh()).toMatchObject({ configType: 'refresh', status: 'pending' });
    for (const definition of airbyte.state.definitions) definition.supportsRefreshes = false;
    airbyte.passTime(1000);
    expect(await refresh()).toBeUndefined();
  });

  test('of kind clear take the state away; an inactive connection runs none', async () => {
    await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'clear' });
    airbyte.passTime(1000);
    expect((await config('POST', '/state/get', { connectionId: CONNECTION })).body.stateType).toBe('not_set');
    await api('PATCH', `/connections/${CONNECTION}`, { status: 'inactive' });
    expect((await api('POST', '/jobs', { connectionId: CONNECTION, jobType: 'sync' })).status).toBe(409);
  });

  test('their logs come in both shapes, with the same lines', async () => {
    const jobId = await start({ milliseconds: 0, outcome: 'failed', log: ['a line of my own'], failure: 'the end' });
    const log = async (): Promise<{ events?: { message: string }[]; logLines?: string[] }> =>
      ((await config('POST', '/attempt/get_for_job', { jobId, attemptNumber: 0 })).body as { logs?: object }).logs ??
      {};
    const messages = (await log()).events?.map(({ message }) => message) ?? [];
    expect(messages).toContain('a line of my own');
    expect(messages).toContain('the end');
    expect(messages).toContain('Records read of stream users: 500');
    airbyte.settings.logFormat = 'formatted';
    const lines = (await log()).logLines ?? [];
    expect(lines).toHaveLength(messages.length);
    for (const [index, line] of lines.entries()) expect(line).toContain(messages[index]);
  });
});

test('a check fails with a message where the configuration is wrong', async () => {
  const sourceId = airbyteId('source', 2);
  const check = (): ReturnType<Request> => config('POST', '/sources/check_connection', { sourceId });
  expect((await check()).body.status).toBe('succeeded');
  await api('PATCH', `/sources/${sourceId}`, { configuration: { password: 'wrong' } });
  const failed = await check();
  expect(failed.status).toBe(200);
  expect(failed.body).toMatchObject({ status: 'failed', jobInfo: { succeeded: false } });
  expect(failed.body.message).toContain('password is not accepted');
});
