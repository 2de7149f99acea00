/** Faults that a test sets in the fake Airbyte: each occurs as often as requested, before or after the operation. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeAirbyte, type FaultKind, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { clientsOf, type Reply, type Request } from '../harness/airbyte-client.ts';

let airbyte: FakeAirbyte;
let api: Request;
beforeEach(async () => {
  airbyte = await startAirbyte();
  ({ api } = clientsOf(airbyte));
});
afterEach(() => airbyte.close());

const create = (): Promise<Reply> => {
  const [workspace] = airbyte.state.workspaces;
  return api('POST', '/sources', {
    name: 'n',
    workspaceId: workspace?.workspaceId,
    configuration: { sourceType: 'faker' },
  });
};
const made = (): number => airbyte.state.sources.length - 3;
const next = (kind: FaultKind): void => airbyte.fault({ method: 'POST', path: /\/sources$/, ...kind });

describe('not done', () => {
  test('a status with headers and body, twice, only for its method and path', async () => {
    airbyte.fault({
      method: 'POST',
      path: /\/sources$/,
      times: 2,
      kind: 'status',
      status: 503,
      headers: { 'x-why': 'tea' },
      body: { a: 1 },
    });
    expect((await api('GET', '/sources')).status).toBe(200);
    for (let times = 0; times < 2; times += 1) {
      const reply = await create();
      expect([reply.status, reply.headers.get('x-why'), reply.text]).toEqual([503, 'tea', '{"a":1}']);
    }
    expect(made()).toBe(0);
    expect((await create()).status).toBe(200);
  });

  test('429 gives the delay in seconds or as a date', async () => {
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000);
    next({ kind: 'limited', retryAfter: 2 });
    next({ kind: 'limited', retryAfter: date });
    const [seconds, day] = [await create(), await create()];
    expect([seconds.status, seconds.headers.get('retry-after')]).toEqual([429, '2']);
    expect([day.status, Date.parse(day.headers.get('retry-after') ?? '')]).toEqual([429, date.getTime()]);
    expect(made()).toBe(0);
  });

  test('500, a login page, another host, a connection that is cut', async () => {
    next({ kind: 'error' });
    expect((await create()).status).toBe(500);
    next({ kind: 'login page' });
    expect(await create()).toMatchObject({ status: 200, body: undefined, text: expect.stringContaining('<form>') });
    next({ kind: 'redirect', to: 'http://127.0.0.1:9/elsewhere' });
    const moved = await create();
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/elsewhere']);
    next({ kind: 'cut' });
    await expect(create()).rejects.toThrow('fetch failed');
    expect(airbyte.requests.at(-1)?.status).toBe(0);
    expect(made()).toBe(0);
  });

  test('an answer without an end is sent as long as it is read', async () => {
    next({ kind: 'huge', bytes: 3_000_000 });
    expect((await create()).text).toHaveLength(3_000_000 + '{"data":[""]}'.length);
    next({ kind: 'huge', bytes: Number.POSITIVE_INFINITY });
    const { clientId: _, bearerToken } = airbyte.settings;
    const headers = { authorization: `Bearer ${bearerToken}` };
    const response = await fetch(`${airbyte.cloudUrl}/sources`, { method: 'POST', headers, body: '{}' });
    let read = 0;
    for await (const piece of response.body ?? []) {
      read += (piece as Uint8Array).length;
      if (read > 20_000_000) break;
    }
    expect(read).toBeGreaterThan(20_000_000);
    expect(made()).toBe(0);
  });
});

describe('done', () => {
  test('slowly, before the answer or in it', async () => {
    for (const kind of ['slow', 'slow body'] as const) {
      next({ kind, milliseconds: 200 });
      const began = performance.now();
      expect((await create()).body).toMatchObject({ name: 'n' });
      expect(performance.now() - began).toBeGreaterThan(190);
    }
    expect(made()).toBe(2);
  });

  test('and the connection is cut in the middle of the answer', async () => {
    next({ kind: 'cut after' });
    await expect(create()).rejects.toThrow('terminated');
    expect(made()).toBe(1);
    airbyte.fault({ method: 'DELETE', path: /sources/, kind: 'cut after' });
    await expect(api('DELETE', `/sources/${airbyte.state.sources[3]?.id}`)).rejects.toThrow('fetch failed');
    expect(made()).toBe(0);
  });

  test('and answered with half of the JSON', async () => {
    next({ kind: 'bad json' });
    const reply = await create();
    expect([reply.status, reply.body]).toEqual([200, undefined]);
    expect(reply.text.startsWith('{"sourceId"')).toBe(true);
    expect(made()).toBe(1);
  });

  test('and compressed', async () => {
    next({ kind: 'gzip' });
    const reply = await create();
    expect(reply.headers.get('content-encoding')).toBe('gzip');
    expect(reply.body).toMatchObject({ name: 'n' });
    expect(made()).toBe(1);
  });
});

test('requests are recorded as they were received', async () => {
  await api('PATCH', '/connections/nothing?a=1&a=2&b=3', { name: 'x' });
  expect(airbyte.requests.at(-1)).toMatchObject({
    method: 'PATCH',
    path: '/v1/connections/nothing',
    query: { a: ['1', '2'], b: ['3'] },
    headers: { authorization: `Bearer ${airbyte.settings.bearerToken}` },
    body: { name: 'x' },
    status: 403,
  });
});
