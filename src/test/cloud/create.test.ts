/** Sources and destinations made in Airbyte: from saved ones, from references, as drafts. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { airbyteId, SEEDED_MANIFEST } from '../../../fixtures/airbyte/index.ts';
import { cloudForEach } from '../harness/airbyte.ts';
import { saveLocal, writeRegistry } from '../harness/local-source.ts';

const ENV_FILE =
  "SHOP_PASSWORD='swordfish-of-the-shop-81'\nSHOP_HOST=db.shop.example.com\nMEADOW_API_KEY='meadow-key-4471-xyz'\n";
const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const SHOP = {
  host: 'secret_reference::SHOP_HOST',
  port: 5432,
  database: 'shop',
  username: 'reader',
  password: 'secret_reference::SHOP_PASSWORD',
};

interface Created {
  readonly id: string;
  readonly name: string;
  readonly web_address: string;
  readonly next: string;
  readonly secrets_to_type?: string[];
}

const cloud = cloudForEach({ envFileText: ENV_FILE });

const create = (args: Record<string, unknown>) => cloud.server.call<Created>('create_cloud_object', args);
const refused = (args: Record<string, unknown>) => cloud.server.fail('create_cloud_object', args);
const posts = (path: RegExp) =>
  cloud.airbyte.requests.filter((request) => request.method === 'POST' && path.test(request.path));
/** The registry with all that the fake knows, which its settings must name before the server starts. */
async function restart(environment: Record<string, string> = {}): Promise<void> {
  const registry = await writeRegistry(cloud.workplace, cloud.airbyte.state.definitions);
  await cloud.restart({ environment: { AIRBYTE_LOCAL_REGISTRY: registry, ...environment } });
}

describe('sources and destinations', () => {
  test('from references: Airbyte has the values, the answer has the way on', async () => {
    await restart();
    const made = await create({ kind: 'source', name: 'Shop', connector: 'source-postgres', config: SHOP });
    const [stored] = cloud.airbyte.state.sources.filter(({ id }) => id === made.id);
    expect(stored).toMatchObject({
      name: 'Shop',
      definitionId: POSTGRES,
      configuration: { host: 'db.shop.example.com', password: 'swordfish-of-the-shop-81', port: 5432 },
    });
    expect(made.web_address).toBe(`${cloud.airbyte.origin}/workspaces/${airbyteId('workspace', 1)}/source/${made.id}`);
    expect(made.next).toContain('check_cloud_connector');
    const byId = await create({ kind: 'source', name: 'People', connector: FAKER, config: { count: 5 } });
    expect(cloud.airbyte.state.sources.at(-1)).toMatchObject({ id: byId.id, definitionId: FAKER });
  });

  test('literals, unknown names, wrong types and references in plain fields are reported together; nothing is sent', async () => {
    await restart();
    const before = cloud.airbyte.snapshot();
    const error = await refused({
      kind: 'source',
      name: 'Shop',
      connector: 'source-postgres',
      config: { ...SHOP, port: 'many', password: 'typed-into-the-chat', username: 'secret_reference::SHOP_PASSWORD' },
    });
    expect(error.code).toBe('invalid_config');
    expect(error.problems.map(({ path }) => path).sort()).toEqual(['password', 'port', 'username']);
    expect(error.text).not.toContain('typed-into-the-chat');
    expect(cloud.airbyte.snapshot()).toEqual(before);
    expect(posts(/\/sources$/)).toEqual([]);
  });

  test('a field that the spec does not have is a typing mistake, which Airbyte would keep', async () => {
    const error = await refused({ kind: 'source', name: 'x', connector: FAKER, config: { cout: 3 } });
    expect(error.problems).toMatchObject([{ path: 'cout', fix: expect.stringContaining('count') }]);
    expect(posts(/\/sources$/)).toEqual([]);
    await create({ kind: 'source', name: 'x', connector: FAKER, config: { sourceType: 'faker', count: 3 } });
  });

  test('a connector of the other kind, or an unknown one', async () => {
    await restart();
    const config = {};
    expect(await refused({ kind: 'destination', name: 'x', connector: 'source-postgres', config })).toMatchObject({
      code: 'other_kind',
    });
    expect(await refused({ kind: 'destination', name: 'x', connector: POSTGRES, config })).toMatchObject({
      code: 'other_kind',
    });
    expect(await refused({ kind: 'source', name: 'x', connector: 'source-nowhere', config })).toMatchObject({
      code: 'unknown_connector',
    });
    const nobody = '99999999-0000-4000-8000-000000000001';
    expect(await refused({ kind: 'source', name: 'x', connector: nobody, config })).toMatchObject({ code: 'no_spec' });
  });

  test('an argument of another kind is refused, and the next step lists the arguments of the kind', async () => {
    for (const [kind, args, name] of [
      ['source', { schedule: 'manual' }, 'schedule'],
      ['destination', { manifest: {} }, 'manifest'],
      ['connection', { connector: 'source-faker' }, 'connector'],
      ['definition', { config: {} }, 'config'],
    ] as const) {
      const error = await refused({ kind, name: 'x', ...args });
      expect(error.code, kind).toBe('argument_does_not_fit');
      expect(error.message, kind).toContain(name);
      expect(error.next, kind).toContain(`A ${kind} takes: `);
    }
  });

  test('missing arguments are named', async () => {
    expect(await refused({ kind: 'source', name: 'x' })).toMatchObject({ code: 'argument_missing' });
    expect(await refused({ kind: 'source', name: 'x', connector: 'source-faker' })).toMatchObject({
      code: 'argument_missing',
    });
    expect(await refused({ kind: 'connection', name: 'x' })).toMatchObject({ code: 'argument_missing' });
    expect(await refused({ kind: 'definition', name: 'x' })).toMatchObject({ code: 'argument_missing' });
    expect(await refused({ kind: 'source', name: '  ', connector: 'source-faker', config: {} })).toMatchObject({
      code: 'argument_missing',
    });
  });
});

