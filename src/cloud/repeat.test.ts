import { afterEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { airbyteId, type FakeAirbyte, type Fault, type FaultKind } from '../../fixtures/airbyte/index.ts';
import { UpstreamError } from '../errors.ts';
import { createAsk } from './ask.ts';
import { emptyOrigin, failureOf, never, openCloudContext, openOwn, startServer } from './cloud-context.fixture.ts';
import { createSend } from './exchange.ts';
import { repeated } from './repeat.ts';
import { createTokens } from './tokens.ts';
import { createUrls } from './urls.ts';

const WORKSPACE = airbyteId('workspace', 1);
const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const NEW_SOURCE = { name: 'New', workspaceId: WORKSPACE, definitionId: FAKER, configuration: { count: 5 } };
const PAGE = { offset: 0, limit: 20 };

const failing = (airbyte: FakeAirbyte, kind: FaultKind, rest: Partial<Fault> = {}): void =>
  airbyte.fault({ path: /(workspaces|sources|connections|jobs)/, ...rest, ...kind } as Fault);

describe('a read', () => {
  test.each<[string, FaultKind]>([
    ['429 with seconds', { kind: 'limited', retryAfter: 1 }],
    ['429 with a date', { kind: 'limited', retryAfter: new Date(Date.now() + 1_000) }],
    ['429 with a word', { kind: 'status', status: 429, headers: { 'retry-after': 'soon' } }],
    ['500', { kind: 'error' }],
    ['503 with seconds', { kind: 'status', status: 503, headers: { 'retry-after': '1' } }],
    ['a cut before the answer', { kind: 'cut' }],
    ['a cut in the answer', { kind: 'cut after' }],
  ])('is repeated after %s', async (_, kind) => {
    const { cloud, airbyte, sent } = await openCloudContext();
    failing(airbyte, kind);
    expect(await cloud.workspaces.list(PAGE, never)).toMatchObject({ items: [{ name: 'Workshop' }] });
    expect(sent()).toEqual(['GET /workspaces', 'GET /workspaces']);
  });

  test('waits as long as the server asks', async () => {
    const { cloud, airbyte } = await openCloudContext();
    failing(airbyte, { kind: 'limited', retryAfter: 2 });
    const startedAt = Date.now();
    await cloud.workspaces.list(PAGE, never);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_990);
  });

  test.each([21, 3_600, 99_999_999_999])('returns a wait of %d seconds to its caller at once', async (retryAfter) => {
    const { cloud, airbyte, sent } = await openCloudContext();
    failing(airbyte, { kind: 'limited', retryAfter });
    const error = await failureOf(cloud.workspaces.list(PAGE, never));
    expect(error).toMatchObject({ code: 'cloud_rate_limited', kind: 'limit' });
    expect(error.next).toContain(`${retryAfter} seconds`);
    expect(sent()).toHaveLength(1);
  });

  test('fails after four attempts', async () => {
    const { cloud, airbyte, sent } = await openCloudContext();
    failing(airbyte, { kind: 'error' }, { times: 9 });
    expect(await failureOf(cloud.workspaces.list(PAGE, never))).toMatchObject({ code: 'cloud_failed' });
    expect(sent()).toHaveLength(4);
  });

  test('is not repeated after a permanent refusal', async () => {
    const { cloud, sent } = await openCloudContext();
    expect(await failureOf(cloud.actors.get('source', FAKER, never))).toMatchObject({ code: 'cloud_not_found' });
    expect(sent()).toHaveLength(1);
  });

  test('ends during the pause before a retry when it is cancelled', async () => {
    const { cloud, airbyte, sent } = await openCloudContext();
    failing(airbyte, { kind: 'limited', retryAfter: 15 });
    const startedAt = Date.now();
    const error = await failureOf(cloud.workspaces.list(PAGE, AbortSignal.timeout(300)));
    expect(error).toMatchObject({ code: 'cancelled' });
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(sent()).toHaveLength(1);
  });

  test('of an unreachable server names it, and what to check', async () => {
    const origin = await emptyOrigin();
    const { cloud } = openOwn(origin);
    const error = await failureOf(cloud.workspaces.list(PAGE, never));
    expect(error).toMatchObject({
      code: 'cloud_unreachable',
      message: `${new URL(origin).host} cannot be reached (ECONNREFUSED).`,
    });
    expect(error.next).toContain('AIRBYTE_CLOUD_API_URL');
  });
});

