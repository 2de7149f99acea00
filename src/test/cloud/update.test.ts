/** Changing in Airbyte: what is named and nothing else, secrets by reference, before and after. */
import { describe, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST, SEEDED_SECRETS } from '../../../fixtures/airbyte/index.ts';
import { cloudForEach, UNGUARDED } from '../harness/airbyte.ts';

const MASK = '**********';

interface Changed {
  readonly name: string;
  readonly before: Record<string, unknown>;
  readonly after: Record<string, unknown>;
}

const cloud = cloudForEach({
  envFileText: "SHOP_PASSWORD='swordfish-of-the-shop-81'\nSHOP_HOST=db.shop.example.com\n",
  environment: UNGUARDED,
});

const update = (kind: string, number: number, changes: Record<string, unknown>) =>
  cloud.server.call<Changed>('update_cloud_object', {
    kind,
    id: airbyteId(kind as 'source', number),
    changes,
  });
const refused = (kind: string, number: number, changes: Record<string, unknown>) =>
  cloud.server.fail('update_cloud_object', { kind, id: airbyteId(kind as 'source', number), changes });
const source = (number: number) => cloud.airbyte.state.sources.find(({ id }) => id === airbyteId('source', number));
const connection = (number: number) =>
  cloud.airbyte.state.connections.find(({ connectionId }) => connectionId === airbyteId('connection', number));
const changesSent = () => cloud.airbyte.requests.filter(({ method }) => method === 'PATCH' || method === 'PUT');

