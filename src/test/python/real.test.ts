/** Real connectors of PyPI through the binary, from source to rows: each against something of this machine. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { describeWith } from '../harness/requirements.ts';
import { startWebService, type WebService } from '../harness/web-service.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// Packages are fetched, and installed by whatever this machine has.
vi.setConfig({ testTimeout: 300_000 });

const KEY = 'phx_the-key-of-a-small-garden-0815';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly streams: { stream: string; records: number; rows: number }[];
}

describeWith(['python', 'old-python', 'pypi'], 'a connector of PyPI', () => {
  let workplace: Workplace;
  let server: TestServer;
  let service: WebService;

  beforeAll(async () => {
    service = await startWebService(({ pathname, searchParams }, { headers }) => {
      if (pathname.startsWith('/feed')) return { type: 'application/rss+xml', body: feed() };
      if (headers.authorization !== `Bearer ${KEY}`) return { status: 401, body: { detail: 'Invalid key.' } };
      return page(pathname.replace(/\/$/, ''), searchParams);
    });
    workplace = await makeWorkplace(`POSTHOG_KEY='${KEY}'\nPOSTHOG_WRONG_KEY='phx_another-key-altogether-4711'\n`);
    const registry = join(workplace.directory, 'registry.json');
    await writeFile(registry, await registryWith(['faker', '7.2.1'], ['posthog', '1.1.28'], ['rss', '1.0.31']));
    workplace = { ...workplace, environment: { ...workplace.environment, AIRBYTE_LOCAL_REGISTRY: registry } };
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server?.close();
    await service?.close();
    await workplace?.remove();
  });

  /** Calls until the work is done, as a model is asked to. */
  async function untilDone<T>(tool: string, args: object, progress: string[] = []): Promise<T & { text: string }> {
    for (;;) {
      const answer = await server.call<{ state?: string }>(
        tool,
        { ...args },
        { onProgress: (text) => progress.push(text) },
      );
      if (answer.state !== 'in_progress') return answer as T & { text: string };
    }
  }
  async function syncToTheEnd(source: string, more: object = {}, progress: string[] = []): Promise<Sync> {
    let sync = await untilDone<Sync>('start_sync', { source, wait_seconds: 40, ...more }, progress);
    while (sync.state === 'running')
      sync = await untilDone<Sync>('get_sync', { sync_id: sync.sync_id, wait_seconds: 40 });
    return sync;
  }
  const rows = async (sql: string): Promise<unknown[][]> =>
    (await server.call<{ rows: unknown[][] }>('query', { sql, limit: 1000 })).rows;

  test('source-faker: every purchase has its user and its product; each step is reported', async () => {
    const config = { count: 60, seed: 1, records_per_slice: 20, parallelism: 1, always_updated: false };
    const progress: string[] = [];
    const answer = await untilDone<object>('validate_config', { connector: 'source-faker', config }, progress);
    expect(answer).toMatchObject({ valid: true, runtime: 'python', version: '7.2.1' });
    // Each step once, in this order, and no flood.
    const steps = [
      'finding source-faker',
      'looking for airbyte-source-faker',
      'installing airbyte-source-faker 7.2.1',
      'trying whether',
      'specification',
      'checking the connection',
    ];
    const at = steps.map((step) => progress.findIndex((text) => text.includes(step)));
    expect(at, progress.join('\n')).toEqual([...at].sort((a, b) => a - b));
    expect(at).not.toContain(-1);
    expect(progress.length).toBeLessThan(40);
    await untilDone('save_source', { name: 'shop', connector: 'source-faker', config });
    const { streams } = await untilDone<{ streams: { name: string }[] }>('list_streams', { source: 'shop' });
    expect(streams.map(({ name }) => name).sort()).toEqual(['products', 'purchases', 'users']);
    const messages: string[] = [];
    const sync = await syncToTheEnd('shop', {}, messages);
    expect(messages).toContain('starting source-faker 7.2.1');
    expect(messages.at(-1)).toContain('records read');
    expect(messages.length, messages.join('\n')).toBeLessThan(45);
    expect(sync.state).toBe('complete');
    for (const { stream, records, rows: stored } of sync.streams) {
      expect(stored, stream).toBe(records);
      expect(await rows(`SELECT count(*) FROM shop.${stream}`)).toEqual([[records]]);
    }
    expect(await rows('SELECT count(*), count(DISTINCT id), min(id), max(id) FROM shop.users')).toEqual([
      [60, 60, 1, 60],
    ]);
    const lost = 'SELECT count(*) FROM shop.purchases p LEFT JOIN shop.users u ON u.id = p.user_id WHERE u.id IS NULL';
    expect(await rows(lost)).toEqual([[0]]);
  });

  test('source-posthog: pages of a service, by its key, parents and children', async () => {
    const config = {
      api_key: 'secret_reference::POSTHOG_KEY',
      start_date: '2026-01-01T00:00:00Z',
      base_url: service.origin,
    };
    const wrong = { ...config, api_key: 'secret_reference::POSTHOG_WRONG_KEY' };
    const refused = await untilDone<{ valid: boolean }>('validate_config', {
      connector: 'source-posthog',
      config: wrong,
    });
    expect(refused.valid).toBe(false);
    await untilDone('save_source', { name: 'garden', connector: 'source-posthog', config });
    const { streams } = await untilDone<{ streams: { name: string }[] }>('list_streams', { source: 'garden' });
    expect(streams.map(({ name }) => name)).toEqual(expect.arrayContaining(['projects', 'persons', 'cohorts']));
    const sync = await syncToTheEnd('garden', { streams: ['projects', 'persons'] });
    expect(sync, JSON.stringify(sync)).toMatchObject({ state: 'complete' });
    expect(await rows('SELECT id, name FROM garden.projects ORDER BY id')).toEqual([
      [7, 'roses'],
      [8, 'herbs'],
    ]);
    expect(await rows('SELECT count(*), count(DISTINCT id) FROM garden.persons')).toEqual([[260, 260]]);
    expect(service.asked.some((path) => path.includes('/persons') && path.includes('offset=200'))).toBe(true);
    for (const folder of ['sources', 'syncs', 'logs', 'catalogs', 'runs', 'staging']) {
      for (const [path, bytes] of await workplace.files(join(workplace.project, folder)).catch(() => new Map())) {
        expect(bytes.includes(KEY), path).toBe(false);
      }
    }
  });

  test('source-rss: an old version runs on an older Python, and the answer reports it', async () => {
    const config = { url: `${service.origin}/feed` };
    const answer = await untilDone<{ runtime_reason: string }>('validate_config', { connector: 'source-rss', config });
    expect(answer, answer.text).toMatchObject({ valid: true, version: '1.0.31' });
    expect(answer.runtime_reason).toMatch(/Python 3\.(10|9)\.\d+, because it does not start on 3\.11 or newer$/);
    await untilDone('save_source', { name: 'news', connector: 'source-rss', config });
    const { text } = await server.call('list_sources', { name: 'news' });
    expect(text).toContain('because it does not start on 3.11');
    const sync = await syncToTheEnd('news');
    expect(sync, JSON.stringify(sync)).toMatchObject({ state: 'complete' });
    expect(await rows('SELECT title FROM news.items ORDER BY title')).toEqual([
      ['First'],
      ['Second'],
      ['Third & last'],
    ]);
  });
});

