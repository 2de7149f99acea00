import type { RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { airbyteId } from '../../fixtures/airbyte/index.ts';
import { failureOf, never, openCloudContext, openOwn, startServer } from './cloud-context.fixture.ts';
import type { Cloud } from './types.ts';

const ID = airbyteId('workspace', 1);
const PAGE = { offset: 0, limit: 20 };
const NEW_SOURCE = { name: 'New', workspaceId: ID, definitionId: ID, configuration: {} };

const answer = (listener: RequestListener) => async () => openOwn(await startServer(listener)).cloud;
const workspaceNamed = (name: string): string => JSON.stringify({ workspaceId: ID, name });

test('an answer with a character split between two chunks', async () => {
  const bytes = Buffer.from(workspaceNamed('Wörkshöp ☃ 𝄞'));
  const cloud = await answer(async (_, response) => {
    for (const byte of bytes) {
      response.write(Buffer.from([byte]));
      await sleep(1);
    }
    response.end();
  })();
  expect(await cloud.workspaces.get(ID, never)).toMatchObject({ name: 'Wörkshöp ☃ 𝄞' });
});

test('a compressed answer', async () => {
  const { cloud, airbyte } = await openCloudContext();
  airbyte.fault({ path: /workspaces/, kind: 'gzip' });
  expect(await cloud.workspaces.get(ID, never)).toMatchObject({ name: 'Workshop' });
});

test('unknown fields are ignored, and null means nothing', async () => {
  const cloud = await answer((_, response) => {
    response.end(JSON.stringify({ workspaceId: ID, name: 'A', dataResidency: null, novelty: { of: ['tomorrow'] } }));
  })();
  expect(await cloud.workspaces.get(ID, never)).toEqual({ id: ID, name: 'A', dataResidency: undefined });
});

test.each<[name: string, excerpt: string, code: string, listener: (response: ServerResponse) => void]>([
  ['a login page', 'a web page', 'cloud_bad_answer', (response) => response.end('<!doctype html><p>Sign in')],
  ['half of a JSON', 'not JSON', 'cloud_bad_answer', (response) => response.end('{"workspaceId": "')],
  ['another object', 'workspaceId', 'cloud_bad_answer', (response) => response.end('{"workspaceId": 5}')],
  ['nothing', 'the answer does not', 'cloud_bad_answer', (response) => response.writeHead(204).end()],
  ['more than 48 MB', 'more than 48 MB', 'cloud_too_large', (response) => void pour(response, 49)],
  ['little that becomes much', 'more than 48 MB', 'cloud_too_large', (response) => bomb(response)],
])(
  'the answer is %s: a read fails at once, a create reports an unknown outcome',
  async (_, excerpt, code, listener) => {
    let requests = 0;
    const cloud = await answer((request, response) => {
      requests += 1;
      request.resume();
      listener(response);
    })();
    const read = await failureOf(cloud.workspaces.get(ID, never));
    expect(read).toMatchObject({ code });
    expect(read.message).toContain(excerpt);
    expect(requests).toBe(1);
    expect(await failureOf(cloud.actors.create('source', NEW_SOURCE))).toMatchObject({ code: 'cloud_outcome_unknown' });
    expect(requests).toBe(2);
  },
);

test.each([301, 302, 303, 307, 308])(
  'a redirect (%d) is not followed: neither token nor body go along',
  async (status) => {
    const elsewhere: string[] = [];
    const other = await startServer((request, response) => {
      elsewhere.push(`${request.method} ${request.headers.authorization}`);
      response.end(workspaceNamed('Trap'));
    });
    const cloud = await answer((_, response) => {
      response.writeHead(status, { location: `${other}/api/public/v1/workspaces/${ID}` }).end();
    })();
    const error = await failureOf(cloud.workspaces.get(ID, never));
    expect(error).toMatchObject({ code: 'cloud_bad_answer' });
    expect(error.message).toContain(new URL(other).host);
    await failureOf(cloud.actors.create('source', NEW_SOURCE));
    expect(elsewhere).toEqual([]);
  },
);

test('a slow answer ends with its signal, before it starts and half-way', async () => {
  const { cloud, airbyte } = await openCloudContext();
  await cloud.workspaces.get(ID, never);
  for (const kind of ['slow', 'slow body'] as const) {
    airbyte.fault({ path: /workspaces/, kind, milliseconds: 3_000 });
    const startedAt = Date.now();
    const error = await failureOf(cloud.workspaces.get(ID, AbortSignal.timeout(100)));
    expect(error).toMatchObject({ code: 'cancelled' });
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  }
});

test('the page after the last is not requested, and a link to it is never followed', async () => {
  const asked: string[] = [];
  let origin = '';
  const evil = await startServer((request, response) => {
    asked.push(`evil ${request.url}`);
    response.end('{}');
  });
  const cloud = await answer((request, response) => {
    asked.push(request.url ?? '');
    const { searchParams } = new URL(request.url ?? '', 'http://host');
    const isFirst = searchParams.get('offset') === '0';
    const data = isFirst ? [1, 2].map((n) => ({ workspaceId: ID, name: `${n}` })) : [];
    response.end(JSON.stringify({ data, next: `${evil}/next?offset=40`, previous: origin }));
  })();
  origin = cloud.addresses().api;
  const first = await cloud.workspaces.list({ offset: 0, limit: 2 }, never);
  expect(first).toMatchObject({ items: [{ name: '1' }, { name: '2' }], nextOffset: 2 });
  // A page that is not full is the last one, whatever its link to a next page.
  expect(await cloud.workspaces.list(PAGE, never)).toMatchObject({ nextOffset: undefined });
  expect(await cloud.workspaces.list({ offset: 2, limit: 20 }, never)).toEqual({ items: [], nextOffset: undefined });
  expect(asked.map((url) => url.replace('/api/public/v1', ''))).toEqual([
    '/workspaces?limit=2&offset=0',
    '/workspaces?limit=20&offset=0',
    '/workspaces?limit=20&offset=2',
  ]);
});

test.each(['../applications', '..', '.', 'a/b', 'a%2Fb', 'a?b=c', 'a#b', '', ' ', '\u0000', '\ud800', 'é'])(
  'an id such as %j never reaches an address',
  async (id) => {
    const { cloud, airbyte } = await openCloudContext();
    await cloud.workspaces.get(ID, never);
    const before = airbyte.requests.length;
    const calls = [
      cloud.workspaces.get(id, never),
      cloud.actors.get('source', id, never),
      cloud.actors.delete('destination', id),
      cloud.connections.delete(id),
      cloud.connections.update(id, { name: 'x' }),
      cloud.definitions.list(id, never),
      cloud.definitions.delete(ID, id),
      cloud.definitions.update(id, ID, {}),
    ];
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ code: 'bad_id', kind: 'input' });
    expect(airbyte.requests).toHaveLength(before);
  },
);

