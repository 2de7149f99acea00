/** Python code that manifests bring: the registry's with its checksum, the user's from folders that are allowed, and nothing else. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startUpstream, type Upstream } from '../../registry/upstream.fixture.ts';
import { callOut, syncOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, namesIn } from '../harness/machine.ts';
import { QUARRY_KEY, QUARRY_MANIFEST, type Quarry, startQuarry } from '../harness/quarry.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, SMALL_REGISTRY, type Workplace } from '../harness/workplace.ts';

// pip takes minutes where uv takes seconds.
vi.setConfig({ testTimeout: 300_000 });

const METADATA = '/files/metadata/airbyte/source-quarry-kit';
const CODE = `from dataclasses import dataclass
from airbyte_cdk.sources.declarative.transformations import RecordTransformation

@dataclass
class Upper(RecordTransformation):
    def transform(self, record, config=None, stream_state=None, stream_slice=None):
        record["name"] = record["name"].upper()
`;
const ZIP =
  'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z: z.write(sys.argv[2], "components.py"); z.write(sys.argv[3], "manifest.yaml")';

describeWith(['python', 'pypi'], 'code in a manifest', () => {
  let quarry: Quarry;
  let upstream: Upstream;
  let workplace: Workplace;
  let server: TestServer;
  let allowed: string;
  let other: string;
  let coded: string;
  const published = new Map<string, string | Buffer>();

  beforeAll(async () => {
    [quarry, upstream] = await Promise.all([startQuarry(), startUpstream()]);
    workplace = await makeWorkplace(`QUARRY_API_KEY='${QUARRY_KEY}'\n`);
    allowed = join(workplace.directory, 'allowed');
    other = join(workplace.directory, 'other');
    await Promise.all([mkdir(allowed), mkdir(other)]);
    const plain = await readFile(QUARRY_MANIFEST, 'utf8');
    coded = withTransformation(plain, 'source_declarative_manifest.components.Upper');
    for (const folder of [allowed, other]) {
      await writeFile(join(folder, 'coded.yaml'), coded);
      await writeFile(join(folder, 'components.py'), CODE);
    }
    const zip = join(workplace.directory, 'components.zip');
    const files = [zip, join(other, 'components.py'), join(other, 'coded.yaml')];
    await promisify(execFile)('python3', ['-c', ZIP, ...files]);
    const archive = await readFile(zip);
    const digest = createHash('sha256').update(archive).digest('base64');
    for (const [version, checksum] of [
      ['1.0.0', digest],
      ['1.0.1', `A${digest.slice(1)}`],
      ['1.0.2', undefined],
    ] as const) {
      published.set(`${METADATA}/${version}/manifest.yaml`, coded);
      published.set(`${METADATA}/${version}/components.zip`, archive);
      if (checksum) published.set(`${METADATA}/${version}/components.zip.sha256`, checksum);
    }
    published.set('/registry/oss_registry.json', withKit(await readFile(SMALL_REGISTRY, 'utf8')));
    upstream.answer = (request, response) => {
      const body = published.get((request.url ?? '').replace('/registry/metadata', '/files/metadata'));
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    };
    const environment = {
      ...workplace.environment,
      AIRBYTE_LOCAL_REGISTRY: `${upstream.origin}/registry/oss_registry.json`,
      SLUICE_CONFIG_DIRS: workplace.directory,
      SLUICE_ALLOW_EXECUTABLES: allowed,
    };
    workplace = { ...workplace, environment };
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await expectNothingRuns(workplace);
    await Promise.all([quarry.close(), upstream.close()]);
    await workplace.remove();
  });
  const config = () => ({ base_url: quarry.origin, api_key: 'secret_reference::QUARRY_API_KEY' });
  const own = (path: string) => ({ connector: 'source-quarry-own', manifest_path: path, config: config() });
  const names = async (source: string): Promise<unknown[]> => {
    const { rows } = await server.call<{ rows: unknown[][] }>('query', {
      sql: `SELECT DISTINCT regexp_replace(name, ' .*', '') FROM ${source}.stones`,
    });
    return rows.flat();
  };

  test.each([
    ['another checksum', '1.0.1'],
    ['no checksum', '1.0.2'],
  ])('of the registry with %s is neither run nor stored', async (_what, version) => {
    const error = await server.fail('validate_config', { connector: 'source-quarry-kit', version, config: config() });
    expect(error).toMatchObject({ kind: 'setup', code: 'components_unverified' });
    expect(await namesIn(join(workplace.project, 'connectors', 'source-quarry-kit'))).toEqual([]);
  });

  test('of the registry runs once its checksum is right', async () => {
    await callOut(server, 'save_source', { name: 'kit', connector: 'source-quarry-kit', config: config() });
    expect(await syncOut(server, { source: 'kit', streams: ['stones'] })).toMatchObject({ state: 'complete' });
    expect(await names('kit')).toEqual(['THING']);
    const folder = join(workplace.project, 'connectors', 'source-quarry-kit', 'manifest-1.0.0');
    expect((await namesIn(folder)).sort()).toEqual(['components.py', 'installed.json', 'manifest.yaml']);
  });

  test('of the registry is fetched again if it, or its manifest, has changed on disk', async () => {
    const folder = join(workplace.project, 'connectors', 'source-quarry-kit', 'manifest-1.0.0');
    const complete = await readFile(join(folder, 'manifest.yaml'), 'utf8');
    await writeFile(join(folder, 'manifest.yaml'), complete.slice(0, complete.length / 2));
    expect(await callOut(server, 'list_streams', { source: 'kit' })).toMatchObject({ total: expect.any(Number) });
    expect(await readFile(join(folder, 'manifest.yaml'), 'utf8')).toBe(complete);
    await writeFile(join(folder, 'components.py'), CODE.replace('upper', 'lower'));
    expect(await syncOut(server, { source: 'kit', streams: ['stones'], restart: true })).toMatchObject({
      state: 'complete',
    });
    expect(await names('kit')).toEqual(['THING']);
    expect(await readFile(join(folder, 'components.py'), 'utf8')).toBe(CODE);
  });

  test('of one’s own runs from a folder that is allowed, and leaves nothing there', async () => {
    await callOut(server, 'save_source', { name: 'own', ...own(join(allowed, 'coded.yaml')) });
    expect(await syncOut(server, { source: 'own', streams: ['stones'] })).toMatchObject({ state: 'complete' });
    expect(await names('own')).toEqual(['THING']);
    expect((await namesIn(allowed)).sort()).toEqual(['coded.yaml', 'components.py']);
    // One environment for each line.
    const lines = (await namesIn(join(workplace.project, 'connectors', 'airbyte-cdk'))).map((name) => name[0]);
    expect(lines.sort()).toEqual(['6', '7']);
  });

  test('of one’s own is refused from elsewhere, with what a person may set', async () => {
    const error = await server.fail('validate_config', own(join(other, 'coded.yaml')));
    expect(error).toMatchObject({ kind: 'refused', code: 'components_not_allowed' });
    expect(error.next).toContain(`${other} to SLUICE_ALLOW_EXECUTABLES`);
    const schemaOnly = await server.fail('validate_config', { ...own(join(other, 'coded.yaml')), schema_only: true });
    expect(schemaOnly).toMatchObject({ code: 'components_not_allowed' });
  });

  test('is code too when it is a class of Python itself', async () => {
    const path = join(other, 'popen.yaml');
    await writeFile(path, withTransformation(await readFile(QUARRY_MANIFEST, 'utf8'), 'subprocess.Popen'));
    expect(await server.fail('validate_config', own(path))).toMatchObject({ code: 'components_not_allowed' });
  });

  test('that does not exist is reported', async () => {
    const path = join(allowed, 'lonely', 'coded.yaml');
    await mkdir(join(allowed, 'lonely'));
    await writeFile(path, coded);
    expect(await server.fail('validate_config', own(path))).toMatchObject({ kind: 'input', code: 'no_components' });
  });

  test('put together by a template at run time is refused by the CDK', async () => {
    const path = join(other, 'dynamic.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, text.replace('spec:\n  type: Spec', `${HIDDEN_CLASS}spec:\n  type: Spec`));
    // CDK 6 would make an object of the class; only a line that refuses by itself is good enough for such a manifest.
    await callOut(server, 'save_source', { name: 'hidden', ...own(path) });
    const error = await server.fail('list_streams', { source: 'hidden' });
    expect(error).toMatchObject({ kind: 'connector' });
    expect(error.text).toContain('Custom connector code is not permitted');
    expect(error.text).not.toMatch(/Popen|Traceback|site-packages/);
  });

  test('is removed, and the environment that runs it, by the session that installed them', async () => {
    const status = await server.call<{ installed_connectors: { name: string }[] }>('get_status');
    const installed = status.installed_connectors.map(({ name }) => name);
    expect(installed).toContain('source-quarry-kit@1.0.0 (manifest)');
    const shared = installed.filter((name) => name.startsWith('airbyte-cdk@'));
    expect(shared).toHaveLength(2);
    for (const name of ['source-quarry-kit@1.0.0 (manifest)', ...shared])
      await server.call('remove', { kind: 'connector', name });
    expect(await namesIn(join(workplace.project, 'connectors', 'source-quarry-kit'))).toEqual([]);
    expect(await syncOut(server, { source: 'kit', streams: ['stones'] })).toMatchObject({ state: 'complete' });
  });

  test('does not come in by the configuration', async () => {
    const answer = await callOut<{ problems: object[] }>(server, 'validate_config', {
      connector: 'source-quarry-kit',
      config: {
        ...config(),
        __injected_components_py: 'import os\nos.mkdir("/tmp/sluice-was-here")',
        __injected_declarative_manifest: { type: 'DeclarativeSource' },
      },
    });
    expect(answer).toMatchObject({
      valid: false,
      problems: [{ path: '__injected_components_py' }, { path: '__injected_declarative_manifest' }],
    });
  });
});

describeWith([], 'a manifest of one’s own that may not be read', () => {
  let workplace: Workplace;
  let server: TestServer;
  beforeAll(async () => {
    workplace = await makeWorkplace();
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });
  const fail = (connector: string, path: string, more: object = {}) =>
    server.fail('validate_config', { connector, manifest_path: path, config: {}, ...more });

  test('is in another folder', async () => {
    expect(await fail('source-mine', QUARRY_MANIFEST)).toMatchObject({ kind: 'refused', code: 'manifest_outside' });
    expect(await fail('source-mine', 'quarry.yaml')).toMatchObject({ kind: 'input', code: 'manifest_unreadable' });
  });

  test('has a spec that the CDK refuses, so its secrets would be unknown', async () => {
    const path = join(workplace.project, 'camel.yaml');
    await mkdir(workplace.project, { recursive: true });
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, text.replace('connection_specification', 'connectionSpecification'));
    const error = await fail('source-mine', path, { config: { api_key: 'sk-in-the-clear' }, schema_only: true });
    expect(error).toMatchObject({ code: 'bad_manifest', text: expect.stringContaining('connection_specification') });
  });

  test('was written by Sluice for its caller', async () => {
    await server.call('get_status');
    const exports = join(workplace.project, 'exports');
    await mkdir(exports, { recursive: true });
    await copyFile(QUARRY_MANIFEST, join(exports, 'quarry.yaml'));
    expect(await fail('source-mine', join(exports, 'quarry.yaml'))).toMatchObject({ code: 'manifest_outside' });
    await copyFile(QUARRY_MANIFEST, join(workplace.project, 'quarry.yaml'));
    const inProject = { config: {}, connector: 'source-mine', manifest_path: join(workplace.project, 'quarry.yaml') };
    const answer = await server.call('validate_config', { ...inProject, schema_only: true });
    expect(answer).toMatchObject({ valid: false, runtime: 'manifest' });
  });

  test.each(['mine', 'destination-mine', 'source-../../mine', 'source-', 'source-Mine', '/source-mine', 'source-a/b'])(
    'has a name that is none: %s',
    async (name) => {
      const path = join(workplace.project, 'quarry.yaml');
      expect(await fail(name, path)).toMatchObject({ kind: 'input', code: 'bad_connector_name' });
    },
  );

  test('has another runtime, or a version', async () => {
    const path = join(workplace.project, 'quarry.yaml');
    expect(await fail('source-mine', path, { runtime: 'python' })).toMatchObject({ code: 'runtime_does_not_fit' });
    expect(await fail('source-mine', path, { version: '1.0.0' })).toMatchObject({ code: 'version_of_manifest' });
  });
});

/** This text does not contain the word `class_name`. */
const HIDDEN_CLASS = `dynamic_streams:
  - type: DynamicDeclarativeStream
    name: hidden
    stream_template:
      $ref: "#/definitions/plain_stream"
      $parameters: { path: stones }
      name: to be replaced
      transformations: [{ type: RemoveFields, field_pointers: [[none]] }]
    components_resolver:
      type: HttpComponentsResolver
      retriever:
        $ref: "#/definitions/retriever"
        requester: { $ref: "#/definitions/requester", path: stones }
      components_mapping:
        - { type: ComponentMappingDefinition, field_path: [name], value: "{{ components_values['name'] }}" }
        - type: ComponentMappingDefinition
          field_path: [transformations]
          value: "{{ [{'type': 'CustomTransformation', 'class' ~ '_name': 'subprocess.Popen'}] }}"
`;

function withTransformation(manifest: string, name: string): string {
  const stones = '$parameters: { name: stones, path: stones }\n';
  const transformation = `    transformations: [{ type: CustomTransformation, class_name: ${name} }]\n`;
  return manifest.replace(stones, `${stones}${transformation}`);
}

function withKit(small: string): string {
  const registry = JSON.parse(small) as { sources: Record<string, unknown>[] };
  const entry = {
    sourceDefinitionId: '0d3f5b62-7c1e-4d8a-9a53-3b0f6c1d2e4f',
    name: 'Quarry kit',
    dockerRepository: 'airbyte/source-quarry-kit',
    dockerImageTag: '1.0.0',
    documentationUrl: 'https://example.com',
    supportLevel: 'community',
    language: 'manifest-only',
    connectorBuildOptions: { baseImage: 'docker.io/airbyte/source-declarative-manifest:7.13.0' },
    spec: { connectionSpecification: { type: 'object' } },
  };
  return JSON.stringify({ ...registry, sources: [...registry.sources, entry] });
}