describe('from a saved source', () => {
  test('a saved local source and a destination go with their secrets; nothing is installed or run, read-only here or not', async () => {
    await restart({ SLUICE_READONLY_MODE: '1' });
    await saveLocal(cloud.workplace, 'source', {
      name: 'shop',
      connector: 'source-postgres',
      version: '3.7.2',
      config: SHOP,
    });
    await saveLocal(cloud.workplace, 'destination', {
      name: 'lake',
      connector: 'destination-postgres',
      version: '3.0.11',
      config: { ...SHOP, schema: 'lake' },
    });
    const source = await create({ kind: 'source', name: 'Shop', from_source: 'shop' });
    const destination = await create({ kind: 'destination', name: 'Lake', from_source: 'lake' });
    const { sources, destinations } = cloud.airbyte.state;
    expect(sources.find(({ id }) => id === source.id)?.configuration).toMatchObject({
      password: 'swordfish-of-the-shop-81',
    });
    expect(destinations.find(({ id }) => id === destination.id)?.configuration).toMatchObject({
      schema: 'lake',
      password: 'swordfish-of-the-shop-81',
    });
    const folders = await readdir(cloud.workplace.project);
    expect(folders.filter((name) => ['connectors', 'runs', 'catalogs', 'cache'].includes(name))).toEqual([]);
  });

  test('a configuration that is no longer valid is refused as save_source refuses it', async () => {
    await restart();
    const config = { ...SHOP, password: 'secret_reference::SHOP_PASSWORT', database: 7 };
    await saveLocal(cloud.workplace, 'source', {
      name: 'shop',
      connector: 'source-postgres',
      version: '3.7.2',
      config,
    });
    const error = await refused({ kind: 'source', name: 'Shop', from_source: 'shop' });
    expect(error.code).toBe('invalid_config');
    expect(error.problems.map(({ path }) => path).sort()).toEqual(['database', 'password']);
    expect(error.text).toContain('SHOP_PASSWORD');
  });

  test('what does not go with it: config, draft, a connector of its own, a name that is not saved', async () => {
    await restart();
    await saveLocal(cloud.workplace, 'source', {
      name: 'shop',
      connector: 'source-postgres',
      version: '3.7.2',
      config: SHOP,
    });
    const from = { kind: 'source', name: 'Shop', from_source: 'shop' };
    expect(await refused({ ...from, config: {} })).toMatchObject({ code: 'argument_does_not_fit' });
    expect(await refused({ ...from, draft: true })).toMatchObject({ code: 'argument_does_not_fit' });
    expect(await refused({ ...from, connector: FAKER })).toMatchObject({ code: 'argument_does_not_fit' });
    expect(await refused({ ...from, from_source: 'shob' })).toMatchObject({ code: 'unknown_source' });
    expect(await refused({ ...from, kind: 'destination' })).toMatchObject({ code: 'unknown_destination' });
  });

  test('a manifest of its own is published first; then its secrets go to that definition and to no other', async () => {
    const folder = join(cloud.workplace.directory, 'manifests');
    await mkdir(folder);
    const path = join(folder, 'meadow.json');
    await writeFile(path, JSON.stringify(SEEDED_MANIFEST));
    await restart({ SLUICE_CONFIG_DIRS: folder });
    await saveLocal(cloud.workplace, 'source', {
      name: 'meadow',
      connector: 'source-meadow-survey',
      version: 'local',
      runtime: 'manifest',
      manifestPath: path,
      config: { api_key: 'secret_reference::MEADOW_API_KEY' },
    });
    const from = { kind: 'source', name: 'Meadow', from_source: 'meadow' };
    const error = await refused(from);
    expect(error).toMatchObject({ code: 'definition_needed' });
    expect(error.next).toContain('manifest_path');
    const definition = await create({ kind: 'definition', name: 'Meadow survey of ours', manifest_path: path });
    expect(await refused({ ...from, connector: POSTGRES })).toMatchObject({ code: 'cloud_not_found' });
    const made = await create({ ...from, connector: definition.id });
    expect(cloud.airbyte.state.sources.find(({ id }) => id === made.id)).toMatchObject({
      definitionId: definition.id,
      configuration: { api_key: 'meadow-key-4471-xyz' },
    });
  });
});

