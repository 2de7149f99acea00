/** Connections and definitions made in Airbyte. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST } from '../../../fixtures/airbyte/index.ts';
import { cloudForEach } from '../harness/airbyte.ts';
import { syncOut } from '../harness/calls.ts';
import { saveLocal } from '../harness/local-source.ts';
import { MEADOW, ROOT } from '../harness/workplace.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const ENDS = { source_id: airbyteId('source', 1), destination_id: airbyteId('destination', 1) };

interface Created {
  readonly schedule?: string;
  readonly next_run?: string;
  readonly warnings?: string[];
  readonly id: string;
  readonly next: string;
  readonly streams?: { stream: string; mode?: string }[];
}

const cloud = cloudForEach();

const create = (args: Record<string, unknown>) => cloud.server.call<Created>('create_cloud_object', args);
const refused = (args: Record<string, unknown>) => cloud.server.fail('create_cloud_object', args);
const posts = (path: RegExp) =>
  cloud.airbyte.requests.filter((request) => request.method === 'POST' && path.test(request.path));

describe('connections', () => {
  const connect = { kind: 'connection', name: 'People', ...ENDS };

  test('modes follow the offer of the stream, or the request', async () => {
    const made = await create({
      ...connect,
      streams: [{ stream: 'users' }, { stream: 'products', mode: 'full_refresh_append' }],
      prefix: 'p_',
      schedule: '0 0 6 * * ?',
    });
    expect(made.streams).toEqual([
      { stream: 'users', mode: 'incremental_deduped_history' },
      { stream: 'products', mode: 'full_refresh_append' },
    ]);
    expect(cloud.airbyte.state.connections.at(-1)).toMatchObject({
      connectionId: made.id,
      name: 'People',
      prefix: 'p_',
      schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ? UTC' },
    });
    expect(made.next).toContain(`run_cloud_sync with connection_id ${made.id}`);
  });

  test('a stream without a key is appended, one without a cursor is read in full; cursor and key may be given', async () => {
    const shop = {
      kind: 'connection',
      name: 'Shop',
      source_id: airbyteId('source', 2),
      destination_id: airbyteId('destination', 2),
    };
    const made = await create({ ...shop, streams: [{ stream: 'public.orders' }, { stream: 'notes' }] });
    expect(made.streams).toEqual([
      { stream: 'public.orders', mode: 'incremental_deduped_history' },
      { stream: 'public.notes', mode: 'full_refresh_overwrite' },
    ]);
  });

  test('streams that the source does not offer as given are refused before a connection is sent', async () => {
    for (const [code, streams] of [
      ['mode_not_offered', [{ stream: 'users', mode: 'incremental' }]],
      ['unknown_stream', [{ stream: 'user' }]],
      ['stream_twice', [{ stream: 'users' }, { stream: 'users' }]],
      ['cursor_not_used', [{ stream: 'users', mode: 'full_refresh_append', cursor_field: 'updated_at' }]],
      ['cursor_field_defined_by_source', [{ stream: 'users', cursor_field: 'id' }]],
      ['primary_key_defined_by_source', [{ stream: 'users', primary_key: ['name'] }]],
      ['no_streams', []],
    ] as const) {
      const error = await refused({ ...connect, streams });
      expect(error.code, code).toBe(code);
      if (code === 'mode_not_offered') expect(error.next, code).toContain('incremental_append');
      if (code === 'unknown_stream') expect(error.next, code).toContain('users');
      expect(posts(/\/connections$/), code).toEqual([]);
    }
  });

  test('without streams the error lists those that there are', async () => {
    const error = await refused(connect);
    expect(error).toMatchObject({ code: 'no_streams', details: { offered: ['users', 'products', 'purchases'] } });
  });

  test('a schedule comes back with its time zone and the next run; another zone than UTC by the other API', async () => {
    const streams = [{ stream: 'users' }];
    const nightly = await create({ ...connect, allow_duplicate: true, streams, schedule: '0 0 3 * * ?' });
    expect(nightly).toMatchObject({ schedule: '0 0 3 * * ?', time_zone: 'UTC' });
    expect(nightly.next_run).toMatch(/T03:00:00\.000Z$/);
    const workdays = await create({
      ...connect,
      allow_duplicate: true,
      streams,
      schedule: '0 30 6 ? * MON-FRI Asia/Kolkata',
    });
    expect(workdays).toMatchObject({ schedule: '0 30 6 ? * MON-FRI', time_zone: 'Asia/Kolkata' });
    expect(workdays.next_run).toMatch(/T01:00:00\.000Z$/);
    expect(workdays.text).toContain(`next run ${workdays.next_run}`);
    const scheduleOf = (id: string) =>
      cloud.airbyte.state.connections.find(({ connectionId }) => connectionId === id)?.schedule;
    expect(scheduleOf(workdays.id)?.cronExpression).toBe('0 30 6 ? * MON-FRI Asia/Kolkata');
    const manual = await create({ ...connect, allow_duplicate: true, streams });
    expect(manual).toMatchObject({ schedule: 'manual' });
    expect(manual.next_run).toBeUndefined();
    const change = (changes: object) =>
      cloud.server.call('update_cloud_object', { kind: 'connection', id: manual.id, changes });
    await change({ name: 'At noon', schedule: '0 0 12 * * ? America/New_York' });
    expect(scheduleOf(manual.id)?.cronExpression).toBe('0 0 12 * * ? America/New_York');
    await change({ schedule: 'manual' });
    expect(scheduleOf(manual.id)).toEqual({ scheduleType: 'manual' });
    cloud.airbyte.fault({ path: /connections\/update$/, kind: 'status', status: 403 });
    const unset = await create({ ...connect, allow_duplicate: true, streams, schedule: '0 0 3 * * ? Europe/Berlin' });
    expect(unset.warnings?.join()).toContain('It has no schedule');
  });

  test('schedules that Airbyte does not accept are refused before they are sent, with the reason', async () => {
    const reasons: Record<string, RegExp> = {
      '0 6 * * *': /lacks the seconds/,
      daily: /neither six nor seven/,
      '* * * * * * * *': /neither six nor seven/,
      '* 0 6 * * ?': /seconds must be a plain number/,
      '0/30 0 6 * * ?': /seconds must be a plain number/,
      '0 */15 * * * ?': /once an hour/,
      '0 0,30 * * * ? 2030': /once an hour/,
      '0 0 6 * * ? Europe/Nowhere': /not a time zone/,
    };
    for (const [schedule, reason] of Object.entries(reasons)) {
      const error = await refused({ ...connect, streams: [{ stream: 'users' }], schedule });
      expect(error, schedule).toMatchObject({ code: 'bad_schedule', message: expect.stringMatching(reason) });
    }
    expect(posts(/\/connections$/)).toEqual([]);
  });

  test('ends of two workspaces, or of another one than is named', async () => {
    await cloud.restart({ airbyte: { workspaces: ['Workshop', 'Attic'] } });
    const { state } = cloud.airbyte;
    const attic = airbyteId('workspace', 2);
    state.destinations.push({
      ...(state.destinations[0] as (typeof state.destinations)[0]),
      id: airbyteId('destination', 9),
      workspaceId: attic,
    });
    const apart = { ...connect, destination_id: airbyteId('destination', 9), streams: [{ stream: 'users' }] };
    expect(await refused(apart)).toMatchObject({ code: 'other_workspace' });
    expect(await refused({ ...connect, streams: [{ stream: 'users' }], workspace_id: attic })).toMatchObject({
      code: 'other_workspace',
    });
    expect(await refused({ kind: 'source', name: 'x', connector: FAKER, config: {} })).toMatchObject({
      code: 'several_workspaces',
    });
    const made = await create({ kind: 'source', name: 'x', connector: FAKER, config: {}, workspace_id: attic });
    expect(state.sources.find(({ id }) => id === made.id)?.workspaceId).toBe(attic);
  });

  test('with from_source: the streams and modes of the last local sync', async () => {
    const meadow = {
      connector: MEADOW,
      runtime: 'executable',
      config: { count: 5, api_key: 'secret_reference::MEADOW_API_KEY' },
    };
    await cloud.server.call('save_source', { name: 'meadow', ...meadow });
    await syncOut(cloud.server, {
      source: 'meadow',
      streams: ['users', 'orders'],
      options: [{ stream: 'orders', mode: 'full_refresh_append' }],
    });
    const [faker] = cloud.airbyte.state.definitions;
    faker?.streams.push({ name: 'orders', cursor: 'id', primaryKey: ['id'], fields: {} });
    const made = await create({ ...connect, from_source: 'meadow' });
    expect(made.streams).toEqual([
      { stream: 'users', mode: 'incremental_deduped_history' },
      { stream: 'orders', mode: 'full_refresh_append' },
    ]);
  });

  test('from_source is refused if it was never synced, is not saved, or is given together with streams', async () => {
    await saveLocal(cloud.workplace, 'source', {
      name: 'people',
      connector: 'source-faker',
      version: '6.2.24',
      config: {},
    });
    expect(await refused({ ...connect, from_source: 'people' })).toMatchObject({ code: 'never_synced' });
    expect(await refused({ ...connect, from_source: 'people', streams: [] })).toMatchObject({
      code: 'argument_does_not_fit',
    });
    expect(await refused({ ...connect, from_source: 'nobody' })).toMatchObject({ code: 'unknown_source' });
  });
});