/** PostHog's lists: `count`, `next`, `previous`, `results`, by `limit` and `offset`. */
function page(path: string, query: URLSearchParams): { body: object } | undefined {
  const items = LISTS[path];
  if (!items) return undefined;
  const offset = Number(query.get('offset') ?? 0);
  const results = items.slice(offset, offset + Number(query.get('limit') ?? 100));
  return { body: { count: items.length, next: null, previous: null, results } };
}

const person = (id: string): object => ({ id, uuid: id, name: `person ${id}`, distinct_ids: [id], properties: {} });
const LISTS: Record<string, object[]> = {
  '/api/projects': [
    { id: 7, uuid: '7', name: 'roses', organization: 'o' },
    { id: 8, uuid: '8', name: 'herbs', organization: 'o' },
  ],
  '/api/projects/7/persons': Array.from({ length: 250 }, (_, index) => person(`7-${index}`)),
  '/api/projects/8/persons': Array.from({ length: 10 }, (_, index) => person(`8-${index}`)),
};

/** Of the last hour: the connector reads no older items. */
function feed(): string {
  const date = new Date(Date.now() - 3_600_000).toUTCString();
  const item = (title: string): string =>
    `<item><title>${title}</title><link>https://example.org/${title.length}</link><guid>${title}</guid><pubDate>${date}</pubDate></item>`;
  const items = ['First', 'Second', 'Third &amp; last'].map(item).join('');
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>https://example.org</link><description>d</description>${items}</channel></rss>`;
}

/** The small registry with entries more, made of its first. */
async function registryWith(...connectors: readonly (readonly [name: string, version: string])[]): Promise<string> {
  const registry = JSON.parse(await readFile(SMALL_REGISTRY, 'utf8')) as { sources: Record<string, unknown>[] };
  const names = connectors.map(([name]) => `airbyte/source-${name}`);
  const others = registry.sources.filter(({ dockerRepository }) => !names.includes(String(dockerRepository)));
  const entries = connectors.map(([name, version], index) => ({
    ...registry.sources[0],
    sourceDefinitionId: `3f0e5f0c-97c1-4a57-9ab5-6d1f6c2f3b2${index}`,
    name,
    dockerRepository: `airbyte/source-${name}`,
    dockerImageTag: version,
    releases: undefined,
    suggestedStreams: undefined,
    remoteRegistries: { pypi: { enabled: true, packageName: `airbyte-source-${name}` } },
  }));
  return JSON.stringify({ ...registry, sources: [...others, ...entries] });
}
