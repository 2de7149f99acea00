/** A service over HTTP for the manifest `fixtures/manifests/quarry.yaml`: pages of every kind, limits, faults, and a key. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './workplace.ts';

export const QUARRY_MANIFEST = join(ROOT, 'fixtures', 'manifests', 'quarry.yaml');
export const QUARRY_KEY = 'qk-51f0-Zj8+wq/=sand';

export interface Quarry {
  readonly origin: string;
  /** Path and query of each request so far. */
  readonly requests: string[];
  /** The records of `events`; a test may add some. */
  readonly events: Thing[];
  /** Requests that bore the right key. */
  readonly keyed: string[];
  close(): Promise<void>;
}

export interface Thing {
  readonly id: number;
  readonly [field: string]: unknown;
}

/** A request that bore the right key. */
interface Asked {
  readonly query: URLSearchParams;
  readonly path: string;
  readonly response: ServerResponse;
}

type Answer = (asked: Asked, quarry: QuarryState) => void;

interface QuarryState {
  readonly requests: string[];
  readonly keyed: string[];
  readonly events: Thing[];
  /** Paths that have failed once. */
  readonly failed: Set<string>;
  /** The origin of another server, to which `moved` redirects. */
  readonly elsewhere: string;
}

export async function startQuarry(): Promise<Quarry> {
  const requests: string[] = [];
  const keyed: string[] = [];
  const elsewhere = await listen((request, response) => {
    requests.push(`elsewhere ${request.url}`);
    if (JSON.stringify(request.headers).includes(QUARRY_KEY)) keyed.push(`elsewhere ${request.url}`);
    page(response, [{ id: 1 }]);
  });
  const state = { requests, keyed, events: firstEvents(), failed: new Set<string>(), elsewhere: elsewhere.origin };
  const here = await listen((request, response) => answerRequest(state, request, response));
  return {
    origin: here.origin,
    requests,
    events: state.events,
    keyed,
    close: async () => void (await Promise.all([here.close(), elsewhere.close()])),
  };
}

function answerRequest(state: QuarryState, request: IncomingMessage, response: ServerResponse): void {
  const { pathname: path, search, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  state.requests.push(`${path}${search}`);
  const { 'x-quarry-key': key, authorization } = request.headers;
  if (key !== QUARRY_KEY && authorization !== `Bearer ${QUARRY_KEY}`) {
    response.writeHead(401).end('{"message":"This key is not known here."}');
    return;
  }
  state.keyed.push(path);
  const answer = ANSWERS[path.split('/').at(-1) ?? ''];
  if (answer) answer({ query, path, response }, state);
  else response.writeHead(404).end('{}');
}

/** By the last part of a path. */
const ANSWERS: Record<string, Answer> = {
  stones({ query, response }) {
    const after = Number(query.get('after') ?? 0);
    const data = things(after + 1, Math.min(after + 3, 8));
    json(response, { data, next: after + 3 < 8 ? after + 3 : null });
  },
  tools({ query, response }) {
    const offset = Number(query.get('offset') ?? 0);
    page(response, things(offset + 1, Math.min(offset + Number(query.get('limit')), 10)));
  },
  carts({ query, response }) {
    const start = pageStart(query);
    page(response, things(start + 1, Math.min(start + 3, 7)));
  },
  loads({ path, response }) {
    const cart = Number(/carts\/(\d+)\//.exec(path)?.[1]);
    page(
      response,
      [1, 2].map((number) => ({ id: cart * 10 + number, cart_id: cart, weight: number / 4 })),
    );
  },
  events({ query, response }, { events }) {
    const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
    page(
      response,
      events.filter(({ changed_at: at }) => String(at) >= from && String(at) <= to),
    );
  },
  busy({ path, response }, state) {
    if (isFirstRequest(state, path))
      response.writeHead(429, { 'retry-after': '1' }).end('{"error":"too many requests"}');
    else page(response, things(1, 2));
  },
  shaky({ path, response }, state) {
    if (isFirstRequest(state, path)) response.writeHead(503).end('{"error":"away"}');
    else page(response, things(1, 2));
  },
  vault: ({ response }) => response.writeHead(403).end('{"error":"this key does not open the vault"}'),
  endless({ query, response }) {
    const start = pageStart(query);
    setTimeout(() => page(response, things(start + 1, start + 3)), 20);
  },
  login: ({ response }) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>'),
  moved: ({ response }, { elsewhere }) => response.writeHead(302, { location: `${elsewhere}/trap` }).end(),
  heap: ({ response }) => page(response, things(1, 60_000, 'x'.repeat(200))),
};

function pageStart(query: URLSearchParams): number {
  return (Number(query.get('page') ?? 1) - 1) * 3;
}

function isFirstRequest({ failed }: QuarryState, path: string): boolean {
  const isFirst = !failed.has(path);
  failed.add(path);
  return isFirst;
}

function firstEvents(): Thing[] {
  return [1, 2, 3, 4, 5].map((id) => ({ id, name: `event ${id}`, changed_at: `2026-01-0${id}T12:00:00Z` }));
}

/** An HTTP server on a free port of loopback. */
export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function things(first: number, last: number, name = 'thing'): Thing[] {
  const count = Math.max(0, last - first + 1);
  return Array.from({ length: count }, (_, index) => ({ id: first + index, name: `${name} ${first + index}` }));
}

function page(response: ServerResponse, data: readonly unknown[]): void {
  json(response, { data });
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