describe('definitions', () => {
  test('from an object', async () => {
    const made = await create({ kind: 'definition', name: 'Inline', manifest: SEEDED_MANIFEST });
    expect(cloud.airbyte.state.declarative.at(-1)).toMatchObject({
      id: made.id,
      name: 'Inline',
      manifest: SEEDED_MANIFEST,
    });
    expect(made.next).toContain(made.id);
  });

  const { check: _, ...unchecked } = SEEDED_MANIFEST;
  test('a manifest with an error is refused before it is sent', async () => {
    for (const [code, words, manifest] of [
      ['bad_manifest', 'no check', unchecked],
      ['bad_manifest', 'neither streams', { ...SEEDED_MANIFEST, streams: [] }],
      ['bad_manifest', 'not an object', { ...SEEDED_MANIFEST, streams: ['meadows'] }],
      ['bad_manifest', 'no retriever', { ...SEEDED_MANIFEST, streams: [{ name: 'meadows' }] }],
      ['bad_manifest', 'refers to something', { ...SEEDED_MANIFEST, streams: ['#/definitions/none'] }],
      ['bad_manifest', 'DeclarativeSource', { ...SEEDED_MANIFEST, type: 'Other' }],
      ['manifest_brings_code', 'class_name', { ...SEEDED_MANIFEST, definitions: { x: { class_name: 'os.system' } } }],
    ] as const) {
      const error = await refused({ kind: 'definition', name: 'Bad', manifest });
      expect(error.code, words).toBe(code);
      expect(error.text, words).toContain(words);
      expect(posts(/declarative_sources$/), words).toEqual([]);
    }
  });

  test('a YAML file with references and aliases is published unchanged in meaning; in a folder of Sluice or as the env file it is not read', async () => {
    const folder = join(ROOT, 'fixtures', 'manifests');
    await cloud.restart({ environment: { SLUICE_CONFIG_DIRS: `${folder}:${cloud.workplace.directory}` } });
    const define = { kind: 'definition', name: 'Quarry' };
    const made = await create({ ...define, manifest_path: join(folder, 'quarry.yaml') });
    const published = cloud.airbyte.state.declarative.find(({ id }) => id === made.id);
    expect(published?.manifest).toMatchObject({ type: 'DeclarativeSource', version: expect.any(String) });
    expect(JSON.stringify(published?.manifest)).toContain('#/definitions/');
    const exported = join(cloud.workplace.project, 'exports', 'made.json');
    await mkdir(join(cloud.workplace.project, 'exports'), { recursive: true });
    await writeFile(exported, JSON.stringify(SEEDED_MANIFEST));
    expect(await refused({ ...define, manifest_path: exported })).toMatchObject({ code: 'manifest_outside' });
    expect(await refused({ ...define, manifest_path: cloud.workplace.envFile })).toMatchObject({
      code: 'manifest_unreadable',
    });
    expect(await refused({ ...define, manifest_path: 'quarry.yaml' })).toMatchObject({ code: 'manifest_unreadable' });
  });

  test('a file outside of the folders that are allowed is not read', async () => {
    const path = join(cloud.workplace.directory, 'elsewhere.json');
    await writeFile(path, JSON.stringify(SEEDED_MANIFEST));
    expect(await refused({ kind: 'definition', name: 'x', manifest_path: path })).toMatchObject({
      code: 'manifest_outside',
    });
    expect(await refused({ kind: 'definition', name: 'x', manifest_path: path, manifest: {} })).toMatchObject({
      code: 'argument_does_not_fit',
    });
  });
});
