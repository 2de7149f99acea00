/** The fake Airbyte behind a proxy that alters its answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakeAirbyte, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { cloudEnvironment } from './airbyte.ts';
import { type ServerOptions, startServer, type TestServer } from './client.ts';

/** The answer of the unaltered Airbyte; `body` is parsed, and callers may mutate it. */
export interface TrueAnswer {
  readonly method: string;
  readonly path: string;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an altered body may have any shape
  body: any;
}

export interface AlteredCloud {
  readonly airbyte: FakeAirbyte;
  readonly server: TestServer;
  /** Alters each answer from now on. */
  alterAnswers(how: (answer: TrueAnswer) => void): void;
  close(): Promise<void>;
}

export async function startAlteredCloud(options: ServerOptions = {}): Promise<AlteredCloud> {
  const airbyte = await startAirbyte();
  let how: (answer: TrueAnswer) => void = () => {};
  const between = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const { method = 'GET', url = '/' } = request;
    const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
    const reply = await fetch(`${airbyte.origin}${url}`, {
      method,
      headers: { authorization, 'content-type': type },
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await reply.text();
    const answer = { method, path: url, status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
    how(answer);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  const environment = {
    ...cloudEnvironment(airbyte),
    AIRBYTE_CLOUD_API_URL: `${origin}/api/public/v1`,
    ...options.environment,
  };
  const server = await startServer({ ...options, environment });
  return {
    airbyte,
    server,
    alterAnswers(next) {
      how = next;
    },
    async close() {
      await server.close();
      between.closeAllConnections();
      between.close();
      await airbyte.close();
    },
  };
}
