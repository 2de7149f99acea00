import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { InputError } from '../../errors.ts';
import { needsComponents } from './components.ts';
import { describeManifest, specOf } from './describe-manifest.ts';
import { readManifest } from './read-manifest.ts';

const QUARRY = readFileSync(fileURLToPath(new URL('../../../fixtures/manifests/quarry.yaml', import.meta.url)), 'utf8');

const manifest = (streams: string, rest = ''): string =>
  `version: 6.60.0\ntype: DeclarativeSource\ncheck: {type: CheckStream, stream_names: [a]}\nstreams:\n${streams}\n${rest}`;

function refusal(text: string): InputError {
  try {
    readManifest(text, 'm.yaml');
  } catch (error) {
    return error as InputError;
  }
  throw new Error('it was taken');
}

/** Ten times more at each step, from `a` on. */
const steps = (make: (name: string, previous: string) => string): string =>
  [...'bcdefghij'].map((name, index) => make(name, 'abcdefghij'[index] as string)).join('\n');

describe('a manifest that cannot be used', () => {
  it.each([
    ['is no YAML', 'version: 6.0.0\nstreams: [a\n', 'not valid YAML: line 3'],
    ['is two documents', `${manifest('- {name: a}')}---\n${manifest('- {name: a}')}`, 'not valid YAML'],
    ['is a list', '- 1\n', 'holds no keys and values'],
    ['is empty', '', 'holds no keys and values'],
    ['is something else', 'type: Deployment\nversion: v1\n', 'its type is "Deployment"'],
    ['has no streams', 'version: 6.0.0\nstreams: []\n', 'neither streams nor dynamic_streams'],
    ['has no version', manifest('- {name: a}').replace('version: 6.60.0', ''), 'has no version'],
    ['refers to nothing', manifest('- "#/definitions/a"'), 'not in it: #/definitions/a'],
    ['refers past its end', manifest('- "#/streams/7"'), 'not in it: #/streams/7'],
    [
      'refers to itself',
      manifest('- "#/definitions/a"', 'definitions: {a: {b: "#/definitions/a"}}'),
      'refers to itself',
    ],
    [
      'refers in a ring',
      manifest('- "#/definitions/a"', 'definitions: {a: {$ref: "#/definitions/b"}, b: {$ref: "#/definitions/a"}}'),
      'refers to itself',
    ],
    ['holds itself by an alias', manifest('- &a {name: a, b: [*a]}'), 'cannot be used'],
    ['is deep', manifest(`- ${'['.repeat(20_000)}`), 'cannot be used'],
    ['is deep and whole', manifest(`- ${'['.repeat(3_000)}${']'.repeat(3_000)}`), 'cannot be used'],
    ['is huge', manifest(`- {name: ${'a'.repeat(9_000_000)}}`), 'larger than 8 MB'],
    [
      'multiplies by aliases',
      manifest(
        '- {name: a}',
        `a: &a [1,1,1,1,1,1,1,1,1,1]\n${steps((name, before) => `${name}: &${name} [${Array(10).fill(`*${before}`)}]`)}`,
      ),
      'cannot be used',
    ],
    [
      'multiplies by references',
      manifest(
        '- {name: a}',
        `a: [1,1,1,1,1,1,1,1,1,1]\n${steps((name, before) => `${name}: [${Array(10).fill(`"#/${before}"`)}]`)}`,
      ),
      'too large when its references are written out',
    ],
  ])('%s', (_what, text, reason) => {
    const started = Date.now();
    const error = refusal(text);
    expect(error).toMatchObject({ kind: 'input', code: 'bad_manifest' });
    expect(error.message).toContain(reason);
    expect(error.message.length).toBeLessThan(400);
    expect(Date.now() - started).toBeLessThan(5_000);
  });
});

describe('code in a manifest', () => {
  const custom = (filter: string): string =>
    manifest(`- {name: a, retriever: {record_selector: {record_filter: ${filter}}}}`);

  it.each([
    ['as a field', custom('{type: CustomRecordFilter, class_name: components.Deny}')],
    ['in a definition that nothing refers to', manifest('- {name: a}', 'definitions: {f: {class_name: os.system}}')],
    ['among parameters', manifest('- {name: a, $parameters: {class_name: os.system}}')],
    [
      'in a key that is written twice',
      custom('{class_name: os.system, class_name: null}').replace('class_name: null', 'type: x'),
    ],
    ['with an escape', custom('{"cl\\u0061ss_name": os.system}')],
    ['merged in', manifest('- {name: a, <<: {class_name: os.system}}')],
    ['as the value that a template puts in', manifest('- {name: a, field_path: [retriever, class_name]}')],
  ])('is seen %s', (_where, text) => {
    expect(readManifest(text, 'm.yaml').bringsCode).toBe(true);
  });

  it('is looked up in components.py only if a class is declared there', () => {
    const needs = (name: string): boolean => needsComponents(readManifest(custom(`{class_name: ${name}}`), 'm.yaml'));
    expect(needs('source_declarative_manifest.components.Deny')).toBe(true);
    expect(needs('components.Deny')).toBe(true);
    expect(needs('airbyte_cdk.sources.declarative.Deny')).toBe(false);
  });

  it('is not detected if there is none', () => expect(readManifest(QUARRY, 'm.yaml').bringsCode).toBe(false));
});

