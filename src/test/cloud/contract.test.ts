/** The client and the published API agree: each request that it can make is accepted, each answer that there can be is understood. */
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Cloud, type ConnectionStream, JOB_STATES, JOB_TYPES } from '../../cloud/index.ts';
import { SluiceError } from '../../errors.ts';
import { openCloud } from '../harness/cloud-client.ts';
import { type PublishedAirbyte, startPublishedAirbyte } from '../harness/published-airbyte.ts';
import { describeWith } from '../harness/requirements.ts';

const ID = '6f0e3b6e-9b1c-4a53-8f4e-2c9f0a1b7d11';
const OTHER = '0b8e7b6a-51a9-4a3f-9d0e-71a2f5a3c4e2';
const PAGE = { offset: 20, limit: 100 };
const ROUNDS = 12;
const KINDS = ['source', 'destination'] as const;
const { signal } = new AbortController();

const STREAMS: ConnectionStream[] = [
  {
    name: 'users',
    namespace: 'public',
    mode: 'incremental_deduped_history',
    cursorField: ['at'],
    primaryKey: [['id']],
  },
  { name: 'orders', mode: 'full_refresh_overwrite', fields: [['id']] },
  { name: 'bare' },
];

type Call = (cloud: Cloud) => unknown;

/** Every method of the client, with every form that its request can take. */
const CALLS: Record<string, readonly Call[]> = {
  addresses: [(cloud) => cloud.addresses()],
  lastContact: [(cloud) => cloud.lastContact()],
  identity: [(cloud) => cloud.identity(signal)],
  'workspaces.list': [(cloud) => cloud.workspaces.list(PAGE, signal)],
  'workspaces.get': [(cloud) => cloud.workspaces.get(ID, signal)],
  'workspaces.choose': [
    (cloud) => cloud.workspaces.choose(ID, signal),
    // How many there are is up to the mock.
    (cloud) => unless(cloud.workspaces.choose(undefined, signal), /^(several_workspaces|no_workspace)$/),
  ],
  'workspaces.organization': [(cloud) => cloud.workspaces.organization(ID, signal)],
  'organizations.info': [(cloud) => cloud.organizations.info(ID, signal)],
  'connections.tags': [(cloud) => cloud.connections.tags(ID, signal)],
  'organizations.list': [(cloud) => cloud.organizations.list(signal)],
  'actors.list': KINDS.map((kind) => (cloud: Cloud) => cloud.actors.list(kind, ID, PAGE, signal)),
  'actors.get': KINDS.map((kind) => (cloud: Cloud) => cloud.actors.get(kind, ID, signal)),
  'actors.create': KINDS.map((kind) => (cloud: Cloud) => {
    const configuration = { host: 'db.example.com', nested: { port: 5432 } };
    return cloud.actors.create(kind, { name: 'New', workspaceId: ID, definitionId: OTHER, configuration });
  }),
  'actors.update': KINDS.flatMap((kind) => [
    (cloud: Cloud) => cloud.actors.update(kind, ID, { name: 'Renamed' }),
    (cloud: Cloud) => cloud.actors.update(kind, ID, { configuration: { host: 'other.example.com' } }),
  ]),
  'actors.replace': KINDS.flatMap((kind) => [
    (cloud: Cloud) => cloud.actors.replace(kind, ID, { configuration: { host: 'other.example.com' } }),
    (cloud: Cloud) => cloud.actors.replace(kind, ID, { name: 'Renamed', configuration: {} }),
  ]),
  'actors.delete': KINDS.map((kind) => (cloud: Cloud) => cloud.actors.delete(kind, ID)),
  'actors.check': KINDS.map((kind) => (cloud: Cloud) => cloud.actors.check(kind, ID, signal)),
  'actors.spec': KINDS.map((kind) => (cloud: Cloud) => cloud.actors.spec(kind, OTHER, ID, signal)),
  'actors.streams': [
    (cloud) => cloud.actors.streams(ID, {}, signal),
    (cloud) => cloud.actors.streams(ID, { destinationId: OTHER, ignoreCache: true }, signal),
  ],
  'connections.list': [(cloud) => cloud.connections.list(ID, PAGE, signal)],
  'connections.get': [(cloud) => cloud.connections.get(ID, signal)],
  'connections.create': [
    (cloud) => cloud.connections.create({ sourceId: ID, destinationId: OTHER }),
    (cloud) =>
      cloud.connections.create({
        sourceId: ID,
        destinationId: OTHER,
        name: 'Both',
        enabled: false,
        schedule: '0 0 6 * * ? UTC',
        prefix: 'a_',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Airbyte's own placeholder
        namespace: 'raw_${SOURCE_NAMESPACE}',
        schemaChanges: 'propagate_fully',
        tags: [{ id: ID, name: 'nightly', workspaceId: OTHER, color: 'FF0000' }],
        streams: STREAMS,
      }),
  ],
  'connections.update': [
    (cloud) => cloud.connections.update(ID, { name: 'Renamed' }),
    (cloud) => cloud.connections.update(ID, { enabled: true, schedule: 'manual' }),
    (cloud) => cloud.connections.update(ID, { schedule: '0 0 6 * * ? UTC', prefix: '', streams: STREAMS }),
  ],
  'connections.setCron': [(cloud) => cloud.connections.setCron(ID, '0 0 6 * * ?', 'Europe/Berlin')],
  'connections.delete': [(cloud) => cloud.connections.delete(ID)],
  'connections.state': [(cloud) => cloud.connections.state(ID, signal)],
  'connections.catalog': [(cloud) => cloud.connections.catalog(ID, signal)],
  'jobs.list': [
    (cloud) => cloud.jobs.list({}, PAGE, signal),
    ...JOB_TYPES.map((type) => (cloud: Cloud) => cloud.jobs.list({ type, oldestFirst: true }, PAGE, signal)),
    ...JOB_STATES.map(
      (state) => (cloud: Cloud) => cloud.jobs.list({ workspaceId: ID, connectionId: OTHER, state }, PAGE, signal),
    ),
  ],
  'jobs.get': [(cloud) => cloud.jobs.get(17, signal)],
  'jobs.create': (['sync', 'reset', 'clear'] as const).map((type) => (cloud: Cloud) => cloud.jobs.create(ID, type)),
  'jobs.clearStreams': [(cloud) => cloud.jobs.clearStreams(ID, STREAMS)],
  'jobs.refresh': [
    (cloud) => cloud.jobs.refresh(ID, 'Merge', []),
    (cloud) => cloud.jobs.refresh(ID, 'Truncate', STREAMS),
  ],
  'jobs.cancel': [(cloud) => cloud.jobs.cancel(17)],
  'jobs.attempts': JOB_TYPES.map((type) => (cloud: Cloud) => {
    const job = { id: 17, connectionId: ID, type, state: 'failed' } as const;
    return cloud.jobs.attempts(job, signal);
  }),
  'jobs.log': [(cloud) => cloud.jobs.log(17, 0, signal)],
  'definitions.list': [(cloud) => cloud.definitions.list(ID, signal)],
  'definitions.get': [(cloud) => cloud.definitions.get(ID, OTHER, signal)],
  'definitions.create': [(cloud) => cloud.definitions.create(ID, { name: 'Mine', manifest: { version: '6.0.0' } })],
  'definitions.update': [(cloud) => cloud.definitions.update(ID, OTHER, { version: '6.0.0' })],
  'definitions.delete': [(cloud) => cloud.definitions.delete(ID, OTHER)],
  'definitions.setTestingValues': [
    (cloud) => cloud.definitions.setTestingValues(ID, OTHER, { type: 'object' }, { api_key: 'a' }),
  ],
  'definitions.draft': [(cloud) => cloud.definitions.draft(ID, OTHER, signal)],
};

