/** Lists and single objects as a real Airbyte answers them, where that is other than its documents say. */
import { afterEach, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte } from '../../fixtures/airbyte/index.ts';
import { type CloudOptions, type CloudTest, startCloud } from './harness/airbyte.ts';
import { addConnections } from './harness/airbyte-crowd.ts';
import type { TestServer } from './harness/client.ts';
import type { Listed } from './harness/cloud-shapes.ts';

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
