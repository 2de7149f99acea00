/** Safe mode as a property: no sequence of calls changes or destroys what the session did not create, whoever else works there. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST, type State } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud } from '../harness/airbyte.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const NOWHERE = 'a7bcc9d8-13b3-4e49-b80d-d020b90045e3';
const KINDS = ['source', 'destination', 'connection', 'definition'] as const;
const LIMIT_MS = 15_000;

let cloud: CloudTest;
let seed: State;
beforeAll(async () => {
  cloud = await startCloud({ airbyte: { jobMilliseconds: Number.POSITIVE_INFINITY } });
  seed = cloud.airbyte.snapshot();
});
afterAll(() => cloud.close());

const kind = fc.constantFrom(...KINDS);
/** Small: calls must meet on the same few objects. */
const pick = fc.nat(5);
const step = fc.oneof(
  fc.record({ act: fc.constant('create' as const), kind, pick, other: pick }),
  fc.record({ act: fc.constant('update' as const), kind, pick, other: pick }),
  fc.record({
    act: fc.constant('delete' as const),
    kind,
    pick,
    cascade: fc.boolean(),
    named: fc.constantFrom(true, true, true, false),
  }),
  fc.record({ act: fc.constant('run' as const), pick, type: fc.constantFrom('sync', 'reset', 'refresh', 'clear') }),
  fc.record({ act: fc.constant('cancel' as const), pick }),
  fc.record({ act: fc.constant('somebody' as const), pick, other: pick }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Ids of what is not the session's: of the seed, and what somebody else made in between. */
interface Others {
  readonly connections: Set<string>;
  readonly jobs: Set<number>;
}

test('no sequence of calls changes what existed before', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { maxLength: 12 }), async (rounds) => {
      const { airbyte } = cloud;
      // A number that a job of this session had must not come up again as somebody else's.
      const last = [...airbyte.state.jobs].sort((one, other) => one.jobId - other.jobId).at(-1);
      Object.assign(airbyte.state, structuredClone(seed));
      if (last) airbyte.state.jobs.push({ ...last, plan: { ...last.plan, milliseconds: 0 } });
      const others: Others = {
        connections: new Set(seed.connections.map(({ connectionId }) => connectionId)),
        jobs: new Set(seed.jobs.map(({ jobId }) => jobId)),
      };
      for (const round of rounds) {
        const before = theirsIn(airbyte.snapshot(), others);
        // Calls of one round run at once.
        const codes = await Promise.all(round.filter(({ act }) => act !== 'somebody').map(call));
        for (const code of codes) outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
        expect(theirsIn(airbyte.snapshot(), others), JSON.stringify(round)).toEqual(before);
        for (const one of round) if (one.act === 'somebody') somebodyElse(one, others);
      }
    }),
    { numRuns: 500, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: false },
  );
  // It would prove nothing if all calls were refused, or none.
  expect(outcomes.get('safe_mode') ?? 0).toBeGreaterThan(20);
  for (const operation of ['create', 'update', 'delete', 'run', 'cancel']) {
    expect(outcomes.get(`${operation} done`) ?? 0, operation).toBeGreaterThan(0);
  }
}, 60_000);

/** What a sync may change of somebody else's connection is its state; what time changes is a job's. */
function theirsIn(state: State, others: Others): unknown {
  const seeded = <T>(list: readonly T[], idOf: (item: T) => string): Set<string> => new Set(list.map(idOf));
  const [sources, destinations, declarative, projects] = [
    seeded(seed.sources, ({ id }) => id),
    seeded(seed.destinations, ({ id }) => id),
    seeded(seed.declarative, ({ id }) => id),
    seeded(seed.projects, ({ builderProjectId }) => builderProjectId),
  ];
  const { connections } = state;
  const used = new Set(
    connections
      .filter(({ connectionId }) => others.connections.has(connectionId))
      .flatMap(({ sourceId, destinationId }) => [sourceId, destinationId]),
  );
  // What somebody else's connection uses must exist, whoever created it; its creator may change it.
  const ends = [...state.sources, ...state.destinations].map(({ id }) => id).filter((id) => used.has(id));
  return {
    ends: ends.sort(),
    sources: state.sources.filter(({ id }) => sources.has(id)),
    destinations: state.destinations.filter(({ id }) => destinations.has(id)),
    declarative: state.declarative.filter(({ id }) => declarative.has(id)),
    projects: state.projects.filter(({ builderProjectId }) => projects.has(builderProjectId)),
    workspaces: state.workspaces,
    connections: connections
      .filter(({ connectionId }) => others.connections.has(connectionId))
      .map(({ state: _, ...rest }) => rest),
    jobs: state.jobs
      .filter(({ jobId }) => others.jobs.has(jobId))
      .map(({ jobId, status }) => ({ jobId, cancelled: status === 'cancelled' })),
  };
}

