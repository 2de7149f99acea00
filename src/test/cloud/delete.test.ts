/** Deleting in Airbyte: by exact name, together with dependents or not at all, and the report when it fails halfway. */
import { beforeEach, describe, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST } from '../../../fixtures/airbyte/index.ts';
import { cloudForEach, UNGUARDED } from '../harness/airbyte.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';

interface Deleted {
  readonly deleted: string[];
  readonly kept: string[];
}

const cloud = cloudForEach({ environment: UNGUARDED });

const remove = (args: Record<string, unknown>) => cloud.server.call<Deleted>('delete_cloud_object', args);
const refused = (args: Record<string, unknown>) => cloud.server.fail('delete_cloud_object', args);
const create = async (args: Record<string, unknown>) =>
  (await cloud.server.call<{ id: string }>('create_cloud_object', args)).id;
const deletions = () => cloud.airbyte.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
const audited = async (): Promise<{ object?: { after?: { deleted: string[] } } }[]> => {
  const log =
    (await cloud.workplace.files()).get(`${cloud.workplace.project}/logs/audit.jsonl`)?.toString('utf8') ?? '';
  return log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
};
const idsOf = () => {
  const { sources, destinations, connections, declarative } = cloud.airbyte.state;
  return [
    ...sources.map(({ id }) => id),
    ...destinations.map(({ id }) => id),
    ...connections.map(({ connectionId }) => connectionId),
    ...declarative.map(({ id }) => id),
  ];
};

const PEOPLE = { kind: 'source', id: airbyteId('source', 1), name: 'Sample people' };
const WAREHOUSE = { kind: 'destination', id: airbyteId('destination', 2), name: 'Warehouse' };
const SHOP_LINE = { kind: 'connection', id: airbyteId('connection', 2), name: 'Shop database → Warehouse' };

describe('the exact name', () => {
  test('a name that is not exactly the name of the object is refused', async () => {
    const before = cloud.airbyte.snapshot();
    for (const [object, name] of [
      [PEOPLE, 'sample people'],
      [PEOPLE, 'Sample people '],
      [SHOP_LINE, 'Shop database -> Warehouse'],
      [{ kind: 'definition', id: airbyteId('definition', 1) }, 'Meadow'],
    ] as const) {
      expect(await refused({ ...object, name, cascade: true }), name).toMatchObject({ code: 'name_mismatch' });
      expect(cloud.airbyte.snapshot(), name).toEqual(before);
      expect(deletions(), name).toEqual([]);
    }
  });

  test('a name with invisible characters is shown by its escapes, and differs from the one that looks the same', async () => {
    const [source] = cloud.airbyte.state.sources;
    if (source) source.name = 'Sample\u202e people';
    const error = await refused(PEOPLE);
    expect(error.text).toContain('Sample\\u202e people');
    await remove({ ...PEOPLE, name: 'Sample\u202e people', cascade: true });
    expect(idsOf()).not.toContain(PEOPLE.id);
  });
});

