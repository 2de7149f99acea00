import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testWith } from '../test/harness/requirements.ts';
import { makeFolder, startUpstream, type TestFolder, type Upstream } from './upstream.fixture.ts';

const fixtureUrl = new URL('../../fixtures/registry/registry.json', import.meta.url);
const fixture = readFileSync(fixtureUrl);
const REGISTRY = 'GET /files/registries/v0/oss_registry.json';
const HOUR_MS = 3_600_000;

let upstream: Upstream;
let folder: TestFolder;
const { signal } = new AbortController();

beforeEach(async () => {
  [upstream, folder] = await Promise.all([startUpstream(), makeFolder()]);
  upstream.answer = serve(fixture);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([upstream.close(), folder.remove()]);
});

const serve =
  (body: string | Buffer, headers: Record<string, string> = { etag: '"one"' }, status = 200) =>
  (_request: unknown, response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };

const registryFolder = (): string => join(folder.path, 'project', 'registry');

/** Makes every cached copy older, as if the clock had continued. */
async function age(milliseconds: number): Promise<void> {
  for (const name of await readdir(registryFolder())) {
    if (!name.endsWith('.meta.json')) continue;
    const path = join(registryFolder(), name);
    const meta = JSON.parse(await readFile(path, 'utf8')) as { checked_at: number };
    await writeFile(path, JSON.stringify({ ...meta, checked_at: meta.checked_at - milliseconds }));
  }
}