/** @returns the error's code, or which operation was done */
async function call(given: Step): Promise<string> {
  const { name, args } = asCall(given);
  const result = await cloud.server.client.callTool({ name, arguments: args });
  const error = (result.structuredContent as { error?: { code: string } }).error;
  expect(error?.code, JSON.stringify(result.content)).not.toBe('internal_error');
  return error?.code ?? `${given.act} done`;
}

function asCall(given: Step): { name: string; args: Record<string, unknown> } {
  const { state } = cloud.airbyte;
  if (given.act === 'create')
    return { name: 'create_cloud_object', args: newObject(given.kind, given.pick, given.other) };
  if (given.act === 'update') {
    const { id } = objectOf(given.kind, given.pick);
    return { name: 'update_cloud_object', args: { kind: given.kind, id, changes: changesOf(given.kind, given.other) } };
  }
  if (given.act === 'delete') {
    const { id, name } = objectOf(given.kind, given.pick);
    const args = { kind: given.kind, id, name: given.named ? name : `${name}.`, cascade: given.cascade };
    return { name: 'delete_cloud_object', args };
  }
  if (given.act === 'run') {
    const { id } = objectOf('connection', given.pick);
    return { name: 'run_cloud_sync', args: { connection_id: id, job_type: given.type, wait_seconds: 0 } };
  }
  return { name: 'cancel_cloud_job', args: { job_id: at(state.jobs, given.pick)?.jobId ?? 1 } };
}

function newObject(kind: (typeof KINDS)[number], pick: number, other: number): Record<string, unknown> {
  const common = { kind, name: `Mine ${pick}`, allow_duplicate: true };
  if (kind === 'source') return { ...common, connector: FAKER, config: { count: other + 1 } };
  if (kind === 'definition') return { ...common, manifest: SEEDED_MANIFEST };
  if (kind === 'destination') {
    return { ...common, connector: NOWHERE, config: { test_destination: { test_destination_type: 'SILENT' } } };
  }
  const [source, destination] = [objectOf('source', pick).id, objectOf('destination', other).id];
  const stream =
    cloud.airbyte.state.sources.find(({ id }) => id === source)?.definitionId === FAKER ? 'users' : 'orders';
  return { ...common, source_id: source, destination_id: destination, streams: [{ stream }] };
}

function changesOf(kind: (typeof KINDS)[number], other: number): Record<string, unknown> {
  if (kind === 'connection') return other % 2 ? { enabled: other % 3 === 0 } : { name: `Line ${other}`, prefix: 'x_' };
  if (kind === 'definition') return { manifest: { ...SEEDED_MANIFEST, version: `6.${other}.0` } };
  return { name: `Changed ${other}` };
}

/** The newest first: those that the session made come up as often as the old ones. */
function objectOf(kind: (typeof KINDS)[number], pick: number): { id: string; name: string } {
  const { sources, destinations, connections, declarative } = cloud.airbyte.state;
  const lists = {
    source: sources,
    destination: destinations,
    connection: connections.map(({ connectionId: id, name }) => ({ id, name })),
    definition: declarative,
  };
  return at([...lists[kind]].reverse(), pick) ?? { id: airbyteId(kind, 77), name: 'none' };
}

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

/** A connection on anything that there is, what the session made included, and a job on anything. */
function somebodyElse({ pick, other }: { pick: number; other: number }, others: Others): void {
  const { state } = cloud.airbyte;
  const [pattern, past] = [seed.connections[0], seed.jobs[0]];
  if (!pattern || !past) throw new Error('the seed has a connection and a job');
  const connectionId = airbyteId('connection', 5_000 + state.connections.length + others.connections.size);
  const [sourceId, destinationId] = [objectOf('source', pick).id, objectOf('destination', other).id];
  state.connections.push({ ...structuredClone(pattern), connectionId, name: 'Theirs', sourceId, destinationId });
  others.connections.add(connectionId);
  const jobId = Math.max(...state.jobs.map((job) => job.jobId)) + 1;
  const plan = { ...past.plan, milliseconds: Number.POSITIVE_INFINITY };
  const onIt = objectOf('connection', pick).id;
  state.jobs.push({
    ...structuredClone(past),
    jobId,
    connectionId: onIt,
    status: 'running',
    attempts: [],
    createdAt: Date.now(),
    plan,
  });
  others.jobs.add(jobId);
}
