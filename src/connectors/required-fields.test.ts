import { describe, expect, it } from 'vitest';
import { describeWith } from '../test/harness/requirements.ts';
import { exampleConfig } from './example-config.ts';
import { optionalFields, requiredFields } from './required-fields.ts';
import { specOf, specsOf } from './specs.fixture.ts';
import { validateAgainstSpec } from './validate-config.ts';

const testData = process.env.SLUICE_TEST_DATA;
const bramble = specOf('source-bramble-crm');
const larch = specOf('source-larch-sql');

describe('requiredFields', () => {
  it('reports the required fields, with the choices', () => {
    expect(requiredFields(bramble)).toMatchObject([
      { path: 'region', type: 'string', secret: false, default: 'eu', allowed: ['eu', 'us', 'apac'] },
      {
        path: 'credentials',
        type: 'object, one of several',
        options: [
          {
            field: 'auth_type',
            value: 'oauth2.0',
            required: [
              { path: 'credentials.client_id', secret: false },
              { path: 'credentials.client_secret', secret: true },
              { path: 'credentials.refresh_token', secret: true },
            ],
          },
          { field: 'auth_type', value: 'api_key', required: [{ path: 'credentials.api_key', secret: true }] },
        ],
      },
    ]);
    expect(requiredFields(specOf('source-faker'))).toEqual([]);
    expect(requiredFields(larch)[1]).toMatchObject({ path: 'port', default: 5432, example: 5432 });
    expect(optionalFields(larch)).toEqual(['password', 'schemas', 'ssl_mode']);
  });

  it('reports how many values it does not list', () => {
    const values = Array.from({ length: 898 }, (_, index) => `p${index}`);
    const spec = { required: ['one'], properties: { one: { type: 'string', enum: values } } };
    const [field] = requiredFields(spec);
    expect([field?.allowed?.length, field?.allowedMore]).toEqual([30, 868]);
    expect(requiredFields(bramble)[0]?.allowedMore).toBeUndefined();
  });

  it('makes a configuration to begin with', () => {
    expect(exampleConfig(bramble, () => 'NAME')).toEqual({
      region: 'eu',
      credentials: {
        auth_type: 'oauth2.0',
        client_id: '<string>',
        client_secret: 'secret_reference::NAME',
        refresh_token: 'secret_reference::NAME',
      },
    });
  });
});

describeWith(['data'], 'all public specs', () => {
  it('compile, explain an empty configuration, and accept their own skeleton except its placeholders', async () => {
    const specs = specsOf(`${testData}/registry/oss_registry.json`);
    expect(specs.size).toBe(647);
    for (const [name, spec] of specs) {
      const required = requiredFields(spec);
      const problems = await validateAgainstSpec(spec, {});
      expect(problems.length > 0, name).toBe(required.length > 0);
      const missing = await validateAgainstSpec(
        spec,
        exampleConfig(spec, () => 'NAME'),
      );
      expect(
        missing.filter(({ message }) => message.includes('missing') || message.includes('option')),
        name,
      ).toEqual([]);
    }
  });
});

it('leaves out the sentences that say nothing without their link', () => {
  const described = (description: string): string | undefined =>
    requiredFields({ required: ['key'], properties: { key: { type: 'string', description } } })[0]?.description;
  expect(described('Your API key. Find yours <a href="https://x.example/keys">here</a>.')).toBe('Your API key.');
  expect(described('See the [docs](https://x.example) for more. The key.')).toBe('The key.');
  expect(described('<a href="https://x.example">Here</a>')).toBeUndefined();
  expect(described('The <a href="https://x.example">cursor column</a> to use.')).toBe('The cursor column to use.');
});
