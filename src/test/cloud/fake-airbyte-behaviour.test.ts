/** What the fake Airbyte does as the real one does: what is deleted with what, masks, pages, jobs in time. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  airbyteId,
  type FakeAirbyte,
  type Fields,
  MASK,
  SEEDED_MANIFEST,
  SEEDED_SECRETS,
  startAirbyte,
} from '../../../fixtures/airbyte/index.ts';
import { clientsOf, type Request, requester } from '../harness/airbyte-client.ts';

const [PEOPLE, SHOP, CODE] = [1, 2, 3].map((number) => airbyteId('source', number));
const [NOWHERE, WAREHOUSE] = [1, 2].map((number) => airbyteId('destination', number));
const [TO_NOWHERE, TO_WAREHOUSE] = [1, 2].map((number) => airbyteId('connection', number));
const WORKSPACE = airbyteId('workspace', 1);
const MEADOW = airbyteId('definition', 1);

let airbyte: FakeAirbyte;
let api: Request;
let config: Request;
beforeEach(async () => {
  airbyte = await startAirbyte();
  ({ api, config } = clientsOf(airbyte));
});
afterEach(() => airbyte.close());

const ids = (objects: readonly { id: string }[]): string[] => objects.map(({ id }) => id);

describe('tokens', () => {
  const tokenFor = async (client_secret: string): Promise<{ status: number; token: string }> => {
    const reply = await api('POST', '/applications/token', { client_id: airbyte.settings.clientId, client_secret });
    return { status: reply.status, token: String(reply.body.access_token) };
  };

  test('are issued for the right secret, expire when they should, and are counted', async () => {
    const { token } = await tokenFor(airbyte.settings.clientSecret);
    const request = requester(airbyte.publicUrl, token);
    expect((await request('GET', '/workspaces')).status).toBe(200);
    airbyte.passTime(890_000);
    expect((await request('GET', '/workspaces')).status).toBe(200);
    airbyte.passTime(10_000);
    expect((await request('GET', '/workspaces')).status).toBe(401);
    expect(airbyte.tokenRequests()).toBe(1);
  });

  test('all end at once', async () => {
    const { token } = await tokenFor(airbyte.settings.clientSecret);
    airbyte.expireTokens();
    for (const each of [token, airbyte.settings.bearerToken, 'another']) {
      expect((await requester(airbyte.cloudUrl, each)('GET', '/workspaces')).status).toBe(401);
      expect((await requester(airbyte.configurationUrl, each)('POST', '/jobs/get', { id: 1 })).status).toBe(401);
    }
  });

  test('are refused for the wrong secret, with the status that was chosen', async () => {
    for (const status of [400, 401, 403, 500] as const) {
      airbyte.settings.tokenRefusal = status;
      expect((await tokenFor('wrong')).status).toBe(status);
    }
    expect(airbyte.tokenRequests()).toBe(0);
  });
});

test('without authentication no token is issued, and any token is accepted', async () => {
  airbyte.settings.authentication = false;
  expect((await api('POST', '/applications/token', { client_id: 'a', client_secret: 'b' })).status).toBe(404);
  expect((await requester(airbyte.publicUrl, 'any-word')('GET', '/workspaces')).status).toBe(200);
});

describe('deleting', () => {
  const isDeprecated = async (id: string | undefined): Promise<boolean> =>
    (await api('GET', `/connections/${id}`)).body.status === 'deprecated';

  test('a source takes its connections, and nothing else; it is still answered for, empty, and deleted again', async () => {
    expect((await api('DELETE', `/sources/${SHOP}`)).status).toBe(204);
    expect((await api('GET', `/sources/${SHOP}`)).body).toMatchObject({ name: 'Shop database', configuration: {} });
    expect(await isDeprecated(TO_WAREHOUSE)).toBe(true);
    expect((await api('DELETE', `/sources/${SHOP}`)).status).toBe(204);
    expect((await api('DELETE', `/connections/${TO_WAREHOUSE}`)).status).toBe(204);
    const { sources, destinations, connections } = airbyte.state;
    expect(ids(sources)).toEqual([PEOPLE, CODE]);
    expect(ids(destinations)).toEqual([NOWHERE, WAREHOUSE]);
    expect(connections.map(({ connectionId }) => connectionId)).toEqual([TO_NOWHERE]);
  });

  test('a destination takes its connections', async () => {
    expect((await api('DELETE', `/destinations/${NOWHERE}`)).status).toBe(204);
    expect(await isDeprecated(TO_NOWHERE)).toBe(true);
    expect((await api('GET', `/sources/${PEOPLE}`)).body.configuration).not.toEqual({});
  });

  test('a connection leaves its source and destination', async () => {
    const before = airbyte.snapshot();
    expect((await api('DELETE', `/connections/${TO_NOWHERE}`)).status).toBe(204);
    const { sources, destinations } = airbyte.snapshot();
    expect({ sources, destinations }).toEqual({ sources: before.sources, destinations: before.destinations });
  });

  test('a connection that is changed to deprecated is deleted', async () => {
    expect((await api('PATCH', `/connections/${TO_NOWHERE}`, { status: 'deprecated' })).status).toBe(200);
    expect((await api('GET', '/connections')).body.data).toHaveLength(1);
  });

  test('a definition takes its sources and their connections', async () => {
    const body = { name: 'Survey', workspaceId: WORKSPACE, definitionId: MEADOW, configuration: { api_key: 'k-3' } };
    const { sourceId } = (await api('POST', '/sources', body)).body;
    const { connectionId } = (await api('POST', '/connections', { sourceId, destinationId: NOWHERE })).body;
    const path = `/workspaces/${WORKSPACE}/definitions/declarative_sources/${MEADOW}`;
    expect((await api('DELETE', path)).status).toBe(200);
    expect((await api('GET', path)).status).toBe(404);
    expect(await isDeprecated(String(connectionId))).toBe(true);
    expect((await api('GET', `/sources/${sourceId}`)).body.configuration).toEqual({});
    expect((await api('GET', `/sources?includeDeleted=true`)).body.data).toHaveLength(4);
    expect((await api('GET', '/sources')).body.data).toHaveLength(3);
  });
});

describe('secrets', () => {
  test('are masked wherever a configuration is shown, in branches too; a leaky server shows them', async () => {
    const answers = async (): Promise<string> => {
      const project = { builderProjectId: airbyteId('project', 1), workspaceId: WORKSPACE };
      const replies = [
        await api('GET', '/sources'),
        await api('GET', '/destinations'),
        await api('PATCH', `/sources/${CODE}`, { name: 'Code' }),
        await config('POST', '/web_backend/connections/get', { connectionId: TO_WAREHOUSE }),
        await config('POST', '/connector_builder_projects/get_with_manifest', project),
      ];
      for (const { status } of replies) expect(status).toBe(200);
      return replies.map(({ text }) => text).join('\n');
    };
    const honest = await answers();
    for (const secret of SEEDED_SECRETS) expect(honest).not.toContain(secret);
    const { configuration } = (await api('GET', `/sources/${CODE}`)).body;
    expect(configuration).toMatchObject({ credentials: { personal_access_token: MASK } });
    airbyte.settings.leaky = true;
    const leaky = await answers();
    for (const secret of SEEDED_SECRETS) expect(leaky).toContain(secret);
  });

  test('a change merges deeply and stores a mask as the value; PUT replaces, and retains the value behind a mask', async () => {
    const [password] = SEEDED_SECRETS;
    const shop = (): Fields => airbyte.state.sources[1]?.configuration ?? {};
    const path = `/sources/${SHOP}`;
    expect((await api('PATCH', path, { configuration: { port: 6000 } })).status).toBe(200);
    expect(shop()).toMatchObject({
      port: 6000,
      password,
      database: 'shop',
      tunnel_method: { tunnel_method: 'NO_TUNNEL' },
    });
    const complete = { host: 'h', port: 1, database: 'd', username: 'u', password: MASK };
    expect((await api('PUT', path, { name: 'Shop', configuration: complete })).status).toBe(200);
    expect(shop()).toEqual({ ...complete, password });
    expect((await api('PATCH', path, { configuration: { password: 'new' } })).body.configuration).toMatchObject({
      password: MASK,
    });
    expect(shop().password).toBe('new');
    await api('PATCH', path, { configuration: { password: MASK } });
    expect(shop().password).toBe(MASK);
  });

  test('errors quote the configuration only where the server is badly behaved', async () => {
    const configuration = { sourceType: 'postgres', host: 5, password: 'p-value-8841' };
    const create = (): ReturnType<Request> =>
      api('POST', '/sources', { name: 'n', workspaceId: WORKSPACE, configuration });
    const reply = await create();
    expect(reply.status).toBe(422);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(reply.body).toMatchObject({ status: 422, title: 'unprocessable-entity' });
    expect(reply.text).toContain('$.port: is missing but it is required');
    expect(reply.text).toContain('$.host: string expected');
    expect(reply.text).not.toContain('p-value-8841');
    airbyte.settings.quoting = true;
    expect((await create()).text).toContain('p-value-8841');
    expect(ids(airbyte.state.sources)).toEqual([PEOPLE, SHOP, CODE]);
  });
});

describe('creating', () => {
  const source = (more: object): ReturnType<Request> =>
    api('POST', '/sources', { name: 'n', workspaceId: WORKSPACE, configuration: {}, ...more });

  test.each([
    ['neither definition nor type', {}, 400],
    ['an unknown definition', { definitionId: airbyteId('definition', 77) }, 400],
    ['an unknown type', { configuration: { sourceType: 'nothing' } }, 400],
    ['a workspace of others', { workspaceId: airbyteId('workspace', 77), configuration: { sourceType: 'faker' } }, 403],
    ['an incomplete branch', { configuration: { sourceType: 'github', repositories: ['a/b'], credentials: {} } }, 422],
  ])('%s is refused, and makes nothing', async (_name, more, status) => {
    const before = airbyte.snapshot();
    expect((await source(more)).status).toBe(status);
    expect(airbyte.snapshot()).toEqual(before);
  });

  test('a connection of all streams, of some, of none that are there', async () => {
    const create = (more: object): ReturnType<Request> =>
      api('POST', '/connections', { sourceId: PEOPLE, destinationId: WAREHOUSE, ...more });
    const all = await create({});
    expect(all.body.configurations).toMatchObject({
      streams: [{ name: 'users' }, { name: 'products' }, { name: 'purchases' }],
    });
    const streams = (name: string, syncMode?: string): object => ({
      configurations: { streams: [{ name, syncMode }] },
    });
    expect((await create(streams('users', 'incremental_append'))).status).toBe(200);
    expect((await create(streams('nothing'))).status).toBe(400);
    expect((await create({ sourceId: CODE, ...streams('branches', 'incremental_append') })).status).toBe(400);
    expect((await create({ destinationId: airbyteId('destination', 77) })).status).toBe(403);
    expect(airbyte.state.connections).toHaveLength(4);
  });

  test('a definition, its next version, and an invalid manifest', async () => {
    const path = `/workspaces/${WORKSPACE}/definitions/declarative_sources`;
    const made = await api('POST', path, { name: 'Mine', manifest: SEEDED_MANIFEST });
    expect(made.body).toMatchObject({ name: 'Mine', version: 1 });
    const next = { ...SEEDED_MANIFEST, description: 'next' };
    const put = await api('PUT', `${path}/${made.body.id}`, { manifest: next });
    expect(put.body).toMatchObject({ version: 2, manifest: next });
    expect((await api('POST', path, { name: 'Bad', manifest: { type: 'Nothing' } })).status).toBe(400);
    // It looks into the spec without following references.
    for (const spec of [undefined, { $ref: '#/definitions/spec' }, { connection_specification: { $ref: '#/x' } }]) {
      const manifest = { ...SEEDED_MANIFEST, spec };
      expect((await api('POST', path, { name: 'Bad', manifest })).status).toBe(500);
    }
  });
});

describe('an unknown id', () => {
  test('is forbidden, but for an administrator, whom it is not found for; an unknown job is none that runs', async () => {
    const paths = ['source', 'destination', 'connection', 'workspace'] as const;
    const look = async (): Promise<number[]> => {
      const replies = [
        ...paths.map((kind) => api('GET', `/${kind}s/${airbyteId(kind, 77)}`)),
        api('PATCH', `/sources/${airbyteId('source', 77)}`, { name: 'n' }),
        config('POST', '/state/get', { connectionId: airbyteId('connection', 77) }),
      ];
      return (await Promise.all(replies)).map(({ status }) => status);
    };
    expect(new Set(await look())).toEqual(new Set([403]));
    airbyte.settings.administrator = true;
    expect(new Set(await look())).toEqual(new Set([404]));
    for (const method of ['GET', 'DELETE']) {
      expect(await api(method, '/jobs/987654')).toMatchObject({
        status: 409,
        body: { data: { message: 'Job is not currently running.' } },
      });
    }
  });
});
