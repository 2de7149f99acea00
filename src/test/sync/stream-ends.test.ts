/** How a stream ends, by the statuses that its connector sends and omits. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { play } from '../harness/script.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

const STREAMS = [
  { name: 'orders', cursor: 'id' },
  { name: 'empty', cursor: 'id' },
];
const record = (id: number): string =>
  JSON.stringify({ type: 'RECORD', record: { stream: 'orders', data: { id }, emitted_at: 1 } });
const status = (name: string, value: string): string =>
  JSON.stringify({
    type: 'TRACE',
    trace: { type: 'STREAM_STATUS', emitted_at: 1, stream_status: { stream_descriptor: { name }, status: value } },
  });
const state = JSON.stringify({
  type: 'STATE',
  state: { type: 'STREAM', stream: { stream_descriptor: { name: 'orders' }, stream_state: { id: 1 } } },
});

describe('a stream ends', () => {
  let workplace: Workplace;
  let server: TestServer;
  beforeAll(async () => {
    workplace = await makeWorkplace();
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });
  const sync = async (name: string, ...lines: string[]) => play(server, name, STREAMS, `${lines.join('\n')}\n`);

  test('complete, if its connector exits cleanly and sends COMPLETE for no stream', async () => {
    const played = await sync('quiet', status('orders', 'STARTED'), status('orders', 'RUNNING'), record(1), state);
    expect(played).toMatchObject({
      state: 'complete',
      streams: [{ state: 'complete', rows: 1 }, { state: 'complete' }],
    });
    expect(played.warnings).toEqual([]);
  });

  test('incomplete, if only other streams are COMPLETE, and the answer reports it', async () => {
    const played = await sync('half', status('orders', 'RUNNING'), record(1), state, status('empty', 'COMPLETE'));
    expect(played).toMatchObject({ state: 'incomplete', streams: [{ state: 'incomplete', rows: 1 }, {}] });
    expect(played.warnings.join('\n')).toContain('without saying that "orders" is complete');
  });

  test('incomplete, if the connector gives no reason', async () => {
    const played = await sync('sorry', record(1), state, status('orders', 'INCOMPLETE'), status('empty', 'COMPLETE'));
    expect(played.state).toBe('incomplete');
    expect(played.warnings.join('\n')).toContain('said that "orders" is incomplete, without a reason');
  });

  test('without a record, and its table still belongs to the session', async () => {
    await sync('owned', record(1), state, status('orders', 'COMPLETE'));
    const { created_this_session: created } = await server.call<{ created_this_session: { name: string }[] }>(
      'get_status',
    );
    expect(created.map(({ name }) => name)).toContain('owned.empty');
    expect(await server.call('start_sync', { source: 'owned', restart: true, wait_seconds: 45 })).toHaveProperty(
      'state',
    );
  });
});
