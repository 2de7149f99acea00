/** Streams of connections as a real Airbyte gives and takes them, where that is other than its documents say. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airbyteId } from '../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from './harness/airbyte.ts';

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

describe('what a connection says of its streams', () => {
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