describe('a create is sent once', () => {
  const unknown = 'cloud_outcome_unknown';
  test.each<[string, FaultKind, string, number]>([
    ['429', { kind: 'limited', retryAfter: 1 }, 'cloud_rate_limited', 0],
    ['500', { kind: 'error' }, unknown, 0],
    ['504', { kind: 'status', status: 504 }, unknown, 0],
    ['422', { kind: 'status', status: 422 }, 'cloud_rejected', 0],
    ['409', { kind: 'status', status: 409 }, 'cloud_conflict', 0],
    ['a cut before the answer', { kind: 'cut' }, unknown, 0],
    ['a cut in the answer', { kind: 'cut after' }, unknown, 1],
    ['half of a JSON', { kind: 'bad json' }, unknown, 1],
  ])('when it is answered with %s', async (_, kind, code, made) => {
    const { cloud, airbyte, sent } = await openCloudContext();
    const before = airbyte.snapshot();
    failing(airbyte, kind, { method: 'POST', times: 9 });
    const error = await failureOf(cloud.actors.create('source', NEW_SOURCE));
    expect(error.code).toBe(code);
    if (code === unknown) expect(error.next).toContain('list_cloud_objects');
    expect(sent()).toEqual(['POST /sources']);
    expect(airbyte.state.sources).toHaveLength(before.sources.length + made);
    const others = [
      () => cloud.connections.create({ sourceId: airbyteId('source', 1), destinationId: airbyteId('destination', 1) }),
      () => cloud.jobs.create(airbyteId('connection', 1), 'sync'),
      () => cloud.definitions.create(WORKSPACE, { name: 'Mine', manifest: {} }),
    ];
    for (const other of others) await failureOf(other());
    expect(sent().slice(1)).toEqual([
      'POST /connections',
      'POST /jobs',
      `POST /workspaces/${WORKSPACE}/definitions/declarative_sources`,
    ]);
  });

  test('when no answer comes in time', async () => {
    const { settings, vault, airbyte, sent } = await openCloudContext();
    const urls = createUrls(settings);
    const send = createSend('test', (text) => text);
    const ask = createAsk(send, urls, createTokens(vault, urls, send), String);
    failing(airbyte, { kind: 'slow', milliseconds: 3_000 });
    const question = { method: 'POST', endpoint: { api: ['sources'] }, body: NEW_SOURCE, timeoutMs: 300 } as const;
    const error = await failureOf(ask({ ...question, retry: 'create', answer: z.unknown() }));
    expect(error).toMatchObject({ code: 'cloud_outcome_unknown' });
    expect(error.message).toContain('no answer in time');
    expect(sent()).toHaveLength(1);
  });

  test('when nothing listens, because nothing can have been created', async () => {
    const error = await failureOf(openOwn(await emptyOrigin()).cloud.actors.create('source', NEW_SOURCE));
    expect(error).toMatchObject({ code: 'cloud_unreachable' });
  });
});

describe('a change', () => {
  test.each<[string, FaultKind]>([
    ['429', { kind: 'limited', retryAfter: 1 }],
    ['500', { kind: 'error' }],
    ['a cut in the answer', { kind: 'cut after' }],
  ])('is repeated after %s', async (_, kind) => {
    const { cloud, airbyte } = await openCloudContext();
    failing(airbyte, kind, { method: 'PATCH' });
    const changed = await cloud.actors.update('source', airbyteId('source', 1), { name: 'Renamed' });
    expect(changed.name).toBe('Renamed');
    expect(airbyte.state.sources[0]?.name).toBe('Renamed');
  });

  test('that deletes is done if the answer was lost and the retry finds nothing', async () => {
    const { cloud, airbyte, sent } = await openCloudContext();
    failing(airbyte, { kind: 'cut after' }, { method: 'DELETE' });
    await cloud.connections.delete(airbyteId('connection', 1));
    expect(sent()).toHaveLength(2);
    expect(airbyte.state.connections.map(({ connectionId }) => connectionId)).toEqual([airbyteId('connection', 2)]);
  });

  test.each<[string, FaultKind | undefined]>([
    ['at once', undefined],
    ['after a Retry-After', { kind: 'limited', retryAfter: 1 }],
    ['after its token was refused', { kind: 'status', status: 401 }],
  ])('that deletes a missing object does not count as done: %s', async (_, kind) => {
    const { cloud, airbyte } = await openCloudContext({ administrator: true });
    if (kind) failing(airbyte, kind, { method: 'DELETE' });
    expect(await failureOf(cloud.actors.delete('source', FAKER))).toMatchObject({ code: 'cloud_not_found' });
  });

  test('that cancels a job does not count as done if the job does not exist', async () => {
    const { cloud, airbyte } = await openCloudContext();
    failing(airbyte, { kind: 'error' }, { method: 'DELETE' });
    expect(await failureOf(cloud.jobs.cancel(4_711))).toMatchObject({ code: 'cloud_conflict' });
  });
});

describe('all attempts together', () => {
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['of 10 s each', 10_000, 3],
    ['of 29 s each', 29_900, 1],
    ['of 290 s each', 290_000, 1],
  ])('%s take no more than 30 s and the last one', async (_, milliseconds, tries) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let tried = 0;
    const late = new UpstreamError('cloud_timeout', 'late', 'Call again.');
    const work = repeated('read', undefined, async () => {
      tried += 1;
      vi.setSystemTime(Date.now() + milliseconds);
      throw late;
    });
    await expect(work).rejects.toBe(late);
    expect(tried).toBe(tries);
  });
});

test('the pauses grow and vary', async () => {
  const times: number[] = [];
  const origin = await startServer((_, response) => {
    times.push(Date.now());
    response.writeHead(502).end();
  });
  await failureOf(openOwn(origin).cloud.workspaces.list(PAGE, never));
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(pauses).toHaveLength(3);
  for (const [index, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(400 * 2 ** index * 0.5 - 10);
    expect(pause).toBeLessThan(400 * 2 ** index * 1.5 + 500);
  }
});
