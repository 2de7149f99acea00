/** Streams of connections as a real Airbyte gives and takes them, where that is other than its documents say. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';

let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ environment: UNGUARDED });
});
afterEach(() => cloud.close());

const PEOPLE = airbyteId('connection', 1);
const update = (streams: object[], more: object = {}) =>
  cloud.server.call<{ after: { streams: { stream: string; mode: string }[] } }>('update_cloud_object', {
    kind: 'connection',
    id: PEOPLE,
    changes: { streams, ...more },
  });
const sentStreams = () => {
  const bodies = cloud.airbyte.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
  return (bodies.at(-1) as { configurations?: { streams: object[] } } | undefined)?.configurations?.streams;
};

describe('the streams of a connection', () => {
  test('empty lists and nulls are not sent back; what is set is', async () => {
    const [users] = cloud.airbyte.state.connections[0]?.streams ?? [];
    const mappers = [{ type: 'hashing', mapperConfiguration: { targetField: 'email', method: 'MD5', salt: null } }];
    Object.assign(users ?? {}, { mappers, destinationObjectName: null, includeFiles: true });
    await update([{ stream: 'users' }, { stream: 'products' }]);
    expect(sentStreams()).toEqual([
      {
        name: 'users',
        syncMode: 'incremental_append',
        includeFiles: true,
        mappers: [{ type: 'hashing', mapperConfiguration: { targetField: 'email', method: 'MD5' } }],
      },
      { name: 'products', syncMode: 'full_refresh_overwrite', includeFiles: false },
    ]);
  });
});

describe('modes', () => {
  test('a mode that Airbyte does not list is accepted where Airbyte accepts it, and a stream keeps its mode', async () => {
    const dedup = { stream: 'users', mode: 'full_refresh_overwrite_deduped' };
    expect((await update([dedup])).after.streams).toMatchObject([dedup]);
    const [, , code] = cloud.airbyte.state.sources;
    const keyless = cloud.airbyte.state.definitions.find(({ id }) => id === code?.definitionId)?.streams[1];
    expect(keyless?.name).toBe('branches');
    const connection = cloud.airbyte.state.connections[0];
    if (!connection) throw new Error('the seed has a connection');
    // As an older Airbyte let it be made.
    Object.assign(connection, { sourceId: code?.id, streams: [{ name: 'branches', syncMode: 'incremental_append' }] });
    connection.streams[0] = { name: 'branches', syncMode: 'full_refresh_overwrite_deduped', primaryKey: [['name']] };
    await update([{ stream: 'branches' }, { stream: 'commits', mode: 'full_refresh_overwrite' }]);
    const refused = await cloud.server.fail('update_cloud_object', {
      kind: 'connection',
      id: PEOPLE,
      changes: { streams: [{ stream: 'branches', mode: 'incremental_append' }] },
    });
    expect(refused).toMatchObject({ code: 'mode_not_offered' });
  });
});

describe('which streams there are', () => {
  const asked = () =>
    cloud.airbyte.requests.filter(({ path }) => path.endsWith('/streams')).map(({ query }) => query.ignoreCache?.[0]);
  const faker = () => cloud.airbyte.state.definitions[0];

  test('Airbyte’s cache is used, and passed over where a stream is missing in it, or where that is asked for', async () => {
    await update([{ stream: 'users' }]);
    faker()?.streams.push({ name: 'orders', fields: { id: { type: 'integer' } } });
    await update([{ stream: 'users' }, { stream: 'orders' }]);
    expect(asked()).toEqual([undefined, undefined, 'true']);
    await update([{ stream: 'users' }], { discover: true });
    expect(asked().slice(3)).toEqual(['true']);
  });

  test('a source that fails is not asked again, and its message is shown without secrets', async () => {
    const definition = faker();
    if (definition) definition.discoveryFailure = 'FATAL: no such database; password=hunter-2-of-the-shop';
    const change = { kind: 'connection', id: PEOPLE, changes: { streams: [{ stream: 'users' }] } };
    const error = await cloud.server.fail('update_cloud_object', change);
    expect(error).toMatchObject({ code: 'discovery_failed', next: expect.stringContaining('check_cloud_connector') });
    expect(error.text).toContain('FATAL: no such database');
    expect(error.text).not.toContain('hunter-2');
    expect(asked()).toHaveLength(1);
  });
});
