/** No value of a secret is in what this context throws, prints or serialises, whatever a server sends back. */
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { airbyteId } from '../../fixtures/airbyte/index.ts';
import { type OpenedCloud, openCloud } from '../test/harness/cloud-client.ts';
import { failureOf, never, startServer } from './cloud-context.fixture.ts';

const SECRET = 'client-secret-Hq3Vt8Zp';
const BEARER = 'bearer-token-Xw5Lk2Nd';
const ACCESS = 'access-token-Bf7Rm4Yc';
const PASSWORD = 'database-password-Gs9Jd1Ke';
const ID = airbyteId('workspace', 1);
const SOURCE = { name: 'New', workspaceId: ID, definitionId: ID, configuration: { password: PASSWORD, port: 5432 } };

const ways: Record<string, Record<string, string>> = {
  'an application': { AIRBYTE_CLOUD_CLIENT_ID: 'an-id-of-an-application', AIRBYTE_CLOUD_CLIENT_SECRET: SECRET },
  'a bearer token': { AIRBYTE_CLOUD_BEARER_TOKEN: BEARER },
};

function open(origin: string, way: string): OpenedCloud {
  const opened = openCloud({ AIRBYTE_CLOUD_API_URL: origin, ...ways[way] });
  // As the resolution of a configuration teaches it.
  opened.vault.protect('DATABASE_PASSWORD', PASSWORD);
  return opened;
}

/** All of an error that any printer could show. */
function allOf(error: Error): string {
  const { message, stack, cause } = error;
  return [
    inspect(error, { depth: null, showHidden: true }),
    JSON.stringify(error),
    message,
    stack,
    inspect(cause),
  ].join();
}

function expectSealed(shown: string): void {
  for (const value of [SECRET, BEARER, ACCESS, PASSWORD]) {
    // Half of a value, at the end of what was cut, is too much as well.
    for (const part of [value, value.slice(0, -4), value.slice(4)]) expect(shown).not.toContain(part);
  }
}

type Echo = (received: string) => string;
const echoes: Record<string, Echo> = {
  'a problem': (received) =>
    JSON.stringify({ title: 'bad', detail: `you sent ${received}`, data: { message: received } }),
  'an object of its own': (received) => JSON.stringify({ errors: [{ received: received }] }),
  'plain text': (received) => `you sent ${received}`,
  'text that is cut in the middle of a value': (received) => {
    const at = received.search(/(client-secret|bearer-token|access-token|database-password)-/);
    return 'x'.repeat(1_500 - 12 - at) + received;
  },
  'a page': (received) => `<html>${received}</html>`,
};

for (const way of Object.keys(ways)) {
  test.each(Object.keys(echoes))(`a server that echoes what ${way} sent as %s`, async (name) => {
    for (const status of [200, 400, 401, 403, 404, 409, 422, 500]) {
      for (const refusesToken of [false, true]) {
        const origin = await startServer(async (request, response) => {
          const body = Buffer.concat(await request.toArray()).toString('utf8');
          if (request.url?.endsWith('/token') && !refusesToken) {
            return void response.end(JSON.stringify({ access_token: ACCESS, expires_in: 900 }));
          }
          const received = `${request.headers.authorization ?? ''} ${body}`;
          response.writeHead(status, { 'retry-after': '60' }).end(echoes[name]?.(received));
        });
        const { cloud } = open(origin, way);
        for (const call of [
          () => cloud.workspaces.get(ID, never),
          () => cloud.actors.create('source', SOURCE),
          () => cloud.actors.update('source', ID, { configuration: SOURCE.configuration }),
          () => cloud.actors.check('source', ID, never),
        ]) {
          const error = await failureOf(call());
          expectSealed(allOf(error));
          // Were nothing of it shown, this test would prove nothing.
          if (status === 422 && name === 'plain text') expect(allOf(error)).toContain('you sent');
        }
      }
    }
  });
}

test.each([
  ['no HTTP', (received: string) => `${received}\r\n\r\n`],
  [
    'a status that quotes',
    (received: string) => `HTTP/1.1 500 ${received.replaceAll(/\s/g, ' ')}\r\ncontent-length: 0\r\n\r\n`,
  ],
  ['a broken header', (received: string) => `HTTP/1.1 200 OK\r\n${received.replaceAll(/\s/g, ' ')}\r\n\r\n`],
  ['a broken chunk', (received: string) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${received}`],
  ['broken gzip', (received: string) => `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n${received}`],
  [
    'a location',
    (received: string) => `HTTP/1.1 302 Found\r\nlocation: https://x.example.com/?${encodeURI(received)}\r\n\r\n`,
  ],
])('a server that echoes as %s', async (name, answer) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (piece) => socket.end(answer(piece.toString('utf8'))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  for (const way of Object.keys(ways)) {
    const { cloud } = open(`http://127.0.0.1:${port}`, way);
    expectSealed(allOf(await failureOf(cloud.workspaces.get(ID, AbortSignal.timeout(1_500)))));
    // A create that is never answered waits for the full minute.
    if (name !== 'broken gzip') expectSealed(allOf(await failureOf(cloud.actors.create('source', SOURCE))));
  }
});

test.each(Object.keys(ways))('the client of %s, its vault and its credentials print as nothing', async (way) => {
  const origin = await startServer((request, response) => {
    const token = { access_token: ACCESS, expires_in: 900 };
    response.end(JSON.stringify(request.url?.endsWith('/token') ? token : { workspaceId: ID, name: 'A' }));
  });
  const opened = open(origin, way);
  await opened.cloud.workspaces.get(ID, never);
  const values = [
    opened.vault.credential('AIRBYTE_CLOUD_CLIENT_SECRET'),
    opened.vault.credential('AIRBYTE_CLOUD_BEARER_TOKEN'),
    opened.vault.protect('ANY', PASSWORD),
  ];
  for (const value of [opened, ...values]) {
    expectSealed(inspect(value, { depth: null, showHidden: true, getters: true }));
    expectSealed(JSON.stringify(value) ?? '');
    expectSealed(String(value));
    expectSealed(
      inspect(structuredClone(Object.entries(value ?? {}).filter(([, inner]) => typeof inner === 'string'))),
    );
  }
  expect(values.at(-1)?.use((value) => value)).toBe(PASSWORD);
});