describeWith(['data'], 'the published API', () => {
  let airbyte: PublishedAirbyte;
  let environment: Record<string, string>;
  beforeAll(async () => {
    airbyte = await startPublishedAirbyte(join(process.env.SLUICE_TEST_DATA ?? '', 'airbyte-api'));
    environment = {
      AIRBYTE_CLOUD_API_URL: airbyte.publicUrl,
      AIRBYTE_CLOUD_CLIENT_ID: ID,
      AIRBYTE_CLOUD_CLIENT_SECRET: 'any-secret-will-do',
    };
  });
  beforeEach(() => void airbyte.recorded.splice(0));
  afterAll(() => airbyte?.close());

  /** Each request was answered, at once and as asked: a repetition would hide what was refused. */
  const expectAccepted = (): void => {
    const sent = airbyte.recorded.splice(0);
    expect(sent.length).toBeGreaterThan(0);
    for (const each of sent) expect(each).toMatchObject({ status: expect.toSatisfy((s) => s < 300), unknown: [] });
  };

  test('every method of the client is in this file', () => {
    expect(Object.keys(CALLS).sort()).toEqual(methodsOf(openCloud(environment).cloud).sort());
  });

  test('a token is requested as the document describes, and later requests carry it', async () => {
    await openCloud(environment).cloud.workspaces.get(ID, signal);
    expect(airbyte.recorded.map(({ request }) => request)).toEqual([
      'POST /applications/token',
      `GET /workspaces/${ID}`,
    ]);
    expectAccepted();
  });

  test.each(Object.keys(CALLS).filter((name) => !['addresses', 'lastContact'].includes(name)))('%s', async (name) => {
    const { cloud } = openCloud(environment);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const call of CALLS[name] ?? []) await call(cloud);
    }
    expectAccepted();
  });

  test('a workspace is chosen within an organization', async () => {
    const { cloud } = openCloud({ ...environment, AIRBYTE_CLOUD_ORGANIZATION_ID: OTHER });
    await unless(cloud.workspaces.choose(undefined, signal), /^(several_workspaces|no_workspace)$/);
    expect(airbyte.recorded.map(({ request }) => request)).toContain('POST /v1/workspaces/list_by_organization_id');
    expectAccepted();
  });
});

async function unless(work: Promise<unknown>, code: RegExp): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof SluiceError && code.test(error.code))) throw error;
  });
}

function methodsOf(cloud: Cloud): string[] {
  const walk = (value: object, path: string): string[] =>
    Object.entries(value).flatMap(([key, inner]) =>
      typeof inner === 'function' ? [`${path}${key}`] : walk(inner, `${path}${key}.`),
    );
  return walk(cloud, '');
}
