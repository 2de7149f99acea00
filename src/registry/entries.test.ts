import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject } from '../protocol/index.ts';
import { describeWith } from '../test/harness/requirements.ts';
import { parseRegistry, specOfEntry } from './entries.ts';
import { splitRegistry } from './split.ts';

const fixture = readFileSync(new URL('../../fixtures/registry/registry.json', import.meta.url));
const testData = process.env.SLUICE_TEST_DATA;

describe('parseRegistry', () => {
  const entries = parseRegistry(fixture);
  const named = (name: string) => {
    const entry = entries.find((candidate) => candidate.name === name);
    if (!entry) throw new Error(`${name} is missing`);
    return entry;
  };

  it('lists sources before destinations, by name, without tombstones', () => {
    expect(entries.map(({ name, type }) => `${type} ${name}`)).toEqual([
      'source airbyte-heron-source',
      'source source-bramble-crm',
      'source source-faker',
      'source source-larch-sql',
      'source source-orchard-weather',
      'destination destination-burrow',
      'destination destination-larch-sql',
    ]);
  });

  it('knows which destinations wait for the word that a stream is complete', () => {
    expect(named('destination-larch-sql').supportsRefreshes).toBe(true);
    expect(named('destination-burrow').supportsRefreshes).toBe(false);
  });

  it('reads which CDK a low-code connector is built on, and nothing of another image', () => {
    const base = JSON.parse(fixture.toString('utf8')) as { sources: object[] };
    const of = (baseImage: unknown) =>
      parseRegistry(
        Buffer.from(JSON.stringify({ sources: [{ ...base.sources[0], connectorBuildOptions: { baseImage } }] })),
      )[0]?.cdkVersion;
    expect(of('docker.io/airbyte/source-declarative-manifest:6.60.0@sha256:abc')).toBe('6.60.0');
    expect(of('airbyte/source-declarative-manifest:7.1.2')).toBe('7.1.2');
    expect(of('docker.io/airbyte/python-connector-base:4.0.2@sha256:abc')).toBeUndefined();
    expect(of('docker.io/airbyte/source-declarative-manifest:latest')).toBeUndefined();
    expect(of(7)).toBeUndefined();
  });

  it('reads one complete entry', () => {
    expect(named('source-faker')).toEqual({
      name: 'source-faker',
      repository: 'airbyte/source-faker',
      definitionId: 'dfd88b22-b603-4c3d-aad7-3701784586b1',
      title: 'Sample Data',
      type: 'source',
      version: '6.2.24',
      runtimes: ['python', 'docker'],
      supportsRefreshes: false,
      supportLevel: 'community',
      language: 'python',
      documentationUrl: 'https://docs.airbyte.com/integrations/sources/faker',
      pypiPackage: 'airbyte-source-faker',
      suggestedStreams: ['users', 'products', 'purchases'],
      breakingChanges: [
        {
          version: '6.0.0',
          deadline: '2024-04-01',
          message: 'The id columns become primary keys.',
          migrationUrl: 'https://docs.airbyte.com/integrations/sources/faker-migrations#6.0.0',
        },
        {
          version: '5.0.0',
          deadline: '2023-08-31',
          message: 'Identifiers and the year of a product become integers.',
          migrationUrl: 'https://docs.airbyte.com/integrations/sources/faker-migrations#5.0.0',
        },
      ],
      releaseCandidates: ['6.3.0-rc.1'],
      externalDocumentation: [
        { title: 'Faker documentation', kind: 'api_reference', url: 'https://faker.readthedocs.io/en/master/' },
      ],
    });
  });

  it('distinguishes runtimes, and takes the type from the list that contains the entry', () => {
    expect(named('source-orchard-weather').runtimes).toEqual(['manifest', 'docker']);
    expect(named('source-orchard-weather').pypiPackage).toBeUndefined();
    expect(named('source-larch-sql').runtimes).toEqual(['docker']);
    expect(named('airbyte-heron-source')).toMatchObject({ type: 'source', runtimes: ['docker'], language: undefined });
  });

  it('unpacks a spec on demand, the same object while it is held', () => {
    const spec = specOfEntry(named('source-faker'));
    expect(spec.connectionSpecification).toMatchObject({ title: 'Faker Source Spec' });
    expect(specOfEntry(named('source-faker'))).toBe(spec);
  });

  it.each([
    ['nothing', '', SyntaxError],
    ['no JSON', '<!doctype html><html><style>a{color:red}</style></html>', RangeError],
    ['half a file', fixture.toString().slice(0, 5000), SyntaxError],
    ['two values', '{"sources":[]}{"sources":[]}', SyntaxError],
    ['no sources', '{"destinations":[]}', RangeError],
    ['an empty list', '{"sources":[],"destinations":[]}', RangeError],
    ['another shape', '{"sources":{"a":{"dockerRepository":"airbyte/source-a"}}}', RangeError],
    ['a broken entry', '{"sources":[{"name":tru}]}', SyntaxError],
  ])('refuses %s', (_what, text, error) => {
    expect(() => parseRegistry(Buffer.from(text))).toThrow(error);
  });

  it('leaves out entries whose name could leave its folder', () => {
    const entry = (dockerRepository: string) => ({ dockerRepository, dockerImageTag: '1', spec: {} });
    const registry = { sources: ['airbyte/..', 'airbyte/', '', 'airbyte/source-a'].map(entry) };
    expect(parseRegistry(Buffer.from(JSON.stringify(registry))).map(({ name }) => name)).toEqual(['source-a']);
  });

  it('reads how long a source may be silent, if given in seconds', () => {
    const registry = {
      sources: [5400, undefined, 0, '60'].map((maxSecondsBetweenMessages, at) => ({
        dockerRepository: `airbyte/source-${at}`,
        dockerImageTag: '1',
        spec: {},
        maxSecondsBetweenMessages,
      })),
    };
    const seconds = parseRegistry(Buffer.from(JSON.stringify(registry))).map(
      (entry) => entry.maxSecondsBetweenMessages,
    );
    expect(seconds).toEqual([5400, undefined, undefined, undefined]);
  });

  it('prefers the entry of Airbyte if two repositories end alike', () => {
    const entry = (dockerRepository: string) => ({ dockerRepository, dockerImageTag: '1', spec: {} });
    const registry = { sources: ['other/source-a', 'airbyte/source-a', 'third/source-a'].map(entry) };
    expect(parseRegistry(Buffer.from(JSON.stringify(registry))).map(({ repository }) => repository)).toEqual([
      'airbyte/source-a',
    ]);
  });
});

