/** A low-code manifest of the user's own, through the binary and a real CDK, against a service on loopback. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { callOut, countsOf, type SyncAnswer, syncOut } from '../harness/calls.ts';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, namesIn, runningConnectors, waitUntil } from '../harness/machine.ts';
import { QUARRY_KEY, QUARRY_MANIFEST, type Quarry, startQuarry } from '../harness/quarry.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

// pip takes minutes where uv takes seconds.
vi.setConfig({ testTimeout: 300_000 });

describeWith(['python', 'pypi'], 'a manifest of one’s own', () => {
  let quarry: Quarry;
  let workplace: Workplace;
  let server: TestServer;
  let manifest: string;
  const seen: string[] = [];

  beforeAll(async () => {
    quarry = await startQuarry();
    workplace = await makeWorkplace(`QUARRY_API_KEY='${QUARRY_KEY}'\nQUARRY_BAD_KEY='of-another-quarry-99'\n`);
    manifest = join(workplace.directory, 'quarry.yaml');
    await copyFile(QUARRY_MANIFEST, manifest);
    workplace = { ...workplace, environment: { ...workplace.environment, SLUICE_CONFIG_DIRS: workplace.directory } };
    server = await startServer({ workplace });
  });
  afterAll(async () => {
    await server.close();
    await expectNothingRuns(workplace);
    await quarry.close();
    await workplace.remove();
  });
  const subject = (config: object = {}) => ({
    connector: 'source-quarry',
    manifest_path: manifest,
    config: { base_url: quarry.origin, api_key: 'secret_reference::QUARRY_API_KEY', ...config },
  });
  const call = <T>(tool: string, args: Record<string, unknown>) =>
    callOut<T>(server, tool, args, (message) => seen.push(message));

  test('is held against its own spec without anything being installed', async () => {
    const answer = await server.call('validate_config', {
      ...subject({ api_key: undefined, until: 5 }),
      schema_only: true,
    });
    expect(answer).toMatchObject({ valid: false, version: 'local', runtime: 'manifest', spec_from: 'manifest' });
    expect(answer.text).toContain('api_key');
    const literal = await server.call<{ problems: object[] }>('validate_config', {
      ...subject({ api_key: 'sk-written-in-the-clear-1' }),
      schema_only: true,
    });
    expect(literal.problems).toMatchObject([{ path: 'api_key' }]);
    expect(await server.call('get_status')).toMatchObject({ installed_connectors: [] });
  });

  test('is checked with the service', async () => {
    const answer = await call('validate_config', subject());
    expect(answer).toMatchObject({ valid: true, version: 'local', runtime: 'manifest', problems: [] });
    expect(seen.join('\n')).toMatch(/installing airbyte-cdk 6\.\d+\.\d+ /);
    const wrong = await call<{ check_message: string }>(
      'validate_config',
      subject({ api_key: 'secret_reference::QUARRY_BAD_KEY' }),
    );
    expect(wrong).toMatchObject({ valid: false });
    expect(wrong.check_message).toContain('This key is not known here.');
    expect(wrong.text).not.toContain('Traceback');
  });

  test('is saved, and lists its streams', async () => {
    expect(await call('save_source', { name: 'quarry', ...subject() })).toMatchObject({
      saved: true,
      version: 'local',
    });
    expect(await server.call('list_sources', {})).toMatchObject({
      sources: [{ name: 'quarry', connector: 'source-quarry', runtime: 'manifest', manifest_path: manifest }],
    });
    const { streams } = await call<{ streams: { name: string }[] }>('list_streams', { source: 'quarry' });
    expect(streams).toHaveLength(12);
    expect(streams.find(({ name }) => name === 'events')).toMatchObject({
      sync_modes: ['full_refresh', 'incremental'],
      cursor: 'changed_at',
      primary_key: ['id'],
    });
  });

  test('shows some of a stream that has no end', async () => {
    const { streams } = await call<{ streams: { records: object[] }[] }>('preview_stream', {
      source: 'quarry',
      streams: ['endless'],
      limit: 5,
    });
    expect(streams[0]?.records).toHaveLength(5);
  });

  test('is read by cursor, offset, page and parent, and through a service that is busy or away', async () => {
    const streams = ['stones', 'tools', 'carts', 'loads', 'events', 'busy', 'shaky', 'heap'];
    const done = await syncOut(server, { source: 'quarry', streams });
    expect(done.state).toBe('complete');
    expect(countsOf(done)).toEqual({
      stones: 8,
      tools: 10,
      carts: 7,
      loads: 14,
      events: 5,
      busy: 2,
      shaky: 2,
      heap: 60_000,
    });
    const { rows } = await server.call<{ rows: unknown[][] }>('query', {
      sql: 'SELECT count(*), count(DISTINCT id), sum(weight), max(cart_id) FROM quarry.loads',
    });
    expect(rows).toEqual([[14, 14, 5.25, 7]]);
  });

  test('is read on from where the last sync ended', async () => {
    quarry.events.push({ id: 6, name: 'event 6', changed_at: '2026-01-20T12:00:00Z' });
    quarry.requests.length = 0;
    const done = await syncOut(server, { source: 'quarry', streams: ['events'] });
    expect(done).toMatchObject({ state: 'complete' });
    expect(done.streams[0]?.records).toBeLessThanOrEqual(2);
    const asked = quarry.requests.filter((request) => request.startsWith('/events'));
    expect(asked.length).toBeGreaterThan(0);
    expect(
      asked.every((request) => (new URL(request, 'http://x').searchParams.get('from') ?? '') >= '2026-01-05'),
    ).toBe(true);
    const { rows } = await server.call<{ rows: unknown[][] }>('query', {
      sql: 'SELECT count(*), max(changed_at) FROM quarry.events',
    });
    expect(rows).toEqual([[6, '2026-01-20T12:00:00Z']]);
  });

  test('keeps the records of other streams when one is forbidden or does not return data', async () => {
    const done = await syncOut(server, { source: 'quarry', streams: ['stones', 'vault', 'login', 'tools'] });
    expect(done.state).toBe('incomplete');
    const states = Object.fromEntries(done.streams.map((stream) => [stream.stream, stream.state]));
    expect(states).toMatchObject({ stones: 'complete', tools: 'complete' });
    expect(['failed', 'incomplete']).toContain(states.vault);
    const vault = done.streams.find(({ stream }) => stream === 'vault');
    expect(JSON.stringify(vault)).toMatch(/403|this key does not open the vault|[Ff]orbidden|permission/);
    expect(JSON.stringify(done)).not.toContain('Traceback');
  });

  test('does not take its key to where the service sends it', async () => {
    quarry.keyed.length = 0;
    await syncOut(server, { source: 'quarry', streams: ['moved'] });
    expect(quarry.requests.some((request) => request.startsWith('elsewhere'))).toBe(true);
    expect(quarry.keyed.filter((request) => request.startsWith('elsewhere'))).toEqual([]);
  });

  test('whose pages never end is stopped by cancel_sync', async () => {
    const { sync_id } = await call<SyncAnswer>('start_sync', {
      source: 'quarry',
      streams: ['endless'],
      wait_seconds: 0,
    });
    const before = quarry.requests.length;
    await waitUntil(() => quarry.requests.length > before + 5, 60_000);
    const commands = await runningConnectors(workplace);
    expect(commands.join('\n')).toContain('source-declarative-manifest');
    expect(commands.join('\n')).not.toContain(QUARRY_KEY);
    await server.call('cancel_sync', { sync_id });
    await expectNothingRuns(workplace, 5_000);
  });

  test('is read again at each use, and is reported when it is missing or invalid', async () => {
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(manifest, text.replace('name: heap, path: heap', 'name: mound, path: heap'));
    const { streams } = await call<{ streams: { name: string }[] }>('list_streams', { source: 'quarry' });
    expect(streams.map(({ name }) => name)).toContain('mound');
    await writeFile(manifest, text.replace('type: DeclarativeSource', 'type: [DeclarativeSource'));
    const broken = await server.fail('list_streams', { source: 'quarry' });
    expect(broken).toMatchObject({ kind: 'input', code: 'bad_manifest' });
    expect(broken.message).toMatch(/line \d+/);
    await writeFile(manifest, text.replace('type: SimpleRetriever', 'type: SimplRetriever'));
    const unknown = await server.fail('list_streams', { source: 'quarry' });
    expect(unknown).toMatchObject({ kind: 'connector' });
    expect(unknown.text).toContain('SimplRetriever');
    expect(unknown.text).not.toMatch(/Traceback|site-packages/);
    await writeFile(`${manifest}.other`, text);
    const missing = await server.fail('validate_config', { ...subject(), manifest_path: `${manifest}.gone` });
    expect(missing).toMatchObject({ kind: 'refused', code: 'manifest_outside' });
    await writeFile(manifest, text);
  });

  test('may change its configuration: the change is stored without the manifest that the CDK adds', async () => {
    const path = join(workplace.directory, 'migrating.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    const rules = `  config_normalization_rules:
    type: ConfigNormalizationRules
    config_migrations:
      - type: ConfigMigration
        transformations:
          - type: ConfigAddFields
            fields: [{ type: AddedFieldDefinition, path: [region], value: "eu" }]
`;
    await writeFile(path, text.replace('  connection_specification:', `${rules}  connection_specification:`));
    await call('save_source', { name: 'migrating', ...subject(), manifest_path: path });
    expect(await syncOut(server, { source: 'migrating', streams: ['stones'] })).toMatchObject({ state: 'complete' });
    const { sources } = await server.call<{ sources: { changed_by_connector: { fields: string[] } }[] }>(
      'list_sources',
      {
        name: 'migrating',
      },
    );
    expect(sources[0]?.changed_by_connector.fields).toEqual(['region']);
  });

  test('that is written for a CDK of the future is refused', async () => {
    const path = join(workplace.directory, 'future.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, text.replace('version: 6.60.0', 'version: 99.1.0'));
    const error = await server.fail('validate_config', { ...subject(), manifest_path: path });
    expect(error).toMatchObject({ kind: 'input', code: 'manifest_too_new' });
    expect(error.message).toMatch(/version 99\.1\.0 .* the newest is \d+\./);
  });

  test('with an error in a template is reported briefly', async () => {
    const path = join(workplace.directory, 'template.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, text.replace("{{ parameters['path'] }}", "{{ parameters['path'] | no_such_filter }}"));
    const answer = await call<{ check_message: string }>('validate_config', { ...subject(), manifest_path: path });
    expect(answer).toMatchObject({ valid: false });
    expect(answer.check_message).toContain('no_such_filter');
    expect(answer.text).not.toMatch(/Traceback|site-packages/);
    await call('save_source', { name: 'broken', ...subject() });
    await writeFile(manifest, await readFile(path));
    const done = await syncOut(server, { source: 'broken', streams: ['stones'] });
    expect(done.state).not.toBe('complete');
    const log = await server.call('get_sync', { sync_id: done.sync_id, log_lines: 50 });
    expect(log.text).toContain('no_such_filter');
    expect(log.text).not.toMatch(/Traceback|site-packages|\^\^\^/);
  });

  test('may have streams that appear only when the service is asked, or for some configurations', async () => {
    const path = join(workplace.directory, 'dynamic.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, text.replace('spec:\n', `${CONDITIONAL}${DYNAMIC}spec:\n`));
    const names = async (source: string, config: object): Promise<string[]> => {
      await call('save_source', { name: source, ...subject(config), manifest_path: path });
      const { streams } = await call<{ streams: { name: string }[] }>('list_streams', { source });
      return streams.map(({ name }) => name);
    };
    const plain = await names('plain', {});
    expect(plain).toContain('thing 8');
    expect(plain).not.toContain('extra');
    expect(await names('full', { extra: true })).toContain('extra');
    const done = await syncOut(server, { source: 'full', streams: ['thing 8', 'extra'] });
    expect(done.state).toBe('complete');
    expect(countsOf(done)).toEqual({ 'thing 8': 7, extra: 7 });
  });

  test('needs no spec', async () => {
    const path = join(workplace.directory, 'specless.yaml');
    const text = await readFile(QUARRY_MANIFEST, 'utf8');
    await writeFile(path, `${text.slice(0, text.indexOf('\nspec:'))}\nmetadata: { note: "\\x85ü\\U0001F9F1" }\n`);
    await call('save_source', { name: 'specless', ...subject(), manifest_path: path });
    const done = await syncOut(server, { source: 'specless', streams: ['tools', 'events'] });
    expect(done.state).toBe('complete');
    expect(countsOf(done)).toEqual({ tools: 10, events: quarry.events.length });
  });

  test('does not leave its key anywhere', async () => {
    expect(server.stderr()).not.toContain(QUARRY_KEY);
    const folders = (await namesIn(workplace.project)).filter((name) => name !== 'connectors');
    expect(folders.length).toBeGreaterThan(5);
    for (const folder of folders) {
      for (const [path, bytes] of await workplace.files(join(workplace.project, folder))) {
        expect(bytes.includes(QUARRY_KEY), path).toBe(false);
      }
    }
  });
});

/** A stream only for configurations that say so, at the end of the manifest's streams. */
const CONDITIONAL = `  - type: ConditionalStreams
    condition: "{{ config.get('extra') }}"
    streams:
      - $ref: "#/definitions/page_stream"
        $parameters: { name: extra, path: carts }
`;
/** One stream for each stone. */
const DYNAMIC = `dynamic_streams:
  - type: DynamicDeclarativeStream
    name: by_stone
    stream_template:
      $ref: "#/definitions/page_stream"
      $parameters: { path: carts }
      name: to be replaced
    components_resolver:
      type: HttpComponentsResolver
      retriever:
        $ref: "#/streams/0/retriever"
        requester: { $ref: "#/definitions/requester", path: stones }
      components_mapping:
        - { type: ComponentMappingDefinition, field_path: [name], value: "{{ components_values['name'] }}" }
`;