describe('sources and destinations', () => {
  test('name and part of the configuration; the rest stays, secrets too', async () => {
    const old = source(2)?.configuration;
    const { before, after, name } = await update('source', 2, {
      name: 'Shop',
      config: { port: 6432, host: 'secret_reference::SHOP_HOST' },
    });
    expect(name).toBe('Shop');
    expect(before).toEqual({ name: 'Shop database', config: { port: 5432, host: 'db.larkspur.example.com' } });
    expect(after).toMatchObject({ name: 'Shop', config: { port: 6432 } });
    expect(source(2)?.configuration).toEqual({ ...old, port: 6432, host: 'db.shop.example.com' });
  });

  test('a field that the spec does not have is refused, unless Airbyte has it already', async () => {
    const error = await refused('source', 2, { config: { prot: 5432 } });
    expect(error.problems).toMatchObject([{ path: 'prot', fix: expect.stringContaining('port') }]);
    expect(changesSent()).toEqual([]);
    Object.assign(source(2)?.configuration ?? {}, { older_field: 1 });
    await update('source', 2, { config: { older_field: 2 } });
    expect(source(2)?.configuration).toMatchObject({ older_field: 2 });
  });

  test('a secret by reference: Airbyte has the new value, and neither value is shown', async () => {
    const changed = await update('source', 2, { config: { password: 'secret_reference::SHOP_PASSWORD' } });
    expect(source(2)?.configuration).toMatchObject({ password: 'swordfish-of-the-shop-81' });
    expect(changed).toMatchObject({ before: { config: { password: MASK } }, after: { config: { password: MASK } } });
    for (const value of [...SEEDED_SECRETS, 'swordfish-of-the-shop-81']) expect(changed.text).not.toContain(value);
  });

  test.each([false, true])(
    'described and sent back with one change: no mask is sent (server in clear: %s)',
    async (leaky) => {
      cloud.airbyte.settings.leaky = leaky;
      const id = airbyteId('source', 3);
      const { configuration } = await cloud.server.call<{ configuration: Record<string, unknown> }>(
        'describe_cloud_object',
        { kind: 'source', id },
      );
      expect(configuration).toMatchObject({ credentials: { personal_access_token: MASK } });
      await update('source', 3, { config: { ...configuration, repositories: ['larkspur/shop', 'larkspur/barn'] } });
      expect(source(3)?.configuration).toMatchObject({
        credentials: { personal_access_token: SEEDED_SECRETS[1] },
        repositories: ['larkspur/shop', 'larkspur/barn'],
      });
      const [{ body } = { body: '' }] = changesSent();
      expect(JSON.stringify(body)).not.toContain(MASK);
      expect(JSON.stringify(body)).not.toContain(SEEDED_SECRETS[1]);
    },
  );

  test.each([false, true])(
    'another branch, and a field that is taken away: the rest stays, secrets too (server in clear: %s)',
    async (leaky) => {
      cloud.airbyte.settings.leaky = leaky;
      const tunnel = { tunnel_method: 'SSH_KEY_AUTH', tunnel_host: 'jump', tunnel_user: 'ann' };
      await update('source', 2, {
        config: { tunnel_method: { ...tunnel, ssh_key: 'secret_reference::SHOP_PASSWORD' } },
      });
      expect(source(2)?.configuration).toMatchObject({ tunnel_method: { ssh_key: 'swordfish-of-the-shop-81' } });
      const back = await update('source', 2, { config: { tunnel_method: { tunnel_method: 'NO_TUNNEL' } } });
      expect(source(2)?.configuration).toEqual({
        host: 'db.larkspur.example.com',
        port: 5432,
        database: 'shop',
        username: 'reader',
        password: SEEDED_SECRETS[0],
        tunnel_method: { tunnel_method: 'NO_TUNNEL' },
      });
      expect(back.text).not.toContain('swordfish');
      await update('source', 2, { config: { tunnel_method: null } });
      expect(source(2)?.configuration).not.toHaveProperty('tunnel_method');
      expect(source(2)).toMatchObject({ name: 'Shop database', configuration: { password: SEEDED_SECRETS[0] } });
      // Branches without a word of their own in the changes.
      await update('source', 3, { config: { credentials: { access_token: 'secret_reference::SHOP_PASSWORD' } } });
      expect(source(3)?.configuration).toEqual({
        credentials: { option_title: 'OAuth Credentials', access_token: 'swordfish-of-the-shop-81' },
        repositories: ['larkspur/shop'],
      });
      expect(await refused('source', 2, { config: { host: null } })).toMatchObject({ code: 'cloud_rejected' });
    },
  );

  test('literals, wrong types, unknown names and references at plain fields are refused; what is missing is not asked for', async () => {
    const config = { password: 'typed-into-the-chat', port: 'many', username: 'secret_reference::SHOP_PASSWORD' };
    const error = await refused('source', 2, { config });
    expect(error.problems.map(({ path }) => path).sort()).toEqual(['password', 'port', 'username']);
    expect(error.text).not.toContain('typed-into-the-chat');
    const literal = { credentials: { personal_access_token: 'typed-into-the-chat' } };
    expect(await refused('source', 3, { config: literal })).toMatchObject({ code: 'invalid_config' });
    expect(changesSent()).toEqual([]);
    await update('source', 3, {
      config: { credentials: { personal_access_token: 'secret_reference::SHOP_PASSWORD' } },
    });
    expect(source(3)?.configuration).toMatchObject({
      credentials: { option_title: 'PAT Credentials', personal_access_token: 'swordfish-of-the-shop-81' },
    });
  });

  test('only masks, or nothing at all, is nothing to change', async () => {
    expect(await refused('source', 2, { config: { password: MASK } })).toMatchObject({ code: 'nothing_to_change' });
    expect(await refused('source', 2, { config: {} })).toMatchObject({ code: 'nothing_to_change' });
    expect(await refused('source', 2, {})).toMatchObject({ code: 'nothing_to_change' });
  });

  test('a list with masks in it cannot be changed half', async () => {
    const { state } = cloud.airbyte;
    const [definition] = state.declarative;
    const accounts = {
      type: 'array',
      items: {
        type: 'object',
        properties: { user: { type: 'string' }, key: { type: 'string', airbyte_secret: true } },
      },
    };
    const manifest = {
      ...SEEDED_MANIFEST,
      spec: { type: 'Spec', connection_specification: { type: 'object', properties: { accounts } } },
    };
    if (definition) definition.manifest = manifest;
    const configuration = { accounts: [{ user: 'ann', key: 'a-key-that-stays-55' }] };
    state.sources.push({
      ...structuredClone(state.sources[0] as (typeof state.sources)[0]),
      id: airbyteId('source', 9),
      definitionId: airbyteId('definition', 1),
      configuration,
    });
    const same = await refused('source', 9, { config: { accounts: [{ user: 'ann', key: MASK }] } });
    expect(same.code).toBe('nothing_to_change');
    const error = await refused('source', 9, { config: { accounts: [{ user: 'bea', key: MASK }] } });
    expect(error).toMatchObject({ code: 'invalid_config', problems: [{ path: 'accounts' }] });
    await update('source', 9, { config: { accounts: [{ user: 'bea', key: 'secret_reference::SHOP_PASSWORD' }] } });
    expect(source(9)?.configuration).toEqual({ accounts: [{ user: 'bea', key: 'swordfish-of-the-shop-81' }] });
  });
});

