/** Real low-code connectors by their published manifests: from the registry in an exact version, and from a file of one's own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { onlyIndex } from '../../connectors/python/package-index.fixture.ts';
import { startUpstream, type Upstream } from '../../registry/upstream.fixture.ts';
import { callOut, countsOf, syncOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, namesIn } from '../harness/machine.ts';
import { type Contact, type Service, startPyPI, startSendinblue, startVantage } from '../harness/real-services.ts';
import { describeWith } from '../harness/requirements.ts';
import { manifestInWheel, pointedAt } from '../harness/wheel-manifest.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// pip takes minutes where uv takes seconds.
vi.setConfig({ testTimeout: 300_000 });

const KEY = 'xkeysib-7f0c2b-Qm+z/81=';
const TOKEN = 'vntg_tkn_55e1a0b2c3';
const METADATA = '/files/metadata/airbyte';
/** The CDK alone takes pip a minute where processors are slow. */
const INSTALLING_MS = 240_000;

describeWith(['python', 'pypi'], 'a real low-code connector', () => {
  const contacts: Contact[] = Array.from({ length: 230 }, (_, at) => ({
    id: at + 1,
    email: `person${at + 1}@example.com`,
    listIds: [1, 2],
    modifiedAt: new Date(Date.UTC(2026, 0, 1 + (at % 20), 8, 0, at % 60)).toISOString().replace('Z', '+00:00'),
  }));
  let sendinblue: Service;
  let vantage: Service;
  let pypi: Service;
  let upstream: Upstream;
  let workplace: Workplace;
  let server: TestServer;
  const published = new Map<string, string | Buffer>();

  beforeAll(async () => {
    [sendinblue, vantage, pypi, upstream] = await Promise.all([
      startSendinblue(KEY, contacts),
      startVantage(TOKEN),
      startPyPI(),
      startUpstream(),
    ]);
    workplace = await makeWorkplace(`BREVO_API_KEY='${KEY}'\nVANTAGE_TOKEN='${TOKEN}'\n`);
    const [small, manifest] = await Promise.all([
      readFile(SMALL_REGISTRY, 'utf8'),
      manifestInWheel('source-sendinblue', '0.1.13'),
    ]);
    published.set('/files/registries/v0/oss_registry.json', withSendinblue(small));
    published.set(
      `${METADATA}/source-sendinblue/0.1.13/manifest.yaml`,
      pointedAt(manifest, 'https://api.sendinblue.com', sendinblue.origin),
    );
    upstream.answer = (request, response) => {
      const body = published.get(request.url ?? '');
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    };
    const environment = {
      ...workplace.environment,
      AIRBYTE_LOCAL_REGISTRY: `${upstream.origin}/files/registries/v0/oss_registry.json`,
      SLUICE_CONFIG_DIRS: workplace.directory,
    };
    workplace = { ...workplace, environment };
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await expectNothingRuns(workplace);
    await Promise.all([sendinblue, vantage, pypi, upstream].map((one) => one.close()));
    await workplace.remove();
  });
  const fetched = (file: string): number => upstream.requests.filter((request) => request.endsWith(file)).length;

  test('of the registry reports its streams and its authentication before anything is installed', async () => {
    const info = await server.call('get_connector_info', { connector: 'source-sendinblue', include: ['streams'] });
    expect(info).toMatchObject({
      runs_here: true,
      manifest_facts: {
        stream_count: 3,
        more_at_discovery: false,
        authentication: ['ApiKeyAuthenticator'],
        custom_components: false,
        written_for_cdk: '0.78.5',
        cdk_of_makers: '6.48.10',
      },
    });
    expect(info).not.toHaveProperty('manifest');
    expect(info.text).toContain('- contacts (incremental by modifiedAt; key id)');
    expect(await namesIn(join(workplace.project, 'connectors'))).toEqual([]);
  });

  test(
    'of the registry is fetched, checked with its service, and read on from where it ended',
    async () => {
      const messages: string[] = [];
      const subject = { connector: 'source-sendinblue', config: { api_key: 'secret_reference::BREVO_API_KEY' } };
      const checked = await callOut(server, 'validate_config', subject, (message) => messages.push(message));
      expect(checked).toMatchObject({ valid: true, version: '0.1.13', runtime: 'manifest', spec_from: 'manifest' });
      expect(messages).toContain('fetching the manifest of source-sendinblue 0.1.13');
      expect(messages.join('\n')).toMatch(/installing airbyte-cdk 6\.\d+\.\d+ /);
      await callOut(server, 'save_source', { name: 'brevo', ...subject });
      const first = await syncOut(server, { source: 'brevo' });
      expect(first.state).toBe('complete');
      expect(countsOf(first)).toEqual({ campaigns: 3, templates: 2, contacts: 230 });
      sendinblue.requests.length = 0;
      contacts.push({ id: 231, email: 'late@example.com', modifiedAt: '2026-02-01T09:00:00.000+00:00' });
      const second = await syncOut(server, { source: 'brevo', streams: ['contacts'] });
      expect(second.state).toBe('complete');
      expect(countsOf(second).contacts).toBeLessThan(20);
      const since = sendinblue.requests.map((request) =>
        new URL(request, 'http://x').searchParams.get('modifiedSince'),
      );
      expect(since.every((time) => time?.startsWith('2026-01-20'))).toBe(true);
      const { rows } = await server.call<{ rows: unknown[][] }>('query', {
        sql: 'SELECT count(*), count(DISTINCT id), max(email) FILTER (id = 231) FROM brevo.contacts',
      });
      expect(rows).toEqual([[231, 231, 'late@example.com']]);
      expect(fetched('source-sendinblue/0.1.13/manifest.yaml')).toBe(1);
    },
    INSTALLING_MS,
  );

  test('in a version that is not published is an error with the one that is', async () => {
    const error = await server.fail('validate_config', {
      connector: 'source-sendinblue',
      version: '9.9.9',
      config: { api_key: 'secret_reference::BREVO_API_KEY' },
    });
    expect(error).toMatchObject({ kind: 'input', code: 'unknown_version' });
    expect(error.next).toContain('0.1.13');
    expect(await namesIn(join(workplace.project, 'connectors', 'source-sendinblue'))).toEqual(['manifest-0.1.13']);
  });

  test('that is installed runs offline, by a server that has never asked the network', async () => {
    const asked = upstream.requests.length;
    const offline = await startServer({
      workplace,
      environment: {
        AIRBYTE_OFFLINE_MODE: '1',
        ...onlyIndex('http://127.0.0.1:9/simple'),
      },
    });
    try {
      expect(await syncOut(offline, { source: 'brevo', streams: ['campaigns'] })).toMatchObject({ state: 'complete' });
      const config = { api_key: 'secret_reference::BREVO_API_KEY' };
      const other = { connector: 'source-sendinblue', version: '0.1.12', config };
      expect(await offline.fail('validate_config', { ...other, runtime: 'manifest' })).toMatchObject({ kind: 'setup' });
    } finally {
      await offline.close();
    }
    expect(upstream.requests.length).toBe(asked);
  });

  test('from a file of one’s own: source-vantage, page by page, by a bearer token', async () => {
    const path = join(workplace.directory, 'vantage.yaml');
    const manifest = await manifestInWheel('source-vantage', '0.1.14');
    await writeFile(path, pointedAt(manifest, 'https://api.vantage.sh', vantage.origin));
    const subject = {
      connector: 'source-vantage',
      manifest_path: path,
      config: { access_token: 'secret_reference::VANTAGE_TOKEN' },
    };
    await callOut(server, 'save_source', { name: 'vantage', ...subject });
    const done = await syncOut(server, { source: 'vantage' });
    expect(done.state).toBe('complete');
    // This version of the connector asks for the first page twice: what it gives is taken as it comes.
    expect(countsOf(done)).toEqual({ providers: 4, services: 230, products: 301, reports: 0 });
    const { rows } = await server.call<{ rows: unknown[][] }>('query', {
      sql: 'SELECT count(DISTINCT id), count(*) FROM vantage.products',
    });
    expect(rows).toEqual([[201, 301]]);
  });

  test('from a file of one’s own: source-pypi, whose streams are one object each', async () => {
    const path = join(workplace.directory, 'pypi.yaml');
    await writeFile(path, pointedAt(await manifestInWheel('source-pypi', '0.1.15'), 'https://pypi.org', pypi.origin));
    const config = { project_name: 'sampleproject', version: '4.0.0' };
    await callOut(server, 'save_source', { name: 'packages', connector: 'source-pypi', manifest_path: path, config });
    const done = await syncOut(server, { source: 'packages' });
    expect(done.state).toBe('complete');
    expect(countsOf(done)).toEqual({ project: 1, release: 1, stats: 1 });
    const { rows } = await server.call<{ rows: unknown[][] }>('query', {
      sql: "SELECT last_serial, info->>'name' FROM packages.project",
    });
    expect(rows).toEqual([[12_345_678_901, 'sampleproject']]);
  });

  test('leaves no key where others could read it', async () => {
    // The Python environments are too large to be looked through: they were made before any key was known to them.
    const folders = (await namesIn(workplace.project)).filter((name) => name !== 'connectors');
    expect(folders.length).toBeGreaterThan(5);
    for (const folder of [...folders, 'connectors/source-sendinblue']) {
      for (const [path, bytes] of await workplace.files(join(workplace.project, folder))) {
        expect(bytes.includes(KEY) || bytes.includes(TOKEN), path).toBe(false);
      }
    }
    expect(server.stderr()).not.toMatch(/xkeysib|vntg_tkn/);
  });
});

/** The small registry, and the connector as the registry tells of such. */
function withSendinblue(small: string): string {
  const registry = JSON.parse(small) as { sources: Record<string, unknown>[] };
  const entry = {
    sourceDefinitionId: '2e88fa20-a2f6-43cc-bba6-98a0a3f244fb',
    name: 'Brevo',
    dockerRepository: 'airbyte/source-sendinblue',
    dockerImageTag: '0.1.13',
    documentationUrl: 'https://docs.airbyte.com/integrations/sources/sendinblue',
    supportLevel: 'community',
    language: 'manifest-only',
    tags: ['language:manifest-only'],
    connectorBuildOptions: {
      baseImage: `docker.io/airbyte/source-declarative-manifest:6.48.10@sha256:${'ab'.repeat(32)}`,
    },
    spec: {
      connectionSpecification: {
        type: 'object',
        required: ['api_key'],
        properties: { api_key: { type: 'string', airbyte_secret: true } },
      },
    },
  };
  return JSON.stringify({ ...registry, sources: [...registry.sources, entry] });
}
