import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { airbyteId } from '../../fixtures/airbyte/index.ts';
import { openCloud } from '../test/harness/cloud-client.ts';
import { failureOf, never, openCloudContext, openOwn, startServer } from './cloud-context.fixture.ts';

const WORKSPACE = airbyteId('workspace', 1);
const REFUSED = { status: 401, path: /\/workspaces\//, kind: 'status' } as const;
const many = (count: number, call: () => Promise<unknown>): Promise<unknown[]> =>
  Promise.all(Array.from({ length: count }, call));

test('one token for many calls at once, and for those after them', async () => {
  const { cloud, airbyte } = await openCloudContext();
  await many(20, () => cloud.workspaces.get(WORKSPACE, never));
  await cloud.workspaces.get(WORKSPACE, never);
  expect(airbyte.tokenRequests()).toBe(1);
  expect(airbyte.requests[0]).toMatchObject({
    method: 'POST',
    path: '/api/public/v1/applications/token',
    body: { client_id: 'fake-client-id', grant_type: 'client_credentials' },
  });
  expect(airbyte.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(airbyte.requests[0]?.headers).toMatchObject({ 'user-agent': 'sluice-mcp/1.2.3' });
});

test('a bare host: the public API is at its usual path, or at the root', async () => {
  const { airbyte } = await openCloudContext();
  for (const [prefix, base] of [
    ['', '/api/public/v1'],
    ['/api/public/v1', ''],
  ] as const) {
    const seen: string[] = [];
    const origin = await startServer(async (request, response) => {
      seen.push(request.url ?? '');
      if (prefix !== '' && request.url?.startsWith('/api/')) return void response.writeHead(404).end('{}');
      const { method, headers } = request;
      const body = method === 'POST' ? Buffer.concat(await request.toArray()) : undefined;
      const { authorization = '' } = headers;
      const answer = await fetch(`${airbyte.origin}${prefix}${request.url}`, {
        method,
        headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
        body,
      });
      response.writeHead(answer.status).end(await answer.text());
    });
    const { clientId, clientSecret } = airbyte.settings;
    const { cloud } = openCloud({
      AIRBYTE_CLOUD_API_URL: origin,
      AIRBYTE_CLOUD_CLIENT_ID: clientId,
      AIRBYTE_CLOUD_CLIENT_SECRET: clientSecret,
    });
    expect((await cloud.workspaces.get(WORKSPACE, never)).id).toBe(WORKSPACE);
    expect(seen.at(-1)).toBe(`${base}/workspaces/${WORKSPACE}`);
    expect(cloud.addresses().api).toBe(`${origin}${base}`);
  }
});

test('a token is renewed before it expires', async () => {
  const { cloud, airbyte } = await openCloudContext({ tokenSeconds: 1 });
  for (let call = 0; call < 12; call += 1) {
    await cloud.workspaces.get(WORKSPACE, never);
    await sleep(150);
  }
  expect(airbyte.requests.filter(({ status }) => status === 401)).toEqual([]);
  expect(airbyte.tokenRequests()).toBeGreaterThan(1);
  expect(airbyte.tokenRequests()).toBeLessThan(4);
});

test('a token refused before it expires is renewed once for all calls, including creates', async () => {
  const { cloud, airbyte, sent } = await openCloudContext();
  await cloud.workspaces.get(WORKSPACE, never);
  airbyte.expireTokens();
  await many(10, () => cloud.workspaces.get(WORKSPACE, never));
  expect(airbyte.tokenRequests()).toBe(2);
  airbyte.expireTokens();
  const job = await cloud.jobs.create(airbyteId('connection', 1), 'sync');
  expect(job.type).toBe('sync');
  expect(airbyte.tokenRequests()).toBe(3);
  expect(sent().filter((line) => line === 'POST /jobs')).toHaveLength(2);
  expect(airbyte.state.jobs.filter(({ connectionId }) => connectionId === airbyteId('connection', 1))).toHaveLength(2);
});

test('refused with a new token too: the credentials are at fault, and nothing is tried again', async () => {
  const { cloud, airbyte, sent } = await openCloudContext();
  airbyte.fault({ ...REFUSED, times: 2 });
  expect(await failureOf(cloud.workspaces.get(WORKSPACE, never))).toMatchObject({ code: 'cloud_credentials' });
  expect(sent()).toHaveLength(2);
  expect(airbyte.tokenRequests()).toBe(2);
});

test('a bearer token is a person’s: it wins over the application and is never renewed', async () => {
  const token = 'fake-bearer-token-Rm4Xs9';
  const { cloud, airbyte, sent } = await openCloudContext(
    { bearerToken: token },
    { AIRBYTE_CLOUD_BEARER_TOKEN: token },
  );
  await cloud.workspaces.get(WORKSPACE, never);
  expect(airbyte.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  airbyte.expireTokens();
  expect(await failureOf(cloud.workspaces.get(WORKSPACE, never))).toMatchObject({ code: 'cloud_credentials' });
  expect(sent()).toHaveLength(2);
  expect(airbyte.tokenRequests()).toBe(0);
});

test.each([401, 403] as const)(
  'wrong credentials with status %d: the error names what to correct, and the failure is not cached',
  async (tokenRefusal) => {
    const { cloud, airbyte } = await openCloudContext({ tokenRefusal });
    airbyte.settings.clientSecret = 'another one';
    const error = await failureOf(cloud.workspaces.get(WORKSPACE, never));
    expect(error).toMatchObject({ code: 'cloud_credentials', kind: 'setup' });
    expect(error.next).toContain('AIRBYTE_CLOUD_CLIENT_SECRET');
    expect(airbyte.requests).toHaveLength(1);
    airbyte.settings.clientSecret = 'fake-client-secret-Jq7Vd2';
    expect(await cloud.workspaces.get(WORKSPACE, never)).toMatchObject({ name: 'Workshop' });
  },
);

test('a token request that fails temporarily is retried', async () => {
  const { cloud, airbyte } = await openCloudContext();
  airbyte.fault({ path: /token$/, kind: 'error' });
  airbyte.fault({ path: /token$/, kind: 'cut' });
  expect(await cloud.workspaces.get(WORKSPACE, never)).toMatchObject({ name: 'Workshop' });
  expect(airbyte.requests.filter(({ path }) => path.endsWith('/token'))).toHaveLength(3);
});

test('an unavailable token is requested a few times, not for each attempt of each request', async () => {
  const { cloud, airbyte, sent } = await openCloudContext();
  airbyte.fault({ path: /token$/, kind: 'error', times: 100 });
  expect(await failureOf(cloud.workspaces.get(WORKSPACE, never))).toMatchObject({ code: 'cloud_failed' });
  expect(airbyte.requests).toHaveLength(4);
  expect(sent()).toEqual([]);
});

test.each([
  ['HTTP 404', { kind: 'status', status: 404 }],
  ['a web page', { kind: 'login page' }],
  ['a redirect to elsewhere.example.com', { kind: 'redirect', to: 'https://elsewhere.example.com/token' }],
  ['not JSON', { kind: 'bad json' }],
  ['no access token', { kind: 'status', status: 200, body: { access_token: 'of two\nlines', expires_in: 900 } }],
] as const)('no Airbyte at the address: %s', async (excerpt, fault) => {
  const { cloud, airbyte } = await openCloudContext();
  airbyte.fault({ path: /token$/, times: 9, ...fault });
  const error = await failureOf(cloud.workspaces.get(WORKSPACE, never));
  expect(error.code).toBe('cloud_bad_answer');
  expect(error.message).toContain(excerpt);
  expect(error.next).toContain('AIRBYTE_CLOUD_API_URL');
  expect(airbyte.requests).toHaveLength(1);
});

test('a token without expiry is used until it is refused', async () => {
  let tokens = 0;
  const origin = await startServer((request, response) => {
    if (request.url?.endsWith('/token')) {
      tokens += 1;
      return void response.end(JSON.stringify({ access_token: `token-number-${tokens}` }));
    }
    const live = request.headers.authorization === `Bearer token-number-2`;
    response.writeHead(live ? 200 : 401).end(JSON.stringify({ workspaceId: WORKSPACE, name: 'Live' }));
  });
  const { cloud } = openCloud({
    AIRBYTE_CLOUD_API_URL: origin,
    AIRBYTE_CLOUD_CLIENT_ID: 'an-id',
    AIRBYTE_CLOUD_CLIENT_SECRET: 'a-secret-of-an-application',
  });
  for (let call = 0; call < 3; call += 1) await cloud.workspaces.get(WORKSPACE, never);
  expect(tokens).toBe(2);
});

test('a call that is cancelled while the token is fetched ends at once and leaves the token to the others', async () => {
  const { cloud, airbyte } = await openCloudContext();
  airbyte.fault({ path: /token$/, kind: 'slow', milliseconds: 800 });
  const controller = new AbortController();
  const cancelled = failureOf(cloud.workspaces.get(WORKSPACE, controller.signal));
  const other = cloud.workspaces.get(WORKSPACE, never);
  const startedAt = Date.now();
  setTimeout(() => controller.abort(), 50);
  expect(await cancelled).toMatchObject({ code: 'cancelled' });
  expect(Date.now() - startedAt).toBeLessThan(500);
  expect(await other).toMatchObject({ name: 'Workshop' });
  expect(airbyte.tokenRequests()).toBe(1);
  expect(await failureOf(cloud.workspaces.get(WORKSPACE, AbortSignal.abort()))).toMatchObject({ code: 'cancelled' });
});

test('a bearer token that no header can carry is refused without being quoted', async () => {
  for (const token of ['first-line\nsecond-line', 'with-a-snowman-☃-in-it']) {
    const error = await failureOf(openOwn('http://127.0.0.1:8000', token).cloud.workspaces.get(WORKSPACE, never));
    expect(error).toMatchObject({ code: 'cloud_credentials' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/second-line|snowman/);
  }
});

test('without credentials nothing is requested', async () => {
  const { cloud } = openCloud({ AIRBYTE_CLOUD_CLIENT_ID: 'only-half' });
  const error = await failureOf(cloud.workspaces.get(WORKSPACE, never));
  expect(error).toMatchObject({ code: 'cloud_not_configured', kind: 'setup' });
});