describe('dependent objects', () => {
  test.each([
    [PEOPLE, ['Sample people → Nowhere']],
    [WAREHOUSE, ['Shop database → Warehouse']],
  ])('%j: in_use names it, cascade takes it along', async (object, names) => {
    const error = await refused(object);
    expect(error.code).toBe('in_use');
    for (const name of names) expect(error.text).toContain(name);
    expect(deletions()).toEqual([]);
    const { deleted, text } = await remove({ ...object, cascade: true });
    expect(deleted).toHaveLength(names.length + 1);
    for (const name of names) expect(text).toContain(name);
    expect(idsOf()).not.toContain(object.id);
    // One by one, what depends on it first.
    expect(deletions()).toHaveLength(names.length + 1);
    expect(deletions().at(-1)).toContain(object.id);
  });

  test('a definition: its sources and their connections', async () => {
    const definition = airbyteId('definition', 1);
    cloud.airbyte.state.sources.push({
      ...structuredClone(cloud.airbyte.state.sources[0] as (typeof cloud.airbyte.state.sources)[0]),
      id: airbyteId('source', 8),
      name: 'Meadow',
      definitionId: definition,
      configuration: { api_key: 'k' },
    });
    const line = await create({
      kind: 'connection',
      name: 'Meadow line',
      source_id: airbyteId('source', 8),
      destination_id: airbyteId('destination', 1),
      streams: [{ stream: 'meadows' }],
    });
    const object = { kind: 'definition', id: definition, name: 'Meadow survey' };
    const error = await refused(object);
    expect(error).toMatchObject({ code: 'in_use', details: { total: 2 } });
    await remove({ ...object, cascade: true });
    expect(deletions().map((path) => path.split('/').at(-1))).toEqual([line, airbyteId('source', 8), definition]);
    expect(idsOf()).toContain(airbyteId('connection', 1));
  });

  test('a connection is deleted alone; cascade also deletes its ends unless another connection uses them', async () => {
    const second = await create({
      kind: 'connection',
      name: 'Shop to nowhere',
      source_id: airbyteId('source', 2),
      destination_id: airbyteId('destination', 1),
      streams: [{ stream: 'orders' }],
    });
    const { deleted, kept } = await remove({ ...SHOP_LINE, cascade: true });
    expect(deleted).toEqual([
      `connection "${SHOP_LINE.name}" (${SHOP_LINE.id})`,
      `destination "Warehouse" (${WAREHOUSE.id})`,
    ]);
    expect(kept).toEqual([`source "Shop database" (${airbyteId('source', 2)}), which 1 other connection(s) use`]);
    const alone = await remove({ kind: 'connection', id: second, name: 'Shop to nowhere' });
    expect(alone.deleted).toHaveLength(1);
    expect(alone.kept).toHaveLength(2);
    expect(idsOf()).toEqual(expect.arrayContaining([airbyteId('source', 2), airbyteId('destination', 1)]));
  });

  test('all of many connections, over several pages', async () => {
    const { state } = cloud.airbyte;
    const [first] = state.connections;
    if (!first) throw new Error('the seed has a connection');
    for (let number = 100; number < 350; number += 1) {
      const connectionId = airbyteId('connection', number);
      state.connections.push({
        ...structuredClone(first),
        connectionId,
        name: `line ${number}`,
        sourceId: airbyteId('source', number % 2 ? 1 : 3),
      });
    }
    const error = await refused(PEOPLE);
    expect(error.details).toMatchObject({ total: 126 });
    expect(error.details.dependents).toHaveLength(50);
  });
});

