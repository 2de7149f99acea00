import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { validateAgainstSpec } from '../../../connectors/index.ts';
import { isObject, type JsonObject, secretFields } from '../../../protocol/index.ts';
import { describeWith } from '../../../test/harness/requirements.ts';
import { loosened } from './loosened-spec.ts';

const branch = (kind: string): JsonObject => ({
  required: ['kind', 'key'],
  properties: { kind: { const: kind }, key: { type: 'string', airbyte_secret: true } },
});
const spec: JsonObject = {
  type: 'object',
  required: ['required', 'credentials'],
  properties: {
    required: { type: 'string' },
    credentials: { type: 'object', oneOf: [branch('a'), branch('b')] },
    lists: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
    },
  },
};
const paths = async (part: JsonObject): Promise<string[]> =>
  (await validateAgainstSpec(loosened(spec), part)).map(({ path }) => path);

test('a partial configuration need not be complete, but what is given must fit', async () => {
  const parts: JsonObject[] = [{}, { credentials: {} }, { credentials: { key: 'k' } }, { lists: [{}] }];
  for (const part of parts) {
    expect(await paths(part), JSON.stringify(part)).toEqual([]);
  }
  expect(await paths({ required: 7 })).toEqual(['required']);
  expect(await paths({ lists: [{ x: 'one' }] })).toEqual(['lists[0].x']);
  expect(await paths({ credentials: { kind: 'c' } })).toEqual(['credentials.kind']);
  expect(secretFields(loosened(spec))).toEqual(['credentials.key']);
});

describeWith(['data'], 'specs of the registry', () => {
  test('each accepts an empty part, and keeps its secret fields', async () => {
    const path = join(process.env.SLUICE_TEST_DATA ?? '', 'registry', 'oss_registry.json');
    const { sources, destinations } = JSON.parse(await readFile(path, 'utf8'));
    const specs = [...sources, ...destinations].map(({ spec }) => spec?.connectionSpecification).filter(isObject);
    expect(specs.length).toBeGreaterThan(600);
    for (const spec of specs) {
      const loose = loosened(spec);
      expect(secretFields(loose)).toEqual(secretFields(spec));
      expect(await validateAgainstSpec(loose, {})).toEqual([]);
    }
  });
});
