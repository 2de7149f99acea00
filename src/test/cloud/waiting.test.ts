/** Operations that take longer in Airbyte than a call may: in progress, joined by the same call, and done once. Run concurrently because each waits. */
import { expect, test } from 'vitest';
import { airbyteId } from '../../../fixtures/airbyte/index.ts';
import { startCloud } from '../harness/airbyte.ts';

const SLOW_MS = 46_000;

test.concurrent.each([
  [
    'check_cloud_connector',
    { kind: 'destination', id: airbyteId('destination', 1) },
    /check_connection$/,
    'Nowhere',
    { succeeded: true },
  ],
  [
    'create_cloud_object',
    { kind: 'source', name: 'People', connector: 'dfd88b22-b603-4c3d-aad7-3701784586b1', config: { count: 3 } },
    /\/sources$/,
    'source',
    { name: 'People' },
  ],
])(
  '%s',
  async (tool, args, path, doing, done) => {
    const cloud = await startCloud();
    try {
      const { airbyte, server } = cloud;
      airbyte.fault({ method: 'POST', path, kind: 'slow', milliseconds: SLOW_MS });
      const first = await server.call(tool, args);
      expect(first).toMatchObject({ state: 'in_progress', doing: expect.stringContaining(doing) });
      expect(await server.call(tool, args)).toMatchObject(done);
      const asked = airbyte.requests.filter((request) => request.method === 'POST' && path.test(request.path));
      expect(asked).toHaveLength(1);
      expect(airbyte.state.sources.filter(({ name }) => name === 'People').length).toBeLessThanOrEqual(1);
    } finally {
      await cloud.close();
    }
  },
  120_000,
);