describe('a manifest', () => {
  it('is read as the CDK reads it: YAML 1.1, with the later of two equal keys, and dates as text', () => {
    const { document } = readManifest(
      manifest('- {name: NO, name: b, a: off, when: 2026-01-01, <<: {c: 1}}'),
      'm.yaml',
    );
    expect(document.streams).toEqual([{ name: 'b', a: false, when: '2026-01-01', c: 1 }]);
  });

  it('lists its streams, through references and parameters', () => {
    const { streams, ...rest } = describeManifest(readManifest(QUARRY, 'm.yaml'));
    expect(streams).toHaveLength(12);
    expect(streams.slice(2, 5)).toEqual([
      { name: 'carts', syncModes: ['full_refresh'], primaryKey: ['id'] },
      { name: 'loads', syncModes: ['full_refresh'], primaryKey: ['id'] },
      { name: 'events', syncModes: ['full_refresh', 'incremental'], cursorField: 'changed_at', primaryKey: ['id'] },
    ]);
    expect(rest).toEqual({
      moreAtDiscovery: false,
      authentication: ['ApiKeyAuthenticator', 'BearerAuthenticator'],
      bringsCode: false,
      cdkVersion: '6.60.0',
    });
  });

  it('lists streams of the other kinds', () => {
    const text = manifest(
      `- type: StateDelegatingStream
  name: orders
  full_refresh_stream: {name: orders}
  incremental_stream: {name: orders, primary_key: [[a, b], c], incremental_sync: {cursor_field: "{{ parameters.get('by', 'updated') }}"}}
- type: ConditionalStreams
  condition: "{{ config.all }}"
  streams:
    - {name: "{{ parameters['name'] }}", $parameters: {name: extras, cursor_field: at}, incremental_sync: {type: DatetimeBasedCursor, cursor_field: "{{ parameters.cursor_field }}"}}`,
      'dynamic_streams: [{type: DynamicDeclarativeStream, name: d}]',
    );
    const { streams, moreAtDiscovery } = describeManifest(readManifest(text, 'm.yaml'));
    expect(moreAtDiscovery).toBe(true);
    expect(streams).toEqual([
      { name: 'orders', syncModes: ['full_refresh', 'incremental'], cursorField: 'updated', primaryKey: ['a.b', 'c'] },
      {
        name: 'extras',
        syncModes: ['full_refresh', 'incremental'],
        cursorField: 'at',
        primaryKey: [],
        conditional: true,
      },
    ]);
  });

  it('lists each way to authenticate', () => {
    const auth =
      '{type: SelectiveAuthenticator, authenticators: {a: {type: OAuthAuthenticator}, b: "#/definitions/b"}}';
    const text = manifest(`- {name: a, authenticator: ${auth}}`, 'definitions: {b: {type: JwtAuthenticator}}');
    expect(describeManifest(readManifest(text, 'm.yaml')).authentication).toEqual([
      'JwtAuthenticator',
      'OAuthAuthenticator',
    ]);
  });

  it('holds its spec, with what it refers to; or none', () => {
    expect(specOf(readManifest(QUARRY, 'm.yaml'))).toMatchObject({
      documentationUrl: 'https://example.com/quarry',
      connectionSpecification: { required: ['base_url', 'api_key'], properties: { api_key: { airbyte_secret: true } } },
    });
    const spec = 'spec: {connection_specification: {type: object, properties: {a: "#/definitions/a"}}}';
    const text = manifest('- {name: a}', `${spec}\ndefinitions: {a: {type: string}}`);
    expect(specOf(readManifest(text, 'm.yaml'))).toEqual({
      connectionSpecification: { type: 'object', properties: { a: { type: 'string' } } },
    });
    expect(specOf(readManifest(manifest('- {name: a}'), 'm.yaml'))).toBeUndefined();
  });
});
