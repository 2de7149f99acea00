/** A small service on loopback that replaces one on the internet: JSON or text by path. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebAnswer {
  readonly status?: number;
  readonly type?: string;
  readonly body: unknown;
}

export interface WebService {
  readonly origin: string;
  /** Paths with their queries, in the order in which they were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param answer undefined means 404 */
export async function startWebService(
  answer: (url: URL, request: IncomingMessage) => WebAnswer | undefined,
): Promise<WebService> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    asked.push(`${url.pathname}${url.search}`);
    const { status = 200, type = 'application/json', body } = answer(url, request) ?? { status: 404, body: {} };
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
