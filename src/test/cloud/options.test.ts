/** Further options of connections, lists and names: columns, namespace, schema changes, tags, job types, duplicates. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST, SEEDED_SECRETS } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';
import type { Listed } from '../harness/cloud-shapes.ts';
import { makeWorkplace } from '../harness/workplace.ts';

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ environment: UNGUARDED });
});
afterEach(() => cloud.close());

const create = (args: object) =>
  cloud.server.call<{ id: string }>('create_cloud_object', args as Record<string, unknown>);
const connection = (id: string) => cloud.airbyte.state.connections.find(({ connectionId }) => connectionId === id);

describe('a connection', () => {
  const line = { kind: 'connection', name: 'Line', source_id: 'Sample people', destination_id: 'Nowhere' };

  test('of some columns, with namespace, schema changes and tags; all of it changed again and described', async () => {
    const namespace = ['raw_$', '{SOURCE_NAMESPACE}'].join('');
    const { id } = await create({
      ...line,
      streams: [{ stream: 'users', fields: ['name'] }, { stream: 'products' }],
      namespace,
      schema_changes: 'propagate_columns',
      tags: ['Nightly'],
    });
    expect(connection(id)).toMatchObject({
      namespaceDefinition: 'custom_format',
      namespaceFormat: namespace,
      nonBreakingSchemaUpdatesBehavior: 'propagate_columns',
      tags: [{ name: 'nightly', tagId: airbyteId('tag', 1) }],
      streams: [
        // The key and the cursor come along.
        {
          name: 'users',
          selectedFields: [{ fieldPath: ['name'] }, { fieldPath: ['id'] }, { fieldPath: ['updated_at'] }],
        },
        { name: 'products' },
      ],
    });
    expect(await cloud.server.call('describe_cloud_object', { kind: 'connection', id })).toMatchObject({
      namespace,
      schema_changes: 'propagate_columns',
      tags: ['nightly'],
      streams: [{ name: 'users', fields: ['name', 'id', 'updated_at'] }, { name: 'products' }],
    });
    // Omitted fields do not change.
    const update = (changes: object) =>
      cloud.server.call<{ after: object }>('update_cloud_object', { kind: 'connection', id, changes });
    await update({ streams: [{ stream: 'users' }] });
    expect(connection(id)?.streams[0]?.selectedFields).toHaveLength(3);
    const { after } = await update({
      streams: [{ stream: 'users', fields: [] }],
      namespace: 'source',
      schema_changes: 'ignore',
      tags: [],
    });
    expect(after).toMatchObject({ namespace: 'source', schema_changes: 'ignore', tags: [] });
    expect(connection(id)).toMatchObject({ namespaceDefinition: 'source', tags: [] });
    expect(connection(id)?.streams[0]).not.toHaveProperty('selectedFields');
  });

  test('an unknown column, and a tag that the workspace does not have', async () => {
    const streams = [{ stream: 'users' }];
    const fail = (args: object) => cloud.server.fail('create_cloud_object', { ...line, streams, ...args });
    const column = await fail({ streams: [{ stream: 'users', fields: ['nam'] }] });
    expect(column).toMatchObject({ code: 'unknown_field', next: expect.stringContaining('name') });
    expect(await fail({ tags: ['daily'] })).toMatchObject({
      code: 'unknown_tag',
      next: expect.stringContaining('nightly'),
    });
  });
});

test('a name that is in use is refused for each kind unless a duplicate is allowed', async () => {
  const [manifest] = cloud.airbyte.state.declarative.map((definition) => definition.manifest);
  const taken: object[] = [
    { kind: 'source', name: 'sample people', connector: FAKER, config: {} },
    {
      kind: 'connection',
      name: 'Sample people → Nowhere',
      source_id: airbyteId('source', 1),
      destination_id: airbyteId('destination', 1),
      streams: [{ stream: 'users' }],
    },
    { kind: 'definition', name: 'Meadow survey', manifest },
  ];
  for (const args of taken) {
    const posts = () =>
      cloud.airbyte.requests.filter(({ method, path }) => method === 'POST' && /(sources|connections)$/.test(path));
    const before = posts().length;
    expect(await cloud.server.fail('create_cloud_object', args as Record<string, unknown>)).toMatchObject({
      code: 'name_taken',
    });
    expect(posts()).toHaveLength(before);
    await create({ ...args, allow_duplicate: true });
  }
});

test('jobs by type and oldest first; organizations with their state, and a warning where nothing can run', async () => {
  await cloud.server.call('run_cloud_sync', { connection_id: airbyteId('connection', 1), job_type: 'clear' });
  const jobs = async (args: object) =>
    (await cloud.server.call<Listed>('list_cloud_objects', { kind: 'job', ...args })).objects.map(
      ({ job_id }) => job_id,
    );
  expect(await jobs({ oldest_first: true })).toEqual([1, 2, 3, 4]);
  expect(await jobs({ job_type: 'reset' })).toEqual([4]);
  const [organization] = cloud.airbyte.state.organizations;
  if (organization) organization.billing = { paymentStatus: 'locked', subscriptionStatus: 'unsubscribed' };
  const { objects } = await cloud.server.call<Listed>('list_cloud_objects', { kind: 'organization' });
  expect(objects.map(({ status }) => status)).toEqual(['locked, unsubscribed', 'okay, subscribed']);
  const checked = await cloud.server.call<{ warnings: string[] }>('check_cloud_workspace');
  expect(checked.warnings.join()).toContain('its connections do not run');
});

test('the testing values of a definition are shown without their secrets', async () => {
  for (const leaky of [false, true]) {
    cloud.airbyte.settings.leaky = leaky;
    const args = { kind: 'definition', id: 'Meadow survey', include: ['testing_values'] };
    const described = await cloud.server.call('describe_cloud_object', args);
    expect(described).toMatchObject({ testing_values: { api_key: '**********' } });
    expect(described.text).not.toContain(SEEDED_SECRETS[3]);
  }
});

test('testing values are replaced, with secrets by reference only', async () => {
  await cloud.close();
  const workplace = await makeWorkplace("MEADOW_KEY='the-key-of-the-meadow-33'\n");
  try {
    cloud = await startCloud({ workplace, environment: UNGUARDED });
    const update = (api_key: string) => ({
      kind: 'definition',
      id: 'Meadow survey',
      changes: { testing_values: { api_key } },
    });
    const error = await cloud.server.fail('update_cloud_object', update('typed-into-the-chat'));
    expect(error).toMatchObject({ code: 'invalid_config', problems: [{ path: 'api_key' }] });
    const changed = await cloud.server.call('update_cloud_object', update('secret_reference::MEADOW_KEY'));
    expect(cloud.airbyte.state.projects[0]?.testingValues).toEqual({ api_key: 'the-key-of-the-meadow-33' });
    expect(cloud.airbyte.state.declarative[0]?.version).toBe(1);
    expect(changed.text).not.toContain('the-key-of-the-meadow');
    cloud.airbyte.state.projects.splice(0);
    const none = await cloud.server.fail('update_cloud_object', update('secret_reference::MEADOW_KEY'));
    expect(none.code).toBe('no_builder_project');
  } finally {
    await cloud.close();
    cloud = await startCloud();
    await workplace.remove();
  }
});

test('a definition is created with its testing values, which are checked before and have secrets by reference only', async () => {
  await cloud.close();
  const workplace = await makeWorkplace("MEADOW_KEY='the-key-of-the-meadow-33'\n");
  try {
    cloud = await startCloud({ workplace, environment: UNGUARDED });
    const survey = (name: string, api_key: string) => ({
      kind: 'definition',
      name,
      manifest: SEEDED_MANIFEST,
      testing_values: { api_key },
    });
    const before = cloud.airbyte.state.declarative.length;
    const typed = await cloud.server.fail('create_cloud_object', survey('Typed', 'typed-into-the-chat'));
    expect(typed).toMatchObject({ code: 'invalid_config', problems: [{ path: 'api_key' }] });
    expect(cloud.airbyte.state.declarative).toHaveLength(before);
    const made = await cloud.server.call<{ id: string; warnings?: string[] }>(
      'create_cloud_object',
      survey('Second survey', 'secret_reference::MEADOW_KEY'),
    );
    expect(made.warnings).toBeUndefined();
    expect(made.text).not.toContain('the-key-of-the-meadow');
    const project = cloud.airbyte.state.projects.find(({ definitionId }) => definitionId === made.id);
    expect(project?.testingValues).toEqual({ api_key: 'the-key-of-the-meadow-33' });
    expect(
      await cloud.server.call('describe_cloud_object', {
        kind: 'definition',
        id: made.id,
        include: ['testing_values'],
      }),
    ).toMatchObject({ testing_values: { api_key: '**********' } });
    expect(
      await cloud.server.fail('create_cloud_object', {
        kind: 'source',
        name: 'x',
        connector: FAKER,
        testing_values: {},
      }),
    ).toMatchObject({ code: 'argument_does_not_fit' });
  } finally {
    await cloud.close();
    cloud = await startCloud();
    await workplace.remove();
  }
});

test('thousands of log lines may be requested; the answer reports what does not fit', async () => {
  cloud.airbyte.planJob({
    milliseconds: 0,
    log: Array.from({ length: 3_000 }, (_, index) => `line ${index} ${'x'.repeat(40)}`),
  });
  await cloud.server.call('run_cloud_sync', { connection_id: airbyteId('connection', 1) });
  const job = await cloud.server.call<{ log: string[]; warnings: string[] }>('get_cloud_job', {
    job_id: 4,
    log_lines: 4000,
  });
  expect(job.log.length).toBeLessThan(3_000);
  expect(job.warnings.join()).toMatch(/Only \d+ lines fit/);
});

test('state and catalog are written in full to project files, in the form of the protocol', async () => {
  const [first] = cloud.airbyte.state.connections;
  if (first) first.state = { users: { updated_at: '2025-01-06', seen: 'x'.repeat(100_000) } };
  const id = airbyteId('connection', 1);
  const args = { kind: 'connection', id, include: ['state', 'catalog'], to_file: true };
  const { files, text, state } = await cloud.server.call<{ files: string[]; state?: unknown }>(
    'describe_cloud_object',
    args,
  );
  expect(state).toBeUndefined();
  expect(text.length).toBeLessThan(5_000);
  const [written, catalog] = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
  expect(written).toEqual([
    { type: 'STREAM', stream: { stream_descriptor: { name: 'users' }, stream_state: first?.state.users } },
  ]);
  expect(catalog.streams).toMatchObject([
    {
      stream: {
        name: 'users',
        json_schema: { properties: { id: { type: 'integer' } } },
        supported_sync_modes: ['full_refresh', 'incremental'],
      },
      sync_mode: 'incremental',
      destination_sync_mode: 'append',
      cursor_field: ['updated_at'],
      primary_key: [['id']],
    },
    { stream: { name: 'products' }, sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' },
  ]);
  for (const file of files) expect(file).toContain(`${cloud.server.workplace.project}/exports/`);
  const nothing = await cloud.server.fail('describe_cloud_object', { kind: 'connection', id, to_file: true });
  expect(nothing.code).toBe('argument_does_not_fit');
});