describe('the public registry', () => {
  it('is fetched once and cached for the next process', async () => {
    const first = folder.registry(upstream.origin);
    const [one, other] = await Promise.all([first.all(signal), first.all(signal)]);
    expect(one).toMatchObject({ source: 'network', ageSeconds: 0, note: undefined });
    expect(one.entries).toHaveLength(7);
    expect(other.entries).toBe(one.entries);
    await first.all(signal);

    const second = await folder.registry(upstream.origin).all(signal);
    expect(second).toMatchObject({ source: 'disk', note: undefined });
    expect(second.entries).toEqual(one.entries);
    expect(upstream.requests).toEqual([REGISTRY]);
  });

  it('is asked for changes after a day, and believed for another when there are none', async () => {
    await folder.registry(upstream.origin).all(signal);
    await age(25 * HOUR_MS);
    upstream.answer = serve('', {}, 304);
    expect(await folder.registry(upstream.origin).all(signal)).toMatchObject({ source: 'network', ageSeconds: 0 });
    expect(await folder.registry(upstream.origin).all(signal)).toMatchObject({ source: 'disk' });
    expect(upstream.requests).toEqual([REGISTRY, `${REGISTRY} ("one")`]);
  });

  it('is replaced when it has changed, also in a process that runs for days', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const registry = folder.registry(upstream.origin);
    await registry.all(signal);
    upstream.answer = serve(fixture.toString().replace('"dockerImageTag": "6.2.24"', '"dockerImageTag": "9.9.9"'));
    vi.setSystemTime(Date.now() + 23 * HOUR_MS);
    expect(await registry.find('source-faker', signal)).toMatchObject({ version: '6.2.24' });
    expect((await registry.all(signal)).ageSeconds).toBe(23 * 3600);
    vi.setSystemTime(Date.now() + 2 * HOUR_MS);
    expect(await registry.find('source-faker', signal)).toMatchObject({ version: '9.9.9' });
    expect(upstream.requests).toHaveLength(2);
  });

  it.each<[string, () => void, RegExp]>([
    ['answers 500', () => (upstream.answer = serve('broken', {}, 500)), /HTTP status 500/],
    [
      'answers with a page',
      () => (upstream.answer = serve('<html>sign in</html>', {})),
      /is not the connector registry/,
    ],
    [
      'has no sources',
      () => (upstream.answer = serve('{"sources":[],"destinations":[]}', {})),
      /is not the connector registry/,
    ],
    ['has no such page', () => (upstream.answer = serve('', {}, 404)), /nothing at/],
    [
      'breaks off',
      () => (upstream.answer = (_request, response) => response.write('{"sources":[', () => response.destroy())),
      /cannot be reached/,
    ],
  ])('is used when stale, and reported so, when the server %s', async (_case, breakIt, reason) => {
    await folder.registry(upstream.origin).all(signal);
    await age(72 * HOUR_MS);
    breakIt();
    const registry = folder.registry(upstream.origin);
    const old = await registry.all(signal);
    expect(old).toMatchObject({ source: 'stale', ageSeconds: 72 * 3600 });
    expect(old.note).toMatch(reason);
    expect(old.note).toContain('3 days old');
    expect(old.entries).toHaveLength(7);
    // No immediate retry after the failure, and the good copy still exists.
    await registry.all(signal);
    expect(upstream.requests).toHaveLength(2);
    upstream.answer = serve(fixture, { etag: '"two"' });
    expect(await folder.registry(upstream.origin).all(signal)).toMatchObject({ source: 'network', note: undefined });
  });

  it('explains what to do when it cannot be fetched and none is cached', async () => {
    upstream.answer = serve('', {}, 503);
    const registry = folder.registry(upstream.origin);
    await expect(registry.all(signal)).rejects.toMatchObject({
      name: 'UpstreamError',
      code: 'registry_unavailable',
      message: expect.stringContaining('HTTP status 503'),
      next: expect.stringContaining('AIRBYTE_LOCAL_REGISTRY'),
    });
    upstream.answer = serve(fixture);
    expect(await registry.all(signal)).toMatchObject({ source: 'network' });
  });

  it('reports that nothing listens at the address', async () => {
    const closedOrigin = upstream.origin;
    await upstream.close();
    await expect(folder.registry(closedOrigin).all(signal)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/);
    upstream = await startUpstream();
  });

  it('lets a cancelled caller go, and finishes for the others', async () => {
    let finish = (): void => undefined;
    upstream.answer = (_request, response) => {
      finish = () => response.end(fixture);
    };
    const registry = folder.registry(upstream.origin);
    const controller = new AbortController();
    const impatient = registry.all(controller.signal);
    const patient = registry.all(signal);
    await vi.waitUntil(() => upstream.requests.length === 1);
    controller.abort();
    await expect(impatient).rejects.toMatchObject({ code: 'cancelled' });
    finish();
    expect((await patient).entries).toHaveLength(7);
  });

  it('replaces a damaged copy, and one from the future', async () => {
    await folder.registry(upstream.origin).all(signal);
    const body = (await readdir(registryFolder())).find((name) => name.endsWith('.body')) ?? '';
    await writeFile(join(registryFolder(), body), fixture.subarray(0, 1000));
    expect(await folder.registry(upstream.origin).all(signal)).toMatchObject({ source: 'network' });
    await age(-48 * HOUR_MS);
    expect(await folder.registry(upstream.origin).all(signal)).toMatchObject({ source: 'network' });
    // The damaged one is not offered for comparison, the future one is.
    expect(upstream.requests).toEqual([REGISTRY, REGISTRY, `${REGISTRY} ("one")`]);
  });

  it('works without a project directory, and reports that nothing is cached', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    const { source, note, entries } = await folder.registry(upstream.origin, { AIRBYTE_PROJECT_DIR: file }).all(signal);
    expect({ source, length: entries.length }).toEqual({ source: 'network', length: 7 });
    expect(note).toContain('could not be stored on disk');
  });

  it('follows a redirect', async () => {
    upstream.answer = (request, response) => {
      if (request.url?.startsWith('/files')) response.writeHead(302, { location: '/moved.json' }).end();
      else serve(fixture)(request, response);
    };
    expect((await folder.registry(upstream.origin).all(signal)).entries).toHaveLength(7);
  });
});

describe('offline mode', () => {
  const offline = { AIRBYTE_OFFLINE_MODE: '1' };

  it('uses a copy of any age and never asks', async () => {
    await folder.registry(upstream.origin).all(signal);
    await age(1000 * HOUR_MS);
    const { source, note, entries } = await folder.registry(upstream.origin, offline).all(signal);
    expect({ source, length: entries.length }).toEqual({ source: 'disk', length: 7 });
    expect(note).toContain('42 days old');
    expect(upstream.requests).toHaveLength(1);
  });

  it('explains what to do if nothing is cached', async () => {
    await expect(folder.registry(upstream.origin, offline).all(signal)).rejects.toMatchObject({
      name: 'SetupError',
      code: 'offline',
      next: expect.stringContaining('AIRBYTE_OFFLINE_MODE=0'),
    });
    expect(upstream.requests).toEqual([]);
  });
});