describe('connections', () => {
  test('everything at once, with before and after', async () => {
    const changed = await update('connection', 2, {
      name: 'Orders',
      enabled: false,
      schedule: 'manual',
      prefix: 'o_',
      streams: [{ stream: 'orders', mode: 'full_refresh_overwrite' }, { stream: 'notes' }],
    });
    expect(changed.before).toEqual({
      name: 'Shop database → Warehouse',
      enabled: true,
      schedule: '0 0 6 * * ? UTC',
      prefix: 'shop_',
      streams: [{ stream: 'public.orders', mode: 'full_refresh_append' }],
    });
    expect(changed.after).toEqual({
      name: 'Orders',
      enabled: false,
      schedule: 'manual',
      prefix: 'o_',
      streams: [
        { stream: 'public.orders', mode: 'full_refresh_overwrite' },
        { stream: 'public.notes', mode: 'full_refresh_overwrite' },
      ],
    });
    expect(connection(2)).toMatchObject({ status: 'inactive', prefix: 'o_', schedule: { scheduleType: 'manual' } });
  });

  test('one field: nothing else is sent', async () => {
    const changed = await update('connection', 1, { enabled: false });
    expect(changed).toMatchObject({ before: { enabled: true }, after: { enabled: false } });
    expect(changesSent().map(({ body }) => body)).toEqual([{ status: 'inactive' }]);
  });

  test('a stream that remains keeps what the change does not mention: mode, selected fields, mappers', async () => {
    const existing = connection(1)?.streams[0];
    Object.assign(existing ?? {}, { selectedFields: [{ fieldPath: ['id'] }], mappers: [{ type: 'hashing' }] });
    await update('connection', 1, { streams: [{ stream: 'users' }, { stream: 'purchases' }] });
    expect(connection(1)?.streams).toMatchObject([
      {
        name: 'users',
        syncMode: 'incremental_append',
        selectedFields: [{ fieldPath: ['id'] }],
        mappers: [{ type: 'hashing' }],
      },
      { name: 'purchases', syncMode: 'incremental_deduped_history' },
    ]);
    expect(connection(1)?.streams).toHaveLength(2);
  });

  test('changes that do not fit a connection are refused before they are sent', async () => {
    for (const [code, changes] of [
      ['no_streams', { streams: [] }],
      ['unknown_stream', { streams: [{ stream: 'usres' }] }],
      ['mode_not_offered', { streams: [{ stream: 'users', mode: 'quickly' }] }],
      ['bad_schedule', { schedule: '0 6 * * *' }],
      ['argument_does_not_fit', { config: {} }],
    ] as const) {
      expect(await refused('connection', 1, changes), code).toMatchObject({ code });
      expect(changesSent(), code).toEqual([]);
    }
  });
});

describe('definitions', () => {
  test('a manifest with what was masked in it would overwrite what is there: it is not sent', async () => {
    const manifest = structuredClone(SEEDED_MANIFEST) as Record<string, unknown>;
    manifest.metadata = { requester: [{ headers: { 'X-Key': `Bearer ${MASK}` } }] };
    const error = await refused('definition', 1, { manifest });
    expect(error.code).toBe('masked_manifest');
    expect(error.message).toContain('metadata.requester[0].headers.X-Key');
    expect(changesSent()).toEqual([]);
  });

  test('a new manifest; a name cannot be given', async () => {
    const manifest = {
      ...SEEDED_MANIFEST,
      streams: [...SEEDED_MANIFEST.streams, { ...SEEDED_MANIFEST.streams[0], name: 'brooks' }],
    };
    const changed = await update('definition', 1, { manifest });
    expect(changed).toMatchObject({ before: { streams: ['meadows'] }, after: { streams: ['meadows', 'brooks'] } });
    expect(cloud.airbyte.state.declarative[0]).toMatchObject({ version: 2, manifest });
    expect(await refused('definition', 1, { name: 'Other' })).toMatchObject({ code: 'no_renaming' });
    expect(await refused('definition', 1, { manifest: { version: '6.0.0' } })).toMatchObject({ code: 'bad_manifest' });
  });
});

describe('which object', () => {
  test('ids that are none, unknown, of another kind or another workspace', async () => {
    await cloud.restart({ environment: UNGUARDED, airbyte: { workspaces: ['Workshop', 'Attic'] } });
    const call = (args: Record<string, unknown>) =>
      cloud.server.fail('update_cloud_object', { changes: { name: 'x' }, ...args });
    expect(await call({ kind: 'source', id: '' })).toMatchObject({ code: 'bad_id' });
    // A name is looked for in one workspace.
    expect(await call({ kind: 'source', id: 'Shop database' })).toMatchObject({ code: 'several_workspaces' });
    expect(await call({ kind: 'source', id: airbyteId('source', 77) })).toMatchObject({ code: 'cloud_not_found' });
    expect(await call({ kind: 'destination', id: airbyteId('source', 1) })).toMatchObject({ code: 'cloud_not_found' });
    const other = { kind: 'source', id: airbyteId('source', 1), workspace_id: airbyteId('workspace', 2) };
    expect(await call(other)).toMatchObject({ code: 'other_workspace' });
    const definition = { kind: 'definition', id: airbyteId('definition', 1), changes: { manifest: SEEDED_MANIFEST } };
    expect(await call(definition)).toMatchObject({ code: 'several_workspaces' });
    expect(await call({ ...definition, workspace_id: airbyteId('workspace', 2) })).toMatchObject({
      code: 'cloud_not_found',
    });
    expect(changesSent()).toEqual([]);
  });

  test('each change is in the audit with before and after, without a value of a configuration', async () => {
    await update('source', 2, { config: { host: 'db.elsewhere.example.com' } });
    await refused('source', 2, { config: { password: 'typed-into-the-chat' } });
    await cloud.server.close();
    const lines =
      (await cloud.workplace.files()).get(`${cloud.workplace.project}/logs/audit.jsonl`)?.toString('utf8') ?? '';
    const [first, second] = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      outcome: 'ok',
      object: {
        kind: 'source',
        id: airbyteId('source', 2),
        name: 'Shop database',
        before: { config: { host: '…' } },
        after: { config: { host: '…' } },
      },
    });
    expect(second).toMatchObject({ outcome: 'invalid_config', object: { kind: 'source', name: 'Shop database' } });
    expect(lines).not.toContain('elsewhere');
    expect(lines).not.toContain('typed-into-the-chat');
  });
});
