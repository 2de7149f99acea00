/** The gate of the cloud realm as a table: every tool, every kind, made here or not, in every combination of both modes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { airbyteId, type FakeAirbyte, SEEDED_MANIFEST, type State } from '../../../fixtures/airbyte/index.ts';
import type { Effect } from '../../safety/index.ts';
import { tools } from '../../tools/index.ts';
import { type CloudTest, startCloud } from '../harness/airbyte.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const NOWHERE = 'a7bcc9d8-13b3-4e49-b80d-d020b90045e3';
const KINDS = ['source', 'destination', 'connection', 'definition'] as const;
type Kind = (typeof KINDS)[number];

/** Ids of one object of each kind without dependents, and of a running job. */
type Objects = Record<Kind, { id: string; name: string }> & { job: number };

interface Row {
  readonly tool: string;
  readonly what: string;
  readonly effect: Effect;
  args(objects: Objects): Record<string, unknown>;
}

const row = (tool: string, what: string, effect: Effect, args: Row['args']): Row => ({ tool, what, effect, args });
const SOURCE = { kind: 'source', name: 'New', allow_duplicate: true, connector: FAKER, config: { count: 3 } };
const NEW: Record<Kind, Record<string, unknown>> = {
  source: SOURCE,
  destination: {
    kind: 'destination',
    name: 'New',
    allow_duplicate: true,
    connector: NOWHERE,
    config: { test_destination: { test_destination_type: 'SILENT' } },
  },
  connection: {
    kind: 'connection',
    name: 'New',
    allow_duplicate: true,
    source_id: airbyteId('source', 1),
    destination_id: airbyteId('destination', 1),
    streams: [{ stream: 'users' }],
    prefix: 'mine_',
  },
  definition: { kind: 'definition', name: 'New', allow_duplicate: true, manifest: SEEDED_MANIFEST },
};
const CHANGES: Record<Kind, Record<string, unknown>> = {
  source: { name: 'Changed' },
  destination: { name: 'Changed' },
  connection: { enabled: false },
  definition: { manifest: { ...SEEDED_MANIFEST, version: '6.1.0' } },
};

const ROWS: readonly Row[] = [
  row('check_cloud_workspace', '', 'read', () => ({})),
  ...['workspace', 'organization', 'source', 'destination', 'connection', 'job', 'definition'].map((kind) =>
    row('list_cloud_objects', kind, 'read', () => ({ kind })),
  ),
  ...KINDS.map((kind) => row('describe_cloud_object', kind, 'read', (of) => ({ kind, id: of[kind].id }))),
  ...(['source', 'destination'] as const).map((kind) =>
    row('check_cloud_connector', kind, 'run', (of) => ({ kind, id: of[kind].id })),
  ),
  ...KINDS.map((kind) => row('create_cloud_object', kind, 'create', () => NEW[kind])),
  ...KINDS.map((kind) =>
    row('update_cloud_object', kind, 'change', (of) => ({ kind, id: of[kind].id, changes: CHANGES[kind] })),
  ),
  row('get_cloud_job', '', 'read', (of) => ({ job_id: of.job })),
  row('cancel_cloud_job', '', 'change', (of) => ({ job_id: of.job })),
  row('run_cloud_sync', 'sync', 'run', (of) => ({ connection_id: of.connection.id, wait_seconds: 0 })),
  ...(['reset', 'refresh', 'clear'] as const).map((type) =>
    row('run_cloud_sync', type, 'destroy', (of) => ({
      connection_id: of.connection.id,
      job_type: type,
      wait_seconds: 0,
    })),
  ),
  // Last, because a session's own object can be deleted only once.
  ...KINDS.map((kind) => row('delete_cloud_object', kind, 'destroy', (of) => ({ kind, ...of[kind] }))),
];

test('every cloud tool is in the table', () => {
  const cloudTools = tools.filter(({ realm }) => realm === 'cloud').map(({ name }) => name);
  expect(new Set(ROWS.map(({ tool }) => tool))).toEqual(new Set(cloudTools));
});

interface Mode {
  readonly safe: boolean;
  readonly readOnly: boolean;
}

const passes = (effect: Effect, own: boolean, { safe, readOnly }: Mode): boolean => {
  if (effect === 'read' || effect === 'run') return true;
  if (readOnly) return false;
  return effect === 'create' || own || !safe;
};

