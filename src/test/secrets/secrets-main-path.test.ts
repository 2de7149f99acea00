/** A source that repeats its configuration in every form and message: none of it is shown anywhere on the main path. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENV_FILE, echoSource, HIDDEN, SHORT } from '../harness/echo-source.ts';
import { waitUntil } from '../harness/machine.ts';
import { type RawMessage, type RawServer, startRaw } from '../harness/raw.ts';
import { tracesIn, tracesInFiles } from '../harness/traces.ts';
import { makeWorkplace, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let server: RawServer;
const servers: RawServer[] = [];

async function start(): Promise<RawServer> {
  server = startRaw(workplace);
  servers.push(server);
  await server.initialize();
  return server;
}

beforeEach(async () => {
  workplace = await makeWorkplace(ENV_FILE);
  await start();
});
afterEach(async () => {
  for (const each of servers.splice(0)) await each.close();
  await workplace.remove();
});

/** The structured answer of a tool, whether it succeeds or not. */
async function call<T = Record<string, unknown>>(tool: string, args: Record<string, unknown> = {}): Promise<T> {
  const message: RawMessage = await server.callTool(tool, args);
  expect(message.error).toBeUndefined();
  return message.result?.structuredContent as T;
}

async function expectNoTrace(): Promise<void> {
  for (const each of servers) {
    expect(tracesIn(each.stdout(), HIDDEN), 'stdout').toEqual([]);
    expect(tracesIn(each.stderr(), HIDDEN), 'stderr').toEqual([]);
  }
  expect(await tracesInFiles(workplace, HIDDEN)).toEqual([]);
}

async function save(more: object = {}): Promise<void> {
  const answer = await call('save_source', { name: 'echo', ...echoSource(more) });
  expect(answer.error, server.stderr().toString()).toBeUndefined();
}

describe('a source that repeats its configuration in every form and every output', () => {
  test('is validated, saved, listed, previewed, synced and queried without a trace of a secret', async () => {
    expect(await call('validate_config', echoSource())).toMatchObject({ valid: true });
    await save();
    await call('list_sources', { name: 'echo' });
    const { streams } = await call<{ streams: { name: string }[] }>('list_streams', { source: 'echo' });
    expect(streams.map(({ name }) => name)).toEqual(['said', 'about [secret:ECHO_TOKEN]']);
    await call('list_streams', { source: 'echo', stream: 'said', refresh: true });
    await call('preview_stream', { source: 'echo', streams: ['said'], limit: 2 });
    const sync = await call('start_sync', { source: 'echo', streams: ['said'], wait_seconds: 40 });
    expect(sync).toMatchObject({ state: 'complete', records: 40 });
    const logged = await call<{ log: string[] }>('get_sync', { log_lines: 200 });
    expect(tracesIn(logged.log.join('\n'), SHORT)).toEqual([]);
    const log = [...(await workplace.files())].find(([path]) => path.endsWith('log.txt'))?.[1].toString();
    expect(log).toContain('[secret:ECHO_SHORT_KEY]');
    for (const detail of ['names', 'summary', 'full']) await call('describe_data', { detail });
    let rows = 0;
    // Each page holds three of these rows.
    for (let offset: number | undefined = 0; offset !== undefined && rows <= 3; ) {
      const sql = 'SELECT * FROM echo.said ORDER BY id';
      const page: { rows: unknown[]; next_offset?: number } = await call('query', { sql, offset });
      rows += page.rows.length;
      offset = page.next_offset;
    }
    expect(rows).toBeGreaterThan(3);
    await call('query', { sql: 'SELECT many, id FROM echo.said', limit: 1000 });
    await call('list_secrets');
    await call('get_status');
    await expectNoTrace();
    expect(server.stdout().toString()).toContain('[secret:ECHO_PASSWORD]');
  });

  test.each(['check', 'trace'])(
    'that fails (%s) at its check is reported without a trace of a secret',
    async (fail) => {
      const answer = await call('validate_config', echoSource({ fail }));
      expect(JSON.stringify(answer)).toContain('[secret:ECHO_TOKEN]');
      expect(tracesIn(JSON.stringify(answer), SHORT)).toEqual([]);
      expect(await call('save_source', { name: 'echo', ...echoSource({ fail }) })).toHaveProperty('error');
      await expectNoTrace();
    },
  );

  test('that fails in a sync and a preview with errors that share a secret is reported without a trace of it', async () => {
    await save({ fail: 'read' });
    const sync = await call('start_sync', { source: 'echo', streams: ['said'], wait_seconds: 40 });
    expect(sync).toMatchObject({ state: 'failed' });
    await call('get_sync', { log_lines: 300 });
    await call('preview_stream', { source: 'echo', streams: ['said'], limit: 100 });
    await expectNoTrace();
  });

  test('that is cancelled in mid-sync leaves no trace', async () => {
    await save({ wait: 'read' });
    const { sync_id } = await call<{ sync_id: string }>('start_sync', { source: 'echo', wait_seconds: 1 });
    await call('cancel_sync', { sync_id });
    expect(await call('get_sync', { sync_id, wait_seconds: 10, log_lines: 300 })).toMatchObject({ state: 'cancelled' });
    await expectNoTrace();
  });

  test('whose server is killed in mid-sync leaves no trace once another one has run a connector', async () => {
    await save({ wait: 'read' });
    const started = await call<{ sync_id: string }>('start_sync', { source: 'echo', wait_seconds: 1 });
    const staged = async (): Promise<boolean> =>
      [...(await workplace.files()).keys()].some((path) => path.includes('/runs/'));
    await waitUntil(staged);
    server.process.kill('SIGKILL');
    await server.ended;
    await start();
    expect(await call('validate_config', echoSource())).toMatchObject({ valid: true });
    expect(await call('get_sync', { sync_id: started.sync_id, log_lines: 300 })).toMatchObject({
      state: 'interrupted',
    });
    await expectNoTrace();
  });
});
