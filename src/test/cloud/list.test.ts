/** Finding what is in an Airbyte: paging, searching, last jobs, and several workspaces. */
import { afterEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, startCloud } from '../harness/airbyte.ts';
import { addConnections, addJobs } from '../harness/airbyte-load.ts';
import type { TestServer } from '../harness/client.ts';
import type { Listed } from '../harness/cloud-shapes.ts';

let cloud: CloudTest;
let server: TestServer;
let airbyte: FakeAirbyte;
const start = async (options: CloudOptions = {}): Promise<void> => {
  cloud = await startCloud(options);
  ({ server, airbyte } = cloud);
};
afterEach(() => cloud.close());

const list = (args: Record<string, unknown>) => server.call<Listed>('list_cloud_objects', args);
const names = ({ objects }: Listed): (string | undefined)[] => objects.map(({ name }) => name);
const requestsTo = (path: RegExp): number => airbyte.requests.filter((request) => path.test(request.path)).length;

describe('list_cloud_objects', () => {
  test('every kind, with names, ids and what belongs to them', async () => {
    await start();
    expect(names(await list({ kind: 'workspace' }))).toEqual(['Workshop']);
    expect(names(await list({ kind: 'organization' }))).toEqual(['Larkspur Ltd', 'Marigold Inc']);
    expect(names(await list({ kind: 'definition' }))).toEqual(['Meadow survey']);
    expect((await list({ kind: 'destination' })).objects).toEqual([
      {
        id: airbyteId('destination', 1),
        name: 'Nowhere',
        // Neither Airbyte nor the small registry of the tests knows it.
        type: 'custom',
        definition_id: 'a7bcc9d8-13b3-4e49-b80d-d020b90045e3',
      },
      {
        id: airbyteId('destination', 2),
        name: 'Warehouse',
        type: 'postgres',
        definition_id: '25c5221d-dce2-4163-ade9-739ef790f503',
      },
    ]);
    const connections = await list({ kind: 'connection' });
    expect(connections).toMatchObject({ total: 2, looked_at: 2 });
    expect(connections.objects[1]).toEqual({
      id: airbyteId('connection', 2),
      name: 'Shop database → Warehouse',
      status: 'active',
      source: { id: airbyteId('source', 2), name: 'Shop database' },
      destination: { id: airbyteId('destination', 2), name: 'Warehouse' },
      schedule: '0 0 6 * * ? UTC',
      last_job: { job_id: 3, type: 'sync', state: 'failed', started_at: '2025-01-06T15:00:00Z' },
    });
    const jobs = await list({ kind: 'job' });
    expect(jobs.objects.map(({ job_id: id }) => id)).toEqual([3, 2, 1]);
    expect(jobs.text).toContain('Shop database → Warehouse');
  });

  test('jobs by connection and by status', async () => {
    await start();
    const of = await list({ kind: 'job', connection_id: airbyteId('connection', 2) });
    expect(of.objects.map(({ job_id: id }) => id)).toEqual([3, 2]);
    const failed = await list({ kind: 'job', status: 'failed' });
    expect(failed.objects.map(({ job_id: id }) => id)).toEqual([3]);
  });

  test('arguments that do not fit are refused, and the next step names what to write', async () => {
    await start();
    for (const [args, code, next] of [
      [{ kind: 'source', failing_only: true }, 'argument_does_not_fit', /kind connection/],
      [{ kind: 'job', search: 'x' }, 'argument_does_not_fit', /kind workspace, organization, source/],
      [{ kind: 'connection', connection_id: 'x' }, 'argument_does_not_fit', /kind job/],
      [{ kind: 'definition', status: 'active' }, 'argument_does_not_fit', /kind connection, job/],
      [{ kind: 'workspace', workspace_id: airbyteId('workspace', 1) }, 'argument_does_not_fit', /kind source/],
      [{ kind: 'job', status: 'broken' }, 'bad_status', /pending, queued, running/],
      [{ kind: 'connection', status: 'failed' }, 'bad_status', /active, inactive/],
      [{ kind: 'job', connection_id: 'people' }, 'unknown_name', /list_cloud_objects/],
      [{ kind: 'source', workspace_id: 'Workshp' }, 'unknown_name', /Workshop/],
      [{ kind: 'source', cursor: 'abc' }, 'bad_cursor', /next_cursor/],
    ] as const) {
      const error = await server.fail('list_cloud_objects', args);
      expect(error.code, JSON.stringify(args)).toBe(code);
      expect(error.next, JSON.stringify(args)).toMatch(next);
    }
  });

  test('250 connections: every one of them once over all pages, and the total at the end only', async () => {
    await start();
    addConnections(airbyte, 250, (index) => `connection ${index}`);
    const seen: (string | undefined)[] = [];
    let cursor: string | undefined;
    const totals: (number | undefined)[] = [];
    do {
      const page: Listed = await list({ kind: 'connection', limit: 80, ...(cursor ? { cursor } : {}) });
      seen.push(...names(page));
      totals.push(page.total);
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(Array.from({ length: 250 }, (_, index) => `connection ${index + 1}`));
    expect(totals).toEqual([undefined, undefined, undefined, 250]);
  });

  test('a search reads all pages, ignores case, continues after its last page, and accepts only its own cursor', async () => {
    await start();
    addConnections(airbyte, 250, (index) => (index % 100 === 7 ? `Orders ${index}` : `connection ${index}`));
    const first = await list({ kind: 'connection', search: 'ORDERS', limit: 2 });
    expect(names(first)).toEqual(['Orders 7', 'Orders 107']);
    expect(first.total).toBeUndefined();
    const second = await list({ kind: 'connection', search: 'ORDERS', limit: 2, cursor: first.next_cursor });
    expect(names(second)).toEqual(['Orders 207']);
    expect(second.total).toBe(3);
    expect(second.next_cursor).toBeUndefined();
    const none = await list({ kind: 'connection', search: 'nothing like it' });
    expect(none).toMatchObject({ objects: [], total: 0, looked_at: 250 });
    for (const other of [{ search: 'orders' }, { search: 'ORDERS', status: 'active' }, {}]) {
      const error = await server.fail('list_cloud_objects', {
        kind: 'connection',
        ...other,
        cursor: first.next_cursor,
      });
      expect(error.message).toContain('other arguments');
    }
  });

  test('sources are found by the type of their connector too', async () => {
    await start();
    expect(names(await list({ kind: 'source', search: 'POSTG' }))).toEqual(['Shop database']);
  });

  test('a call reads at most a thousand objects, reports it, and the next one continues there', async () => {
    await start();
    addConnections(airbyte, 1_150, (index) => `connection ${index}`);
    const first = await list({ kind: 'connection', search: 'connection 1150' });
    expect(first).toMatchObject({ objects: [], looked_at: 1000 });
    expect(first.text).toContain('0 connections among the 1,000 that were looked at');
    const second = await list({ kind: 'connection', search: 'connection 1150', cursor: first.next_cursor });
    expect(second).toMatchObject({ total: 1, looked_at: 150 });
  });

  test('the last job of a connection is found where a hundred others ran since, and only the missing ones are asked for', async () => {
    await start();
    addConnections(airbyte, 3, (index) => `connection ${index}`);
    addJobs(airbyte, [
      { connection: 1, hour: 0, outcome: 'failed' },
      { connection: 3, hour: 1, outcome: 'succeeded' },
      ...Array.from({ length: 150 }, (_, index) => ({ connection: 2, hour: 2 + index, outcome: 'succeeded' as const })),
    ]);
    const { objects } = await list({ kind: 'connection' });
    expect(objects.map(({ last_job: job }) => [job?.job_id, job?.state])).toEqual([
      [1, 'failed'],
      [152, 'succeeded'],
      [2, 'succeeded'],
    ]);
    expect(requestsTo(/\/jobs$/)).toBe(3);
  });

  test('failing_only: connections whose last job failed, not those that failed once', async () => {
    await start();
    addConnections(airbyte, 4, (index) => `connection ${index}`);
    addJobs(airbyte, [
      { connection: 1, hour: 0, outcome: 'failed' },
      { connection: 1, hour: 1, outcome: 'succeeded' },
      { connection: 2, hour: 0, outcome: 'succeeded' },
      { connection: 2, hour: 1, outcome: 'failed' },
    ]);
    const failing = await list({ kind: 'connection', failing_only: true });
    expect(names(failing)).toEqual(['connection 2']);
    expect(failing.total).toBe(1);
    // Running and retrying jobs have not failed, the one that failed before has; a cancelled job is not a success.
    const [pattern] = airbyte.state.jobs;
    const add = (connection: number, status: 'pending' | 'cancelled', plan: object) => {
      if (!pattern) throw new Error('there is a job');
      const connectionId = airbyteId('connection', connection);
      const jobId = airbyte.state.jobs.length + 1;
      const createdAt = Date.now() - 60_000;
      airbyte.state.jobs.push({
        ...structuredClone(pattern),
        jobId,
        connectionId,
        createdAt,
        updatedAt: createdAt,
        status,
        plan: { ...pattern.plan, ...plan },
      });
    };
    add(2, 'pending', { milliseconds: 1_000_000 });
    add(3, 'pending', { milliseconds: 1000, outcome: 'incomplete' });
    add(4, 'cancelled', {});
    const now = await list({ kind: 'connection', failing_only: true });
    expect(now.objects.map(({ name, last_job: job }) => [name, job?.state])).toEqual([
      ['connection 2', 'pending'],
      ['connection 4', 'cancelled'],
    ]);
  });
});

describe('several workspaces', () => {
  test('without a default each call lists them; with workspace_id each works in its own', async () => {
    await start({ airbyte: { workspaces: ['Workshop', 'Annex'] } });
    const error = await server.fail('list_cloud_objects', { kind: 'source' });
    expect(error.code).toBe('several_workspaces');
    expect(error.text).toContain(airbyteId('workspace', 2));
    expect((await list({ kind: 'workspace' })).total).toBe(2);
    expect((await list({ kind: 'source', workspace_id: airbyteId('workspace', 1) })).total).toBe(3);
    expect((await list({ kind: 'source', workspace_id: airbyteId('workspace', 2) })).total).toBe(0);
    const elsewhere = { workspace_id: airbyteId('workspace', 2) };
    for (const [tool, args] of [
      ['describe_cloud_object', { kind: 'source', id: airbyteId('source', 1) }],
      ['describe_cloud_object', { kind: 'connection', id: airbyteId('connection', 1) }],
      ['describe_cloud_object', { kind: 'workspace', id: airbyteId('workspace', 1) }],
      ['check_cloud_connector', { kind: 'source', id: airbyteId('source', 1) }],
      ['run_cloud_sync', { connection_id: airbyteId('connection', 1) }],
      ['get_cloud_job', { job_id: 1 }],
      ['get_cloud_job', { connection_id: airbyteId('connection', 1) }],
      ['list_cloud_objects', { kind: 'job', connection_id: airbyteId('connection', 1) }],
    ] as const) {
      expect((await server.fail(tool, { ...args, ...elsewhere })).code, tool).toBe('other_workspace');
    }
    expect(airbyte.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/jobs'))).toEqual([]);
  });

  test('the default of the settings is used, and marked in the list', async () => {
    const environment = { AIRBYTE_CLOUD_WORKSPACE_ID: airbyteId('workspace', 2) };
    await start({ airbyte: { workspaces: ['Workshop', 'Annex'] }, environment });
    expect((await list({ kind: 'source' })).total).toBe(0);
    expect((await list({ kind: 'workspace' })).objects).toContainEqual({
      id: airbyteId('workspace', 2),
      name: 'Annex',
      default: true,
    });
  });
});
