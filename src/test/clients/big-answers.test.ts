/** Large answers: bounded, and they report what was cut and how to get the rest. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { describeWith } from '../harness/requirements.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

/** No answer's text is longer than clients take. */
const MAX_TEXT = 50_000;

/** Characters of an answer, its text and its data together. */
const MAX_ANSWER = 96_000;
function expectWithinBudget({ text, ...data }: { readonly text: string }): void {
  expect(text.length + JSON.stringify(data).length).toBeLessThanOrEqual(MAX_ANSWER);
}

interface Streams {
  streams: { name: string; fields: number; json_schema?: { properties: object } }[];
  total: number;
  truncated: boolean;
  next_offset?: number;
}

/** A source of 500 streams; the last one has 2,000 fields. */
const SOURCE = `#!/usr/bin/env node
const field = { type: ['null', 'string'], description: 'A field of the catalog, described at some length for a reader.' };
const fields = (count) => Object.fromEntries(Array.from({ length: count }, (_, at) => ['field_' + at, field]));
const streams = Array.from({ length: 500 }, (_, at) => ({
  name: 'stream_' + String(at).padStart(3, '0'),
  json_schema: { type: 'object', properties: fields(at === 499 ? 2000 : 3) },
  supported_sync_modes: ['full_refresh'],
}));
const data = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => ['field_' + at, 'x'.repeat(1000)]));
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const [verb] = process.argv.slice(2);
if (verb === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties: {} } } });
if (verb === 'check') say({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
if (verb === 'discover') say({ type: 'CATALOG', catalog: { streams } });
if (verb === 'read') {
  for (let at = 0; at < 5; at += 1) say({ type: 'RECORD', record: { stream: 'stream_499', data, emitted_at: 1 } });
}
`;

describe('a catalog of 500 streams', () => {
  let workplace: Workplace;
  let server: TestServer;
  beforeAll(async () => {
    workplace = await makeWorkplace();
    const folder = join(workplace.directory, 'programs');
    const program = join(folder, 'source-many.mjs');
    await mkdir(folder);
    await writeFile(program, SOURCE);
    await chmod(program, 0o755);
    server = await startServer({ workplace, environment: { SLUICE_ALLOW_EXECUTABLES: folder } });
    await server.call('save_source', { name: 'many', connector: program, config: {} });
  });
  afterAll(async () => {
    await server.close();
    await workplace.remove();
  });

  test('the list is cut and reports it; search and stream reach the rest', async () => {
    const all = await server.call<Streams>('list_streams', { source: 'many' });
    expect(all).toMatchObject({ total: 500, truncated: true });
    expect(all.streams.length).toBeLessThan(500);
    expect(all.text).toContain('narrow with search, or continue with offset 300');
    const rest = await server.call<Streams>('list_streams', { source: 'many', offset: all.next_offset });
    expect(all.streams.concat(rest.streams).map(({ name }) => name)).toEqual(
      Array.from({ length: 500 }, (_, at) => `stream_${String(at).padStart(3, '0')}`),
    );
    expect(all.text.length).toBeLessThan(MAX_TEXT);
    const found = await server.call<Streams>('list_streams', { source: 'many', search: 'STREAM_49' });
    expect(found).toMatchObject({ total: 10, truncated: false });
    const none = await server.call<Streams>('list_streams', { source: 'many', search: 'customers' });
    expect(none).toMatchObject({ total: 0, streams: [] });
    expect(none.text).toMatch(/Similar names: stream_\d+/);
  });

  test('a stream of 2,000 fields: a part at a time, each field once, and those that are looked for', async () => {
    const seen: string[] = [];
    let offset: number | undefined = 0;
    for (let parts = 0; offset !== undefined && parts < 20; parts += 1) {
      const part: Streams & { text: string } = await server.call<Streams>('list_streams', {
        source: 'many',
        stream: 'stream_499',
        ...(offset > 0 ? { offset } : {}),
      });
      expectWithinBudget(part);
      expect(part.text).not.toContain('cut here');
      expect(part).not.toHaveProperty('cut');
      expect(part.streams).toMatchObject([{ fields: 2_000 }]);
      const names = Object.keys(part.streams[0]?.json_schema?.properties ?? {});
      for (const name of names) expect(part.text).toContain(`"${name}":`);
      seen.push(...names);
      expect(part.truncated).toBe(part.next_offset !== undefined);
      expect(part.text.includes(`continue with offset ${part.next_offset}`)).toBe(part.truncated);
      offset = part.next_offset;
    }
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, at) => `field_${at}`));
    const few = await server.call<Streams>('list_streams', {
      source: 'many',
      stream: 'stream_499',
      search: 'FIELD_199',
    });
    expect(Object.keys(few.streams[0]?.json_schema?.properties ?? {})).toHaveLength(11);
    const short = await server.call<Streams>('list_streams', { source: 'many', stream: 'stream_000' });
    expect(short).toMatchObject({ truncated: false, streams: [{ json_schema: { type: 'object' } }] });
    expect(short.next_offset).toBeUndefined();
  });

  test('an error about much', async () => {
    const options = Array.from({ length: 50 }, (_, at) => ({ stream: 'x', mode: `no-mode-${at}` }));
    const error = await server.fail('start_sync', { source: 'many', options });
    expectWithinBudget(error);
    expect(error.problems).toHaveLength(50);
  });

  test('a preview of records of two megabytes', async () => {
    const preview = await server.call('preview_stream', { source: 'many', streams: ['stream_499'], limit: 5 });
    expect(preview.text.length).toBeLessThan(MAX_TEXT);
    expect(preview.text).toMatch(/more columns|cut/);
    expect(preview.cut).toContain('streams[0].records[0]: ');
    expectWithinBudget(preview);
  });
});