describe('AIRBYTE_LOCAL_REGISTRY', () => {
  const open = (value: string) => folder.registry(upstream.origin, { AIRBYTE_LOCAL_REGISTRY: value });

  it('can be a file, read again when it changes', async () => {
    const path = join(folder.path, 'mine.json');
    await copyFile(fixtureUrl, path);
    const registry = open(path);
    const { source, entries } = await registry.all(signal);
    expect({ source, length: entries.length }).toEqual({ source: 'local', length: 7 });
    expect((await registry.all(signal)).entries).toBe(entries);
    await writeFile(path, fixture.toString().replace('source-faker', 'source-renamed'));
    expect(await registry.find('source-renamed', signal)).toMatchObject({ title: 'Sample Data' });
    expect(upstream.requests).toEqual([]);
  });

  it('can be an address, whose folder then holds the list of secret keys', async () => {
    upstream.answer = (request, response) =>
      serve(request.url?.endsWith('.yaml') ? 'properties:\n- my_key\n' : fixture)(request, response);
    const registry = open(`${upstream.origin}/mirror/oss_registry.json`);
    expect(await registry.all(signal)).toMatchObject({ source: 'network' });
    expect(await registry.secretKeys(signal)).toEqual({
      keys: new Set(['my_key']),
      source: 'network',
      note: undefined,
    });
    expect(upstream.requests).toEqual(['GET /mirror/oss_registry.json', 'GET /mirror/specs_secrets_mask.yaml']);
  });

  it.each([
    ['a file that is not there', () => '/nowhere/registry.json', 'does not exist'],
    ['a relative path', () => 'registry.json', 'neither an http(s) address nor an absolute path'],
    ['another protocol', () => 'ftp://example.com/x.json', 'neither an http(s) address nor an absolute path'],
    ['an address with a password', () => 'https://user:hunter2@example.com/x.json', 'user name or a password'],
    ['a folder', () => folder.path, 'cannot be read (EISDIR)'],
    ['a file of another kind', () => join(folder.path, 'other.json'), 'not a connector registry'],
  ])('is refused by name for %s', async (_case, value, reason) => {
    await writeFile(join(folder.path, 'other.json'), '{"sources": 1}');
    const failure = expect(open(value()).all(signal)).rejects;
    await failure.toMatchObject({
      name: 'SetupError',
      code: 'bad_local_registry',
      next: expect.stringContaining('Set it to'),
    });
    await failure.toThrow(`AIRBYTE_LOCAL_REGISTRY`);
    await failure.toThrow(reason);
    await failure.not.toThrow('hunter2');
  });

  it('reads a list of secret keys next to the file', async () => {
    const registry = open(fixtureUrl.pathname);
    const { keys, source } = await registry.secretKeys(signal);
    expect({ source, has: keys.has('client_key') }).toEqual({ source: 'local', has: true });
    expect(upstream.requests).toEqual([]);
  });
});

describe('secretKeys', () => {
  it('is fetched and cached like the registry', async () => {
    upstream.answer = serve('properties:\n- one\n- two\n');
    const { keys, source } = await folder.registry(upstream.origin).secretKeys(signal);
    expect({ keys: [...keys], source }).toEqual({ keys: ['one', 'two'], source: 'network' });
    expect(await folder.registry(upstream.origin).secretKeys(signal)).toMatchObject({ source: 'disk' });
    expect(upstream.requests).toEqual(['GET /files/registries/v0/specs_secrets_mask.yaml']);
  });

  it.each([
    ['the network fails', () => serve('', {}, 500)],
    ['something else is answered', () => serve('just: text\n')],
    ['the answer is not YAML', () => serve('a: [')],
  ])('falls back to a built-in list, and reports it, when %s', async (_case, answer) => {
    upstream.answer = answer();
    const { keys, source, note } = await folder.registry(upstream.origin).secretKeys(signal);
    expect(source).toBe('built-in');
    expect(note).toContain('built-in list of secret keys');
    for (const key of ['password', 'api_key', 'client_secret', 'private_key']) expect(keys).toContain(key);
  });

  it('does so offline too', async () => {
    const registry = folder.registry(upstream.origin, { AIRBYTE_OFFLINE_MODE: '1' });
    expect(await registry.secretKeys(signal)).toMatchObject({ source: 'built-in' });
    expect(upstream.requests).toEqual([]);
  });
});

describe('the copy on disk', () => {
  testWith(['unprivileged'], 'costs nothing but itself when the disk is read-only', async () => {
    await mkdir(registryFolder(), { recursive: true });
    await chmod(registryFolder(), 0o500);
    const { note } = await folder.registry(upstream.origin).all(signal);
    await chmod(registryFolder(), 0o700);
    expect(note).toContain('could not be stored');
  });
});
