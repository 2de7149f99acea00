import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, startUpstream, type TestFolder, type Upstream } from './upstream.fixture.ts';

const fixture = readFileSync(new URL('../../fixtures/registry/registry.json', import.meta.url));
const { signal } = new AbortController();
const OLD_SPEC = { connectionSpecification: { type: 'object', properties: { old: { type: 'string' } } } };

let upstream: Upstream;
let folder: TestFolder;
let files: Record<string, string | Buffer>;

beforeEach(async () => {
  [upstream, folder] = await Promise.all([startUpstream(), makeFolder()]);
  files = { '/files/registries/v0/oss_registry.json': fixture };
  upstream.answer = (request, response: ServerResponse) => {
    const body = files[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  };
});
afterEach(async () => {
  await Promise.all([upstream.close(), folder.remove()]);
});

const OFFLINE: Record<string, string> = { AIRBYTE_OFFLINE_MODE: '1' };
const open = (environment?: Record<string, string>) => folder.registry(upstream.origin, environment);

describe('specFor', () => {
  it("answers the registry's own version without asking anybody", async () => {
    const registry = open();
    const entry = await registry.find('source-faker', signal);
    const spec = await registry.spec(entry, signal);
    expect(spec.connectionSpecification).toMatchObject({ title: 'Faker Source Spec' });
    expect(await registry.specFor(entry, '6.2.24', signal)).toBe(spec);
    expect(await registry.specFor(entry, 'latest', signal)).toBe(spec);
    expect(upstream.requests).toHaveLength(1);
  });

  it('fetches another version once, for every process and offline', async () => {
    files['/files/metadata/airbyte/source-faker/5.0.0/oss.json'] = JSON.stringify({ spec: OLD_SPEC });
    for (const environment of [{}, {}, OFFLINE]) {
      const registry = open(environment);
      const entry = await registry.find('source-faker', signal);
      expect(await registry.specFor(entry, '5.0.0', signal)).toEqual(OLD_SPEC);
    }
    expect(upstream.requests).toHaveLength(2);
  });

  it.each(['1.2.3', '../../secret', '', 'a/b', '%2e%2e', '-x'])('refuses the version %j', async (version) => {
    const registry = open();
    const entry = await registry.find('source-faker', signal);
    await expect(registry.specFor(entry, version, signal)).rejects.toMatchObject({
      name: 'InputError',
      code: 'unknown_version',
      next: expect.stringContaining('6.2.24'),
    });
    expect(upstream.requests.length).toBeLessThanOrEqual(version === '1.2.3' ? 2 : 1);
  });

  it('reports that other versions of a third party are not known', async () => {
    const registry = open();
    const entry = await registry.find('airbyte-heron-source', signal);
    await expect(registry.specFor(entry, '0.1.0', signal)).rejects.toThrow(/not published by Airbyte/);
  });

  it('does not cache an answer that is not a spec', async () => {
    const path = '/files/metadata/airbyte/source-faker/5.0.0/oss.json';
    files[path] = '{"spec": null}';
    const registry = open();
    const entry = await registry.find('source-faker', signal);
    await expect(registry.specFor(entry, '5.0.0', signal)).rejects.toMatchObject({ code: 'bad_answer' });
    files[path] = JSON.stringify({ spec: OLD_SPEC });
    expect(await registry.specFor(entry, '5.0.0', signal)).toEqual(OLD_SPEC);
  });

  it('reports what is missing when offline', async () => {
    await open().all(signal);
    const registry = open(OFFLINE);
    const entry = await registry.find('source-faker', signal);
    await expect(registry.specFor(entry, '5.0.0', signal)).rejects.toMatchObject({
      name: 'SetupError',
      message: expect.stringContaining('the spec of source-faker 5.0.0'),
    });
  });
});

describe('manifest', () => {
  it('is fetched by version, and is not cached if it is an HTML page', async () => {
    const path = '/files/metadata/airbyte/source-orchard-weather/0.4.1/manifest.yaml';
    const registry = open();
    const entry = await registry.find('source-orchard-weather', signal);
    files[path] = '<html>sign in</html>';
    await expect(registry.manifest(entry, '0.4.1', signal)).rejects.toMatchObject({ code: 'bad_answer' });
    files[path] = 'version: 6.0.0\ntype: DeclarativeSource\nstreams: []\n';
    expect(await registry.manifest(entry, '0.4.1', signal)).toBe(files[path]);
    delete files[path];
    expect(await open().manifest(entry, '0.4.1', signal)).toContain('DeclarativeSource');
  });
});

describe('releases', () => {
  it('lists what PyPI has, newest first', async () => {
    const file = (upload_time: string, yanked = false) => ({ upload_time, yanked, requires_python: '<3.14,>=3.10' });
    files['/pypi/airbyte-source-faker/json'] = JSON.stringify({
      releases: {
        '0.9.0': [file('2023-01-02T10:00:00')],
        '10.0.0rc1': [file('2024-02-01T10:00:00')],
        '10.0.0': [file('2024-02-03T10:00:00')],
        '9.1.0': [file('2024-01-01T10:00:00', true)],
        '9.0.0': [],
      },
    });
    const releases = await open().releases('airbyte-source-faker', signal);
    expect(releases.map(({ version }) => version)).toEqual(['10.0.0', '10.0.0rc1', '9.1.0', '0.9.0']);
    expect(releases[2]).toEqual({ version: '9.1.0', date: '2024-01-01', requiresPython: '<3.14,>=3.10', yanked: true });
  });

  it.each(['[]', 'no json', '{"releases": 1}'])('refuses %j', async (body) => {
    files['/pypi/p/json'] = body;
    await expect(open().releases('p', signal)).rejects.toMatchObject({ name: 'UpstreamError', code: 'bad_answer' });
  });

  it('does not ask offline', async () => {
    await expect(open(OFFLINE).releases('p', signal)).rejects.toMatchObject({ code: 'offline' });
    expect(upstream.requests).toEqual([]);
  });
});
