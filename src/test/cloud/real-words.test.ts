/** How a real Airbyte refuses requests, and what it does not accept: manifests, credentials, malformed requests. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SEEDED_MANIFEST } from '../../../fixtures/airbyte/index.ts';
import { type CloudTest, startCloud, UNGUARDED } from '../harness/airbyte.ts';

let cloud: CloudTest;
beforeEach(async () => {
  cloud = await startCloud({ environment: UNGUARDED });
});
afterEach(() => cloud.close());

describe('manifests', () => {
  const publish = (manifest: object) => ({ kind: 'definition', name: 'Survey', manifest });
  const published = () => cloud.airbyte.state.declarative.at(-1)?.manifest as { spec?: object } | undefined;

  test('references inside of the spec are written out, and a missing spec is added', async () => {
    const { spec, ...rest } = SEEDED_MANIFEST;
    const api_key = { type: 'string', airbyte_secret: true };
    const definitions = {
      spec: { type: 'Spec', connection_specification: { $ref: '#/definitions/schema' } },
      schema: { type: 'object', required: ['api_key'], properties: { api_key: { $ref: '#/definitions/key' } } },
      key: { ...api_key, title: 'Key' },
    };
    const forms: [object | undefined, object][] = [
      [{ $ref: '#/definitions/spec' }, { ...spec, connection_specification: { properties: { api_key } } }],
      [
        { ...spec, connection_specification: '#/definitions/schema' },
        { connection_specification: { properties: { api_key } } },
      ],
      [undefined, { type: 'Spec', connection_specification: { type: 'object', properties: {} } }],
    ];
    for (const [given, expected] of forms) {
      const made = publish({ ...rest, definitions, spec: given });
      await cloud.server.call('create_cloud_object', { ...made, allow_duplicate: true });
      expect(published()?.spec).toMatchObject(expected);
      expect(JSON.stringify(published()?.spec)).not.toContain('#/definitions');
    }
  });

  test.each([
    ['nowhere', { $ref: '#/definitions/other' }, {}],
    ['into itself', { $ref: '#/definitions/a' }, { a: { b: { $ref: '#/definitions/a' } } }],
  ])('a reference that leads %s is refused before it is sent', async (_, spec, definitions) => {
    const before = cloud.airbyte.state.declarative.length;
    const error = await cloud.server.fail('create_cloud_object', publish({ ...SEEDED_MANIFEST, definitions, spec }));
    expect(error.code).toBe('bad_manifest');
    expect(cloud.airbyte.state.declarative).toHaveLength(before);
  });
});

describe('words', () => {
  test('of a malformed request, in the shapes of both APIs', async () => {
    const bodies: [object, string][] = [
      [
        { message: 'Bad Request', _embedded: { errors: [{ message: 'configuration.port: must not be null' }] } },
        'port: must',
      ],
      [
        { message: 'Invalid input.', validationErrors: [{ propertyPath: 'cron', message: 'is too short' }] },
        'cron is too short',
      ],
    ];
    for (const [body, words] of bodies) {
      cloud.airbyte.fault({ path: /\/connections$/, kind: 'status', status: 400, body });
      const error = await cloud.server.fail('list_cloud_objects', { kind: 'connection' });
      expect(error).toMatchObject({
        code: 'cloud_rejected',
        details: { airbyte_says: expect.stringContaining(words) },
      });
    }
  });
});

describe('credentials', () => {
  test.each([
    [400, 'cloud_credentials'],
    [401, 'cloud_credentials'],
    [500, 'cloud_failed'],
  ] as const)('wrong ones that are answered with %i', async (status, code) => {
    await cloud.close();
    cloud = await startCloud({
      environment: { AIRBYTE_CLOUD_CLIENT_SECRET: 'not-the-secret-of-it' },
      airbyte: { tokenRefusal: status },
    });
    const error = await cloud.server.fail('check_cloud_workspace');
    expect(error).toMatchObject({ code, next: expect.stringContaining('AIRBYTE_CLOUD_CLIENT_SECRET') });
  });

  test('where authentication is off, the error suggests any bearer token, which works', async () => {
    await cloud.close();
    cloud = await startCloud({ airbyte: { authentication: false } });
    const error = await cloud.server.fail('check_cloud_workspace');
    expect(error).toMatchObject({ next: expect.stringContaining('AIRBYTE_CLOUD_BEARER_TOKEN to any word') });
    await cloud.close();
    cloud = await startCloud({
      airbyte: { authentication: false },
      environment: {
        AIRBYTE_CLOUD_CLIENT_ID: undefined,
        AIRBYTE_CLOUD_CLIENT_SECRET: undefined,
        AIRBYTE_CLOUD_BEARER_TOKEN: 'any-word',
      },
    });
    expect(await cloud.server.call('check_cloud_workspace')).toMatchObject({ workspace: { name: 'Workshop' } });
  });
});