describe.each<Mode>([
  { safe: false, readOnly: false },
  { safe: true, readOnly: false },
  { safe: false, readOnly: true },
  { safe: true, readOnly: true },
])('safe mode $safe, read-only $readOnly', (mode) => {
  let cloud: CloudTest;
  let base: State;
  let theirs: Objects;
  let own: Objects | undefined;

  beforeAll(async () => {
    const environment = {
      AIRBYTE_CLOUD_MCP_SAFE_MODE: mode.safe ? '1' : '0',
      AIRBYTE_CLOUD_MCP_READONLY_MODE: mode.readOnly ? '1' : '0',
    };
    cloud = await startCloud({ environment, airbyte: { jobMilliseconds: Number.POSITIVE_INFINITY } });
    theirs = await somebodyElses(cloud.airbyte);
    own = mode.readOnly ? undefined : await sessionsOwn(cloud);
    base = cloud.airbyte.snapshot();
  }, 60_000);
  afterAll(() => cloud.close());

  test('the listed tools are exactly those with an allowed call', async () => {
    const listed = (await cloud.server.client.listTools()).tools.map(({ name }) => name);
    const possible = ROWS.filter(({ effect }) => passes(effect, true, mode)).map(({ tool }) => tool);
    expect(listed.filter((name) => name.includes('cloud')).sort()).toEqual([...new Set(possible)].sort());
  });

  test('what the gate refuses changes nothing and sends nothing that could; what it lets pass is done', async () => {
    for (const [whose, objects] of [
      ['theirs', theirs],
      ['own', own],
    ] as const) {
      if (!objects) continue;
      for (const { tool, what, effect, args } of ROWS) {
        restore(cloud.airbyte, base);
        const where = `${tool} ${what}, ${whose}`;
        const given = jobsAside(cloud.airbyte, tool, args(objects));
        const before = still(cloud.airbyte);
        const from = cloud.airbyte.requests.length;
        const result = await cloud.server.client.callTool({ name: tool, arguments: given });
        const error = (result.structuredContent as { error?: { code: string; next: string } }).error;
        if (passes(effect, whose === 'own', mode)) {
          expect(error?.code, `${where}: ${JSON.stringify(result.content)}`).toBeUndefined();
          const isSame = JSON.stringify(still(cloud.airbyte)) === JSON.stringify(before);
          expect(isSame, where).toBe(effect === 'read' || tool === 'check_cloud_connector');
          continue;
        }
        expect(error?.code, where).toBe(mode.readOnly ? 'read_only_mode' : 'safe_mode');
        expect(error?.next, where).toContain(
          mode.readOnly ? 'AIRBYTE_CLOUD_MCP_READONLY_MODE=0' : 'AIRBYTE_CLOUD_MCP_SAFE_MODE=0',
        );
        expect(still(cloud.airbyte), where).toEqual(before);
        expect(changesSince(cloud.airbyte, from), where).toEqual([]);
      }
    }
  }, 120_000);
});

/** All arrays of the state as they were. */
function restore(airbyte: FakeAirbyte, base: State): void {
  Object.assign(airbyte.state, structuredClone(base));
}

/** All objects, and of jobs what does not change by time alone. */
function still(airbyte: FakeAirbyte): unknown {
  const { jobs, ...rest } = airbyte.snapshot();
  return {
    ...rest,
    jobs: jobs.map(({ jobId, jobType, status }) => ({ jobId, jobType, cancelled: status === 'cancelled' })),
  };
}

/** A running job blocks another one on its connection. */
function jobsAside({ state }: FakeAirbyte, tool: string, args: Record<string, unknown>): Record<string, unknown> {
  if (tool === 'run_cloud_sync')
    state.jobs = state.jobs.filter(({ status }) => status !== 'running' && status !== 'pending');
  return args;
}

/** Requests that make, change or delete, but for the token and questions of the configuration API. */
function changesSince({ requests }: FakeAirbyte, from: number): string[] {
  return requests
    .slice(from)
    .filter(({ method, path }) => method !== 'GET' && !path.endsWith('/applications/token') && !isQuestion(path))
    .map(({ method, path }) => `${method} ${path}`);
}

function isQuestion(path: string): boolean {
  return path.startsWith('/api/v1/') && /\/(get|get_\w+|list|list_\w+)$/.test(path);
}

/** Objects of each kind that were there before, made over the API by somebody else. */
async function somebodyElses({ publicUrl, settings }: FakeAirbyte): Promise<Objects> {
  const workspaceId = airbyteId('workspace', 1);
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${settings.bearerToken}`, 'content-type': 'application/json' };
    const response = await fetch(`${publicUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.status, path).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  };
  const name = 'Theirs';
  const actor = (path: string, definitionId: string, configuration: object) =>
    post(path, { name, workspaceId, definitionId, configuration });
  const { sourceId } = await actor('/sources', FAKER, {});
  const { destinationId } = await actor('/destinations', NOWHERE, {
    test_destination: { test_destination_type: 'SILENT' },
  });
  const ends = { sourceId: airbyteId('source', 1), destinationId: airbyteId('destination', 1) };
  const { connectionId } = await post('/connections', { name, ...ends });
  const definition = await post(`/workspaces/${workspaceId}/definitions/declarative_sources`, {
    name,
    manifest: SEEDED_MANIFEST,
  });
  const { jobId } = await post('/jobs', { connectionId, jobType: 'sync' });
  const named = (id: unknown) => ({ id: String(id), name });
  return {
    source: named(sourceId),
    destination: named(destinationId),
    connection: named(connectionId),
    definition: named(definition.id),
    job: Number(jobId),
  };
}

async function sessionsOwn({ server }: CloudTest): Promise<Objects> {
  const make = async (kind: Kind): Promise<{ id: string; name: string }> => {
    const { id, name } = await server.call<{ id: string; name: string }>('create_cloud_object', NEW[kind]);
    return { id, name };
  };
  const connection = await make('connection');
  const { job_id: job } = await server.call<{ job_id: number }>('run_cloud_sync', {
    connection_id: connection.id,
    wait_seconds: 0,
  });
  return {
    source: await make('source'),
    destination: await make('destination'),
    connection,
    definition: await make('definition'),
    job,
  };
}