describeWith(['data'], 'the complete public registry', () => {
  let server: TestServer;
  const path = join(process.env.SLUICE_TEST_DATA ?? '', 'registry', 'oss_registry.json');
  beforeAll(async () => {
    server = await startServer({ environment: { AIRBYTE_LOCAL_REGISTRY: path, AIRBYTE_OFFLINE_MODE: '1' } });
  });
  afterAll(() => server.close());

  test('page by page, 200 at once: every connector, each once', async () => {
    const names: string[] = [];
    let cursor: string | undefined;
    let total = 0;
    for (let page = 0; page === 0 || (cursor !== undefined && page < 10); page += 1) {
      const answer = await server.call<{ connectors: { name: string }[]; total: number; next_cursor?: string }>(
        'list_connectors',
        { limit: 200, ...(cursor && { cursor }) },
      );
      expect(answer.text.length).toBeLessThan(MAX_TEXT);
      if (answer.next_cursor) expect(answer.text).toContain(answer.next_cursor);
      names.push(...answer.connectors.map(({ name }) => name));
      cursor = answer.next_cursor;
      total = answer.total;
    }
    expect(total).toBeGreaterThan(600);
    expect(new Set(names).size).toBe(total);
    expect(names).toHaveLength(total);
  });

  test('the largest specifications are shown as a summary and in full', async () => {
    const registry = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      { dockerRepository: string; spec: object }[]
    >;
    const largest = Object.values(registry)
      .flat()
      .filter((entry) => entry?.dockerRepository?.startsWith('airbyte/') && entry.spec)
      .map(({ dockerRepository, spec }) => ({ name: dockerRepository.slice(8), size: JSON.stringify(spec).length }))
      .sort((one, other) => other.size - one.size)
      .slice(0, 5);
    expect(largest[0]?.size).toBeGreaterThan(20_000);
    for (const { name } of largest) {
      const summary = await server.call('get_connector_info', { connector: name });
      expect(summary.text.length, name).toBeLessThan(10_000);
      const full = await server.call('get_connector_info', { connector: name, include: ['spec', 'docs'] });
      expect(full.text.length, name).toBeLessThan(MAX_TEXT);
      expect(full).toHaveProperty('spec.connectionSpecification');
    }
  });

  test('each of its connectors: how it would run here, by each of its runtimes', { timeout: 300_000 }, async () => {
    const online = await startServer({ environment: { AIRBYTE_LOCAL_REGISTRY: path } });
    try {
      const names: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page: { connectors: { name: string }[]; next_cursor?: string } = await online.call('list_connectors', {
          limit: 200,
          ...(cursor && { cursor }),
        });
        names.push(...page.connectors.map(({ name }) => name));
        cursor = page.next_cursor;
      }
      expect(names).toHaveLength(647);
      // What the machine can do is the same for all of them.
      const works = new Map<string, boolean>();
      const look = async (connector: string): Promise<void> => {
        const info = await online.call<{
          runs_here: boolean;
          runtimes: { runtime: string; runs_here: boolean; reason: string }[];
        }>('get_connector_info', { connector });
        expect(info.runtimes.length, connector).toBeGreaterThan(0);
        expect(info.runs_here, connector).toBe(info.runtimes.some((one) => one.runs_here));
        for (const { runtime, runs_here: runs, reason } of info.runtimes) {
          expect(reason, connector).toMatch(/\w{3}/);
          expect(works.get(runtime) ?? runs, `${connector} ${runtime}: ${reason}`).toBe(runs);
          works.set(runtime, runs);
        }
      };
      while (names.length > 0) await Promise.all(names.splice(0, 8).map(look));
      expect([...works.keys()].sort()).toEqual(['docker', 'manifest', 'python']);
    } finally {
      await online.close();
    }
  });

  test.each([
    ['stripe', 'source-stripe'],
    ['Stripe', 'source-stripe'],
    ['source-postgresql', 'source-postgres'],
    ['source_google_ads', 'source-google-ads'],
    ['source-sales-force', 'source-salesforce'],
  ])('a person who writes %s is shown %s', async (connector, meant) => {
    const error = await server.fail('get_connector_info', { connector });
    expect(error).toMatchObject({ code: 'unknown_connector', next: expect.stringContaining(meant) });
  });
});
