/** Lists and single objects as a real Airbyte answers them, where that is other than its documents say. */
import { afterEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte } from '../../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';
import { addConnections } from '../harness/airbyte-load.ts';
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

describe('pages', () => {
  test('the only workspace is the default, although its page names a next one', async () => {
    await start();
    expect(await server.call('check_cloud_workspace')).toMatchObject({ workspace: { name: 'Workshop' } });
  });

  test('as many connections as there are, and no page too many is asked for', async () => {
    await start();
    const all = { kind: 'connection', search: 'connection', limit: 100 };
    for (const many of [200, 101, 100, 99, 1, 0]) {
      if (many === 0) airbyte.state.connections = [];
      else addConnections(airbyte, many, (index) => `connection ${index}`);
      airbyte.requests.splice(0);
      const rows: unknown[] = [];
      let cursor: string | undefined;
      do {
        const found = await list({ ...all, ...(cursor ? { cursor } : {}) });
        rows.push(...found.objects);
        cursor = found.next_cursor;
      } while (cursor);
      expect(rows).toHaveLength(many);
      const pages = airbyte.requests.filter(({ path }) => path.endsWith('/connections'));
      // One for the rest of each call's page, where a call ended in the middle of the list.
      expect(pages.length, String(many)).toBeLessThanOrEqual(2 * Math.floor(many / 100) + 1);
    }
  });

  test('a list without any data is an empty list', async () => {
    await start({ airbyte: { empty: true } });
    await server.call('check_cloud_workspace');
    airbyte.state.organizations = [];
    for (const kind of ['source', 'destination', 'connection', 'job', 'definition', 'organization']) {
      expect(await list({ kind }), kind).toMatchObject({ objects: [], total: 0 });
    }
  });
});

describe('short names of connectors', () => {
  test('where Airbyte sends none, the registry tells it by the definition, and a custom one is called so', async () => {
    await start();
    const [people] = airbyte.state.sources;
    if (!people) throw new Error('the seed has a source');
    airbyte.state.sources.push({
      ...people,
      id: airbyteId('source', 4),
      name: 'Meadow',
      definitionId: airbyteId('definition', 1),
      configuration: { api_key: 'k' },
    });
    const types = async (args: object = {}) =>
      (await list({ kind: 'source', ...args })).objects.map(({ name, type }) => [name, type]);
    expect(await types()).toEqual([
      ['Sample people', 'faker'],
      ['Shop database', 'postgres'],
      // The small registry of the tests does not know this one.
      ['Code host', 'custom'],
      ['Meadow', 'custom'],
    ]);
    expect(await types({ search: 'FAKER' })).toEqual([['Sample people', 'faker']]);
    expect(await server.call('describe_cloud_object', { kind: 'source', id: people.id })).toMatchObject({
      type: 'faker',
    });
  });
});

describe('unknown ids', () => {
  test('an unknown id and missing rights look the same; a refused change names both', async () => {
    await start({ environment: UNGUARDED });
    for (const administrator of [false, true]) {
      airbyte.settings.administrator = administrator;
      for (const kind of ['source', 'destination', 'connection', 'workspace'] as const) {
        const error = await server.fail('describe_cloud_object', { kind, id: airbyteId(kind, 77) });
        expect(error, kind).toMatchObject({
          code: 'cloud_not_found',
          next: expect.stringContaining('list_cloud_objects'),
        });
        expect(error.message).toContain('no such id, or these credentials have no rights to it');
      }
    }
    airbyte.fault({ method: 'PATCH', path: /\/sources\//, kind: 'status', status: 403 });
    const change = { kind: 'source', id: airbyteId('source', 1), changes: { name: 'Other' } };
    const error = await server.fail('update_cloud_object', change);
    expect(error).toMatchObject({ code: 'cloud_forbidden', message: expect.stringContaining('no such id, or') });
  });

  test('a deleted object is distinguished from one without a configuration', async () => {
    await start({ environment: UNGUARDED });
    const [people] = airbyte.state.sources;
    if (people) people.configuration = {};
    const at = (kind: 'source' | 'connection', number: number) => ({ kind, id: airbyteId(kind, number) });
    await server.call('describe_cloud_object', at('source', 1));
    await server.call('delete_cloud_object', { ...at('source', 2), name: 'Shop database', cascade: true });
    for (const object of [at('source', 2), at('connection', 2)]) {
      const calls = [
        server.fail('describe_cloud_object', object),
        server.fail('update_cloud_object', { ...object, changes: { name: 'Back' } }),
        server.fail('delete_cloud_object', { ...object, name: 'Shop database', cascade: true }),
      ];
      for (const error of await Promise.all(calls)) expect(error.code, object.kind).toBe('cloud_deleted');
    }
    const run = { connection_id: airbyteId('connection', 2) };
    expect((await server.fail('run_cloud_sync', run)).code).toBe('cloud_deleted');
  });
});
