/** The fake Airbyte conforms to the published documents: Prism, as a proxy before it, finds no violation. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationRoutes } from '../../../fixtures/airbyte/configuration/index.ts';
import { airbyteId, type FakeAirbyte, SEEDED_MANIFEST, startAirbyte } from '../../../fixtures/airbyte/index.ts';
import { publicRoutes } from '../../../fixtures/airbyte/public/index.ts';
import { type Request, requester } from '../harness/airbyte-client.ts';
import { configurationDocument } from '../harness/configuration-document.ts';
import { type Prism, startPrismProxy } from '../harness/prism.ts';
import { describeWith } from '../harness/requirements.ts';

const folder = (): string => join(process.env.SLUICE_TEST_DATA ?? '', 'airbyte-api');

/** In a file of its own where parts were added. */
async function documentAt(name: string, directory: string): Promise<string> {
  if (name.startsWith('public')) return join(folder(), name);
  const path = join(directory, name);
  await writeFile(path, JSON.stringify(await configurationDocument(folder())));
  return path;
}

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const UNKNOWN = 'ffffffff-0000-4000-8000-ffffffffffff';

interface ProxiedAirbyte {
  airbyte: FakeAirbyte;
  prism: Prism;
  /** Sends through Prism, and expects the status: a violation would be Prism's own 422 or 500. */
  send(method: string, path: string, body: unknown, status: number): ReturnType<Request>;
  close(): Promise<void>;
}

