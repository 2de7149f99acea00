/** For tests: an HTTP server that replaces the public registry and PyPI, and a project in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../config/index.ts';
import { openProject } from '../project/index.ts';
import { createRegistry } from './registry.ts';
import type { Registry } from './types.ts';

export interface Upstream {
  readonly origin: string;
  /** Requests so far, as `GET /path`, with `(etag)` if one was sent. */
  readonly requests: string[];
  /** The answer to every later request. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const etag = request.headers['if-none-match'];
    requests.push(`${request.method} ${request.url}${etag ? ` (${etag})` : ''}`);
    upstream.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const upstream: Upstream = {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    answer: (_request, response) => response.writeHead(404).end(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}

export interface TestFolder {
  readonly path: string;
  /** A registry as a new process of the same project would make it, with the public services at `origin`. */
  registry(origin: string, environment?: Record<string, string>): Registry;
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-registry-'));
  return {
    path,
    registry(origin, environment = {}) {
      const defaults = { HOME: path, XDG_DATA_HOME: join(path, 'data'), AIRBYTE_PROJECT_DIR: join(path, 'project') };
      const { settings } = loadSettings('0.0.0', {}, { ...defaults, ...environment });
      const addresses = {
        registry: `${origin}/files/registries/v0/oss_registry.json`,
        metadata: `${origin}/files/metadata/airbyte/`,
        secretKeys: `${origin}/files/registries/v0/specs_secrets_mask.yaml`,
        pypi: `${origin}/pypi/`,
      };
      return createRegistry({ settings, project: openProject(settings), addresses });
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
