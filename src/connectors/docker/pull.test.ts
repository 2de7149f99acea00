import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectEngine } from './engine.ts';
import { pullImage } from './pull.ts';

/** What an engine answers to a pull, line by line; everything that a real one can be made to say is tested with it. */
let lines: readonly object[] = [];
let folder: string;
let server: Server;
const image = { repository: 'airbyte/source-x', tag: '1.2.3' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pull-'));
  server = createServer((request, response) => {
    const version = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux' };
    if (request.url === '/version') response.end(JSON.stringify(version));
    else response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), () => resolve()));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function pull(answer: readonly object[]): Promise<{ error?: object; reported: [string, number?, number?][] }> {
  lines = answer;
  const engine = await connectEngine({ DOCKER_HOST: `unix://${folder}/docker.sock` });
  const reported: [string, number?, number?][] = [];
  const progress = (message: string, done?: number, total?: number): void => void reported.push([message, done, total]);
  const control = { signal: new AbortController().signal, progress };
  const error = await pullImage(engine, image, control).then(
    () => undefined,
    (thrown: object) => thrown,
  );
  return { reported, ...(error ? { error } : {}) };
}

test.each([
  ['setup', 'disk_full', 'write /var/lib/docker/tmp/GetImageBlob382: no space left on device'],
  ['setup', 'image_for_other_machine', 'no matching manifest for linux/arm64/v8 in the manifest list entries'],
  ['input', 'no_such_tag', 'manifest for airbyte/source-x:1.2.3 not found: manifest unknown: manifest unknown'],
  [
    'setup',
    'image_denied',
    "pull access denied for airbyte/source-x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    'upstream',
    'registry_rate_limit',
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading',
  ],
  [
    'upstream',
    'registry_unreachable',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host',
  ],
  ['upstream', 'registry_unreachable', 'Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout'],
  ['upstream', 'pull_failed', 'filesystem layer verification failed for digest sha256:0'],
])('%s %s: %s', async (kind, code, message) => {
  const { error } = await pull([{ status: 'Pulling from airbyte/source-x' }, { error: message }]);
  expect(error).toMatchObject({ kind, code, details: { engine_message: message } });
});

test('an engine that stops in the middle of a pull is not waited for without end', async () => {
  const stopped = createServer((request, response) => {
    const version = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux' };
    if (request.url === '/version') response.end(JSON.stringify(version));
    else response.write(`${JSON.stringify({ status: 'Pulling from airbyte/source-x' })}\r\n`);
  });
  await new Promise<void>((resolve) => stopped.listen(join(folder, 'stopped.sock'), () => resolve()));
  try {
    const engine = await connectEngine({ DOCKER_HOST: `unix://${folder}/stopped.sock` });
    const control = { signal: new AbortController().signal, progress: () => {} };
    await expect(pullImage(engine, image, control, 300)).rejects.toMatchObject({
      kind: 'upstream',
      code: 'pull_failed',
      message: expect.stringContaining('reported nothing more'),
    });
  } finally {
    stopped.closeAllConnections();
    stopped.close();
  }
});

test('layers and bytes are counted, those that are here already too', async () => {
  const layer = (id: string, status: string, current?: number, total?: number): object => ({
    id,
    status,
    progressDetail: current === undefined ? {} : { current, total },
  });
  const { error, reported } = await pull([
    { status: 'Pulling from airbyte/source-x', id: '1.2.3' },
    layer('aaaaaaaaaaaa', 'Already exists'),
    layer('bbbbbbbbbbbb', 'Pulling fs layer'),
    layer('bbbbbbbbbbbb', 'Downloading', 5_000_000, 20_000_000),
    { status: 'Digest: sha256:0' },
  ]);
  expect(error).toBeUndefined();
  expect(reported).toEqual([
    ['pulling airbyte/source-x:1.2.3', undefined, undefined],
    ['pulling airbyte/source-x:1.2.3: 1 of 2 layers, 5.0 of 20 MB', 5_000_000, 20_000_000],
  ]);
});