async function startProxied(file: string, base: (airbyte: FakeAirbyte) => string): Promise<ProxiedAirbyte> {
  // An unknown id is 404 for an administrator, as the documents say; for everybody else it is 403, which they do not.
  const airbyte = await startAirbyte({ administrator: true });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-document-'));
  const prism = await startPrismProxy(await documentAt(file, directory), base(airbyte));
  const request = requester(prism.origin, airbyte.settings.bearerToken);
  return {
    airbyte,
    prism,
    async send(method, path, body, status) {
      const reply = await request(method, path, body);
      const shown = `${method} ${path}: ${reply.status} ${reply.text}`;
      expect(shown, shown).not.toContain('stoplight.io');
      expect(reply.status, shown).toBe(status);
      return reply;
    },
    // The document stays until the end: Prism watches it, and restarts when it changes.
    async close() {
      await prism.close();
      await airbyte.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The routes of the fake that no request of a walk came to. */
function unvisited(routes: object, { airbyte }: ProxiedAirbyte, base: string): string[] {
  const visited = airbyte.requests.map(({ method, path }) => ({ method, path: path.slice(base.length) }));
  return Object.keys(routes).filter((route) => {
    const [method = '', template = ''] = route.split(' ');
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return !visited.some((each) => each.method === method && pattern.test(each.path));
  });
}

describeWith(['data'], 'the public API', () => {
  let here: ProxiedAirbyte;
  beforeAll(async () => {
    here = await startProxied('public-api.mockable.json', ({ cloudUrl }) => cloudUrl);
  });
  afterAll(() => here?.close());

  test('every operation, as the document has it', async () => {
    const { airbyte, send } = here;
    const { clientId: client_id, clientSecret: client_secret } = airbyte.settings;
    const { workspaceId, organizationId } = airbyte.state.workspaces[0] ?? { workspaceId: '', organizationId: '' };
    await send('GET', '/health', undefined, 200);
    await send('POST', '/applications/token', { client_id, client_secret, grant_type: 'client_credentials' }, 200);
    await send('POST', '/applications/token', { client_id, client_secret: 'another' }, 401);
    await send('GET', '/applications', undefined, 200);
    await send('GET', '/organizations', undefined, 200);
    await send('GET', `/tags?workspaceIds=${workspaceId}`, undefined, 200);
    await send('GET', '/workspaces', undefined, 200);
    await send('GET', `/workspaces/${workspaceId}`, undefined, 200);
    await send('GET', `/workspaces/${UNKNOWN}`, undefined, 404);
    await send('GET', `/users?organizationId=${organizationId}`, undefined, 200);
    await send('GET', `/connector_definitions?type=source&workspaceId=${workspaceId}`, undefined, 200);
    await send('GET', '/connector_definitions?type=destination', undefined, 200);

    await send('GET', `/sources?workspaceIds=${workspaceId}&limit=2&offset=0&includeDeleted=true`, undefined, 200);
    const configuration = { sourceType: 'faker', count: 5 };
    const made = await send('POST', '/sources', { name: 'Made', workspaceId, configuration }, 200);
    const { sourceId } = made.body;
    await send('POST', '/sources', { name: 'Made', workspaceId: UNKNOWN, definitionId: FAKER, configuration: {} }, 403);
    await send('POST', '/sources', { name: 'Made', workspaceId, configuration: {} }, 400);
    await send('GET', `/sources/${sourceId}`, undefined, 200);
    await send('PATCH', `/sources/${sourceId}`, { configuration: { seed: 2 } }, 200);
    await send('PUT', `/sources/${sourceId}`, { name: 'Put', configuration: { count: 6 } }, 200);
    await send('GET', `/sources/${UNKNOWN}`, undefined, 404);

    await send('GET', '/destinations?limit=1', undefined, 200);
    const test_destination = { test_destination_type: 'LOGGING' };
    const silent = { destinationType: 'dev-null', test_destination };
    const destination = await send('POST', '/destinations', { name: 'Place', workspaceId, configuration: silent }, 200);
    const { destinationId } = destination.body;
    await send('GET', `/destinations/${destinationId}`, undefined, 200);
    await send('PATCH', `/destinations/${destinationId}`, { name: 'Other' }, 200);
    await send('PUT', `/destinations/${destinationId}`, { name: 'Put', configuration: { test_destination } }, 200);

    await send('GET', `/streams?sourceId=${sourceId}&destinationId=${destinationId}`, undefined, 200);
    await send('GET', `/streams?sourceId=${airbyte.state.sources[1]?.id}`, undefined, 200);
    const schedule = { scheduleType: 'cron', cronExpression: '0 0 12 * * ? UTC' };
    const streams = [{ name: 'users', syncMode: 'incremental_deduped_history', cursorField: ['updated_at'] }];
    const joined = { sourceId, destinationId, schedule, configurations: { streams }, prefix: 'made_' };
    const connection = await send('POST', '/connections', joined, 200);
    const { connectionId } = connection.body;
    await send('POST', '/connections', { sourceId, destinationId, schedule: { scheduleType: 'cron' } }, 400);
    await send('GET', '/connections?includeDeleted=true', undefined, 200);
    await send('GET', `/connections/${connectionId}`, undefined, 200);
    await send('PATCH', `/connections/${connectionId}`, { name: 'Renamed', schedule: { scheduleType: 'manual' } }, 200);

    const job = await send('POST', '/jobs', { connectionId, jobType: 'sync' }, 200);
    const { jobId } = job.body;
    await send('GET', `/jobs/${jobId}`, undefined, 200);
    await send('GET', `/jobs?connectionId=${connectionId}&jobType=sync&limit=5`, undefined, 200);
    await send('GET', '/jobs?status=succeeded', undefined, 200);
    await send('GET', '/jobs?orderBy=updatedAt%7CDESC&createdAtStart=2020-01-01T00:00:00Z', undefined, 200);
    await send('DELETE', `/jobs/${jobId}`, undefined, 200);
    await send('POST', '/jobs', { connectionId, jobType: 'clear' }, 200);
    // The document has 404: an unknown job is none that is running.
    await send('GET', '/jobs/987654', undefined, 409);

    await send('GET', `/workspaces/${workspaceId}/definitions/sources`, undefined, 200);
    await send('GET', `/workspaces/${workspaceId}/definitions/destinations`, undefined, 200);
    const declarative = `/workspaces/${workspaceId}/definitions/declarative_sources`;
    await send('GET', declarative, undefined, 200);
    const published = await send('POST', declarative, { name: 'Mine', manifest: SEEDED_MANIFEST }, 200);
    await send('GET', `${declarative}/${published.body.id}`, undefined, 200);
    await send('PUT', `${declarative}/${published.body.id}`, { manifest: SEEDED_MANIFEST }, 200);
    await send('DELETE', `${declarative}/${published.body.id}`, undefined, 200);
    await send('GET', `${declarative}/${published.body.id}`, undefined, 404);

    await send('DELETE', `/connections/${connectionId}`, undefined, 204);
    await send('DELETE', `/sources/${sourceId}`, undefined, 204);
    await send('DELETE', `/destinations/${destinationId}`, undefined, 204);
    await send('GET', '/destinations?includeDeleted=true', undefined, 200);
    expect(unvisited(publicRoutes, here, '/v1')).toEqual([]);
  });

  /** Read in the server's source: the fake answers as the server does, and the client must understand it. */
  test('where the real server breaks its own document, the fake does too', async () => {
    const { airbyte, prism } = here;
    const request = requester(prism.origin, airbyte.settings.bearerToken);
    const broken: Record<string, string> = {
      // An empty list is left out, although `data` is required.
      '/jobs?status=incomplete': 'data',
      // A hard-coded map knows the short name of some connectors only; an empty one is within the document.
      [`/sources/${airbyteId('source', 3)}`]: 'sourceType',
    };
    for (const [path, field] of Object.entries(broken)) {
      const { text } = await request('GET', path);
      expect(text, path).toContain('stoplight.io/prism/errors#VIOLATIONS');
      expect(text, path).toContain(field);
    }
  });

  test('Prism is awake: an answer that breaks the document is found', async () => {
    const { airbyte, prism } = here;
    const request = requester(prism.origin, airbyte.settings.bearerToken);
    airbyte.fault({ path: /organizations$/, kind: 'status', status: 200, body: { data: [{ organizationId: 5 }] } });
    expect((await request('GET', '/organizations')).text).toContain('stoplight.io/prism/errors#VIOLATIONS');
    expect((await request('POST', '/sources', { name: 7 })).text).toContain('stoplight.io/prism/errors');
  });
});

describeWith(['data'], 'the configuration API', () => {
  let here: ProxiedAirbyte;
  beforeAll(async () => {
    here = await startProxied('config-api.subset.json', ({ origin }) => `${origin}/api`);
  });
  afterAll(() => here?.close());

  test('every operation, as the document has it', async () => {
    const { airbyte, send } = here;
    const { sources, destinations, connections, workspaces, declarative, projects, jobs } = airbyte.state;
    const { workspaceId, organizationId } = workspaces[0] ?? { workspaceId: '', organizationId: '' };
    const post = (path: string, body: object, status = 200): ReturnType<Request> =>
      send('POST', `/v1/${path}`, body, status);
    await send('GET', '/v1/health', undefined, 200);
    for (const { id: sourceId, definitionId: sourceDefinitionId } of sources) {
      await post('sources/check_connection', { sourceId });
      await post('sources/discover_schema', { sourceId });
      await post('actor_definition_versions/get_for_source', { sourceId });
      await post('source_definition_specifications/get', { sourceDefinitionId, workspaceId });
    }
    for (const { id: destinationId, definitionId: destinationDefinitionId } of destinations) {
      await post('destinations/check_connection', { destinationId });
      await post('actor_definition_versions/get_for_destination', { destinationId });
      await post('destination_definition_specifications/get', { destinationDefinitionId, workspaceId });
    }
    for (const { connectionId } of connections) {
      await post('state/get', { connectionId });
      await post('web_backend/state/get_type', { connectionId });
      await post('web_backend/connections/get', { connectionId });
      await post('jobs/list', {
        configTypes: ['sync', 'reset_connection', 'refresh', 'clear'],
        configId: connectionId,
      });
    }
    const [{ connectionId } = { connectionId: '' }] = connections;
    const streamState = [{ streamDescriptor: { name: 'users' }, streamState: { updated_at: '2025-02-01' } }];
    const connectionState = { stateType: 'stream', connectionId, streamState };
    await post('state/create_or_update_safe', { connectionId, connectionState });
    const cron = { cronExpression: '0 0 6 * * ?', cronTimeZone: 'Europe/Berlin' };
    await post('connections/update', { connectionId, scheduleType: 'cron', scheduleData: { cron } });
    await post('source_definitions/list_for_workspace', { workspaceId });
    await post('destination_definitions/list_for_workspace', { workspaceId });
    const actorDefinitionId = declarative[0]?.id;
    const builderProjectId = projects[0]?.builderProjectId;
    await post('connector_builder_projects/get_for_definition_id', { actorDefinitionId, workspaceId });
    await post('connector_builder_projects/get_for_definition_id', { actorDefinitionId: FAKER, workspaceId });
    await post('connector_builder_projects/get_with_manifest', { builderProjectId, workspaceId });
    await post('connector_builder_projects/get_with_manifest', { builderProjectId, workspaceId, version: 1 });
    const testingValues = { api_key: 'a-key-for-tests' };
    const spec = SEEDED_MANIFEST.spec.connection_specification;
    await post('connector_builder_projects/update_testing_values', {
      builderProjectId,
      workspaceId,
      spec,
      testingValues,
    });
    await post('workspaces/list_by_organization_id', { organizationId, pagination: { pageSize: 5, rowOffset: 0 } });
    await post('workspaces/get_organization_info', { workspaceId });
    await post('organizations/get_organization_info', { organizationId });
    airbyte.planJob({ milliseconds: Number.POSITIVE_INFINITY });
    const streams = [{ streamName: 'users' }];
    await post('connections/refresh', { connectionId, refreshMode: 'Merge', streams });
    await post('jobs/list', { configTypes: ['refresh'], configId: connectionId });
    // One runs: this one is only noted.
    await post('connections/refresh', { connectionId, refreshMode: 'Truncate' });
    await post('state/create_or_update_safe', { connectionId, connectionState }, 423);
    await post('connections/clear/stream', { connectionId, streams });
    for (const { jobId, attempts } of jobs) {
      await post('jobs/get', { id: jobId });
      for (const logFormat of ['formatted', 'structured'] as const) {
        airbyte.settings.logFormat = logFormat;
        for (const { attemptNumber } of attempts) await post('attempt/get_for_job', { jobId, attemptNumber });
      }
    }
    await post('sources/check_connection', { sourceId: UNKNOWN }, 404);
    await post('state/get', { connectionId: UNKNOWN }, 404);
    await post('jobs/get', { id: 987654 }, 404);
    await post('jobs/list', { configTypes: [] }, 422);
    await post('workspaces/get_organization_info', { workspaceId: UNKNOWN }, 404);
    expect(unvisited(configurationRoutes, here, '/api/v1')).toEqual([]);
  });
});