describe('splitRegistry', () => {
  it('finds the entries that JSON.parse finds', () => {
    const entry = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.array(entry),
        fc.array(entry),
        fc.jsonValue(),
        fc.boolean(),
        (sources, destinations, extra, pretty) => {
          const text = JSON.stringify({ extra, destinations, more: [extra], sources }, null, pretty ? 2 : undefined);
          const bytes = Buffer.from(text);
          const split = [...splitRegistry(bytes)].map(({ type, start, end }) => ({
            type,
            value: JSON.parse(bytes.toString('utf8', start, end)) as unknown,
          }));
          const parsed = JSON.parse(text) as { sources: unknown[]; destinations: unknown[] };
          expect(split).toEqual([
            ...parsed.destinations.map((value) => ({ type: 'destination', value })),
            ...parsed.sources.map((value) => ({ type: 'source', value })),
          ]);
        },
      ),
    );
  });
});

describeWith(['data'], 'the entire public registry', () => {
  it('is read completely', () => {
    const entries = parseRegistry(readFileSync(`${testData}/registry/oss_registry.json`));
    expect(entries).toHaveLength(647);
    expect(entries.filter(({ type }) => type === 'source')).toHaveLength(591);
    expect(entries.filter(({ pypiPackage }) => pypiPackage)).toHaveLength(64);
    expect(entries.filter(({ runtimes }) => runtimes.includes('manifest'))).toHaveLength(499);
    expect(entries.filter(({ cdkVersion }) => cdkVersion)).toHaveLength(499);
    expect(entries.filter((entry) => entry.maxSecondsBetweenMessages)).toHaveLength(67);
    expect(entries.every((entry) => isObject(specOfEntry(entry).connectionSpecification))).toBe(true);
  });
});