describe('drafts', () => {
  test('required secrets are left open, and the answer names where to type each', async () => {
    const definition = airbyteId('definition', 1);
    const made = await create({ kind: 'source', name: 'Meadow', connector: definition, draft: true });
    expect(made.secrets_to_type).toEqual(['api_key']);
    expect(made.text).toContain(made.web_address);
    expect(cloud.airbyte.state.sources.at(-1)).toMatchObject({ id: made.id, configuration: { api_key: '' } });
    expect(cloud.airbyte.requests.some(({ path }) => path.includes('check_connection'))).toBe(false);
  });

  test('inside the chosen branch; a missing choice is requested', async () => {
    await restart();
    const draft = { kind: 'source', name: 'Code', connector: 'source-github', draft: true };
    const repositories = ['larkspur/shop'];
    expect(await refused({ ...draft, config: { repositories } })).toMatchObject({ code: 'invalid_config' });
    const made = await create({ ...draft, config: { repositories, credentials: { option_title: 'PAT Credentials' } } });
    expect(made.secrets_to_type).toEqual(['credentials.personal_access_token']);
    expect(cloud.airbyte.state.sources.at(-1)?.configuration).toMatchObject({
      credentials: { option_title: 'PAT Credentials', personal_access_token: '' },
    });
  });

  test('optional secrets are named too; plain references stay, secret ones and literals do not', async () => {
    await restart();
    const draft = { kind: 'source', name: 'Shop', connector: 'source-postgres', draft: true };
    const { password, ...plain } = SHOP;
    const made = await create({ ...draft, config: plain });
    expect(made.secrets_to_type).toEqual(['password (if needed)']);
    expect(cloud.airbyte.state.sources.at(-1)?.configuration).toMatchObject({ host: 'db.shop.example.com' });
    const error = await refused({ ...draft, config: { ...plain, password } });
    expect(error.problems).toMatchObject([{ path: 'password' }]);
    expect(await refused({ ...draft, config: { ...plain, password: 'typed' } })).toMatchObject({
      code: 'invalid_config',
    });
  });

  test('one that Airbyte does not take without its secrets must be made by hand, and where', async () => {
    cloud.airbyte.fault({
      method: 'POST',
      path: /\/sources$/,
      kind: 'status',
      status: 422,
      body: { detail: 'An empty text is not accepted.' },
    });
    const error = await refused({ kind: 'source', name: 'Meadow', connector: airbyteId('definition', 1), draft: true });
    expect(error.code).toBe('draft_rejected');
    expect(error.next).toContain(`/source/new-source/${airbyteId('definition', 1)}`);
    expect(error.text).toContain('An empty text is not accepted.');
  });
});