test('the message of a failure is read from any of the forms that servers use', async () => {
  const reported = async (body: string, status = 400): Promise<unknown> => {
    const cloud = await answer((_, response) => void response.writeHead(status).end(body))();
    return (await failureOf(cloud.workspaces.get(ID, never))).details.airbyte_says;
  };
  expect(await reported('{"title":"bad-request","detail":"The name is taken","data":{"message":"try another"}}')).toBe(
    'bad-request: The name is taken: try another',
  );
  expect(await reported('{"message":"Internal","message2":1}')).toBe('Internal');
  expect(await reported('{"errors":[{"path":"host"}]}')).toBe('{"errors":[{"path":"host"}]}');
  expect(await reported('["odd"]')).toBe('["odd"]');
  expect(await reported('plain words')).toBe('plain words');
  expect(await reported('<html>404</html>', 404)).toBe('a web page');
  expect(await reported('')).toBeUndefined();
  expect(String(await reported('x'.repeat(100_000)))).toHaveLength(1_500);
});

test.each<[number, string, string, (cloud: Cloud) => Promise<unknown>]>([
  [400, 'cloud_rejected', 'input', (cloud) => cloud.workspaces.get(ID, never)],
  [403, 'cloud_forbidden', 'setup', (cloud) => cloud.organizations.list(never)],
  // To look up an id that leads nowhere is forbidden for all but an administrator.
  [403, 'cloud_not_found', 'input', (cloud) => cloud.workspaces.get(ID, never)],
  [403, 'cloud_not_found', 'input', (cloud) => cloud.actors.list('source', ID, PAGE, never)],
  [403, 'cloud_forbidden', 'setup', (cloud) => cloud.actors.delete('source', ID)],
  [404, 'cloud_not_found', 'input', (cloud) => cloud.workspaces.get(ID, never)],
  [409, 'cloud_not_found', 'input', (cloud) => cloud.jobs.get(17, never)],
  [409, 'cloud_conflict', 'upstream', (cloud) => cloud.jobs.create(ID, 'sync')],
  [422, 'cloud_rejected', 'input', (cloud) => cloud.workspaces.get(ID, never)],
])('status %d is %s', async (status, code, kind, call) => {
  const cloud = await answer((_, response) => void response.writeHead(status).end('{}'))();
  const error = await failureOf(call(cloud));
  expect(error).toMatchObject({ code, kind, details: { status } });
  expect(error.next.length).toBeGreaterThan(10);
});

function bomb(response: ServerResponse): void {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(60_000_000, 32)));
}

async function pour(response: ServerResponse, megabytes: number): Promise<void> {
  response.write('{"data":["');
  for (let sent = 0; sent < megabytes && !response.destroyed; sent += 1) {
    if (!response.write('x'.repeat(1_000_000))) await sleep(1);
  }
  response.end('"]}');
}