describe('when something happens in between', () => {
  test('a failed deletion reports what was deleted and what was not, and a second call completes it', async () => {
    cloud.airbyte.fault({
      method: 'DELETE',
      path: /\/sources\//,
      times: 1,
      kind: 'status',
      status: 403,
      body: { detail: 'not allowed' },
    });
    const error = await refused({ ...PEOPLE, cascade: true });
    expect(error).toMatchObject({
      code: 'partly_deleted',
      details: {
        failure: 'cloud_forbidden',
        deleted: [`connection "Sample people → Nowhere" (${airbyteId('connection', 1)})`],
        not_deleted: [`source "Sample people" (${PEOPLE.id})`],
      },
    });
    expect(idsOf()).toContain(PEOPLE.id);
    expect(await remove({ ...PEOPLE })).toMatchObject({ deleted: [`source "Sample people" (${PEOPLE.id})`] });
    const [first, second] = await audited();
    expect(first?.object?.after?.deleted).toEqual(error.details.deleted);
    expect(second?.object?.after?.deleted).toEqual([`source "Sample people" (${PEOPLE.id})`]);
  });

  test('an object with a new dependent is not deleted, and the answer gives the reason', async () => {
    const { state } = cloud.airbyte;
    const [line] = structuredClone(state.connections);
    if (!line) throw new Error('the seed has a connection');
    cloud.airbyte.fault({ method: 'DELETE', path: /\/connections\//, times: 1, kind: 'slow', milliseconds: 800 });
    const call = refused({ ...PEOPLE, cascade: true });
    await expect.poll(() => deletions().length, { timeout: 10_000 }).toBe(1);
    state.connections.push({ ...line, connectionId: airbyteId('connection', 50), name: 'quickly made' });
    const error = await call;
    expect(error).toMatchObject({ code: 'partly_deleted', details: { failure: 'new_dependents' } });
    expect(error.text).toContain('quickly made');
    expect(idsOf()).toEqual(expect.arrayContaining([PEOPLE.id, airbyteId('connection', 50)]));
  });

  test('a lost answer, a passing failure or a rate limit deletes the object once', async () => {
    for (const kind of ['cut after', 'error'] as const)
      cloud.airbyte.fault({ method: 'DELETE', path: /\/connections\//, kind });
    cloud.airbyte.fault({ method: 'DELETE', path: /\/sources\//, kind: 'limited', retryAfter: 1 });
    const { deleted } = await remove({ ...PEOPLE, cascade: true });
    expect(deleted).toHaveLength(2);
    expect(idsOf()).not.toContain(PEOPLE.id);
  });

  test('a dependent that somebody else has deleted meanwhile does not stop the deletion', async () => {
    const { state } = cloud.airbyte;
    cloud.airbyte.fault({ method: 'GET', path: /\/connections$/, kind: 'slow', milliseconds: 800 });
    const call = remove({ ...PEOPLE, cascade: true });
    await expect
      .poll(() => cloud.airbyte.requests.some(({ path }) => path.endsWith('/connections')), { timeout: 10_000 })
      .toBe(true);
    const [theirs] = state.connections.splice(0, 1);
    if (theirs) state.deleted.connections.push({ ...theirs, status: 'deprecated' });
    expect((await call).deleted).toHaveLength(2);
    expect(deletions()).toHaveLength(2);
    expect(idsOf()).not.toContain(PEOPLE.id);
  });
});

describe('safe mode', () => {
  beforeEach(async () => {
    await cloud.restart();
  });
  const people = { kind: 'source', name: 'Mine', connector: FAKER, config: { count: 3 } };
  const nowhere = airbyteId('destination', 1);
  const survey = { kind: 'definition', name: 'Brook survey', manifest: { ...SEEDED_MANIFEST, spec: undefined } };

  test('a session may delete its own object once; then the ledger does not list it', async () => {
    const id = await create(people);
    await remove({ kind: 'source', id, name: 'Mine' });
    expect(idsOf()).not.toContain(id);
    expect(await refused({ kind: 'source', id, name: 'Mine' })).toMatchObject({ code: 'cloud_deleted' });
    const { created } = await cloud.server.call<{ created?: unknown[] }>('get_status');
    expect(JSON.stringify(created ?? [])).not.toContain(id);
  });

  test('deleting a connection of this session does not delete a source that existed before', async () => {
    const streams = [{ stream: 'users' }];
    const ends = { source_id: PEOPLE.id, destination_id: nowhere };
    const id = await create({ kind: 'connection', name: 'Line', ...ends, streams });
    cloud.airbyte.state.connections = cloud.airbyte.state.connections.filter(({ connectionId }) => connectionId === id);
    const error = await refused({ kind: 'connection', id, name: 'Line', cascade: true });
    expect(error.code).toBe('safe_mode');
    expect(error.message).toContain('Sample people');
    expect(idsOf()).toEqual(expect.arrayContaining([id, PEOPLE.id, nowhere]));
    await remove({ kind: 'connection', id, name: 'Line' });
    expect(idsOf()).not.toContain(id);
    expect(idsOf()).toEqual(expect.arrayContaining([PEOPLE.id, nowhere]));
  });

  test("a source of this session is not deleted if somebody else's connection uses it", async () => {
    const id = await create(people);
    const { state } = cloud.airbyte;
    state.connections.push({
      ...structuredClone(state.connections[0] as (typeof state.connections)[0]),
      connectionId: airbyteId('connection', 60),
      name: 'Theirs',
      sourceId: id,
    });
    for (const cascade of [false, true]) {
      const error = await refused({ kind: 'source', id, name: 'Mine', cascade });
      expect(error.code).toBe('safe_mode');
      expect(error.message).toContain('Theirs');
    }
    expect(idsOf()).toContain(id);
  });

  test("a definition of this session keeps its manifest if somebody else's source uses it", async () => {
    const id = await create(survey);
    const change = { kind: 'definition', id, changes: { manifest: { ...SEEDED_MANIFEST, version: '6.1.0' } } };
    await cloud.server.call('update_cloud_object', change);
    const { sources } = cloud.airbyte.state;
    const theirs = structuredClone(sources[0] as (typeof sources)[0]);
    sources.push({ ...theirs, id: airbyteId('source', 60), name: 'Theirs', definitionId: id });
    const error = await cloud.server.fail('update_cloud_object', change);
    expect(error.code).toBe('safe_mode');
    expect(error.message).toContain('Theirs');
  });

  test('a definition, source and connection of this session are deleted together', async () => {
    const connector = await create(survey);
    const source = await create({ kind: 'source', name: 'Brook', connector, config: {} });
    await create({
      kind: 'connection',
      name: 'Brook line',
      source_id: source,
      destination_id: nowhere,
      streams: [{ stream: 'meadows' }],
    });
    const before = idsOf().length;
    const { deleted } = await remove({ kind: 'definition', id: connector, name: 'Brook survey', cascade: true });
    expect(deleted).toHaveLength(3);
    expect(idsOf()).toHaveLength(before - 3);
  });
});
