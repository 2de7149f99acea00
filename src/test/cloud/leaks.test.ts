/** Through the real binary: secrets that an Airbyte sends back are redacted in answers, logs and files. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../harness/client.ts';

const SECRET = 'client-secret-Hq3Vt8Zp';
const ACCESS = 'access-token-Bf7Rm4Yc';
const BEARER = 'bearer-token-Xw5Lk2Nd';

const application = `AIRBYTE_CLOUD_CLIENT_ID='the-id-of-an-application'\nAIRBYTE_CLOUD_CLIENT_SECRET='${SECRET}'\n`;
const bearer = `AIRBYTE_CLOUD_BEARER_TOKEN='${BEARER}'\n`;

/** @param when whether the answer echoes the request; otherwise it contains a token */
async function startEcho(status: number, when: (path: string) => boolean): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    if (!when(request.url ?? '')) {
      return void response.end(JSON.stringify({ access_token: ACCESS, token_type: 'Bearer', expires_in: 900 }));
    }
    const echoed = `${request.headers.authorization} ${body}`;
    response
      .writeHead(status)
      .end(JSON.stringify({ title: 'Echo', detail: `heard: ${echoed}`, data: { heard: echoed } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ['the header, with an access token', application, 400, (path: string) => !path.endsWith('/token'), 'cloud_rejected'],
  ['the body, with the client secret', application, 422, () => true, 'cloud_credentials'],
  ['the header, with a bearer token', bearer, 403, () => true, 'cloud_forbidden'],
])('an Airbyte that echoes %s', async (_, envFileText, status, when, code) => {
  const origin = await startEcho(status, when);
  const server = await startServer({ envFileText, environment: { AIRBYTE_CLOUD_API_URL: origin } });
  onTestFinished(() => server.close());
  const error = await server.fail('check_cloud_workspace');
  expect(error.code).toBe(code);
  expect(error.details.airbyte_says).toContain('heard: ');
  expect(error.details.airbyte_says).toContain('[secret:AIRBYTE_CLOUD_');
  const stored = [...(await server.workplace.files(server.workplace.project)).values()].join('\n');
  expect(stored).toContain('check_cloud_workspace');
  for (const shown of [JSON.stringify(error), server.stderr(), stored]) {
    for (const value of [SECRET, ACCESS, BEARER]) expect(shown).not.toContain(value);
  }
});
