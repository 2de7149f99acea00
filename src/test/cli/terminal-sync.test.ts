/** `sluice-mcp sync` and `sluice-mcp syncs`: what a person and cron see, by the real binary on real connectors. */
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { ENV_FILE, echoSource, HIDDEN } from '../harness/echo-source.ts';
import {
  copyConnector,
  expectNothingLeft,
  makeConnectorWorkplace,
  runningConnectors,
  waitUntil,
} from '../harness/machine.ts';
import { describeWith } from '../harness/requirements.ts';
import { type Ended, startOnTerminal, startTyped, type Typed } from '../harness/terminal.ts';
import { tracesIn, tracesInFiles } from '../harness/traces.ts';
import { ECHO_SOURCE, HOSTILE, MEADOW, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace(`${ENV_FILE}MEADOW_API_KEY='a-key-of-the-meadow-77'\n`);
});
afterEach(() => workplace.remove());

const run = (args: string[], more: Record<string, string> = {}): Promise<Ended> => start(args, more).ended;
const start = (args: string[], more: Record<string, string> = {}): Typed =>
  startTyped(workplace, args, { ...workplace.environment, ...more });

/** Saves sources by a server of its own, as a client would have. */
async function saved(sources: Record<string, { connector: string; config: object }>): Promise<void> {
  const server = await startServer({ workplace });
  for (const [name, { connector, config }] of Object.entries(sources)) {
    const path = await copyConnector(workplace, connector, `${name}-${connector.split('/').at(-1)}`);
    await server.call('save_source', { name, connector: path, runtime: 'executable', config });
  }
  await server.close();
}

const meadow = (config: object = {}) => ({
  meadow: { connector: MEADOW, config: { api_key: 'secret_reference::MEADOW_API_KEY', count: 50, ...config } },
});
async function countIn(server: TestServer, table: string): Promise<unknown> {
  const { rows } = await server.call<{ rows: unknown[][] }>('query', { sql: `SELECT count(*) FROM ${table}` });
  return rows[0]?.[0];
}

interface Line {
  readonly type: string;
  readonly [key: string]: unknown;
}
const linesOf = (out: string): Line[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('sync, in a pipe', () => {
  test('a complete sync prints one line, exits with status 0 and loads the data; the second one adds nothing', async () => {
    await saved(meadow());
    const first = await run(['sync', 'meadow']);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(
      /^meadow: complete, 150 records read, 150 rows committed, 3 of 3 streams complete, [\d.]+ s \(\d{8}-\d{6}-[0-9a-f]{6}\)\n$/,
    );
    const second = await run(['sync', 'meadow', '--stream', 'users', '--stream', 'orders']);
    expect(second).toMatchObject({ code: 0, err: '', out: expect.stringContaining('complete, 0 records read') });
    const again = await run(['sync', 'meadow', '--stream', 'users', '--restart']);
    expect(again.out).toContain('50 records read, 50 rows committed, 1 of 1 streams');
    const server = await startServer({ workplace });
    expect([await countIn(server, 'meadow.users'), await countIn(server, 'meadow.notes')]).toEqual([50, 50]);
    const { recent } = await server.call<{ recent: { state: string }[] }>('get_sync');
    expect(recent.map(({ state }) => state)).toEqual(['complete', 'complete', 'complete']);
    await server.close();
    await expectNothingLeft(workplace);
  });

  test('--json: started, progress and a result, one object a line', async () => {
    await saved(meadow({ delay_ms: 1_300, batch: 25 }));
    const { code, out, err } = await run(['sync', 'meadow', '--json', '--stream', 'users']);
    expect([code, err]).toEqual([0, '']);
    const lines = linesOf(out);
    const begun = lines.find(({ type }) => type === 'started');
    expect(begun).toMatchObject({ already_running: false });
    expect(lines.filter(({ type, state }) => type === 'progress' && state === 'running')).not.toEqual([]);
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      exit_status: 0,
      sync_id: begun?.sync_id,
      state: 'complete',
      streams: [{ stream: 'users', rows: 50 }],
    });
  });

  test.each([
    ['a source that is not there', ['sync', 'medow'], 'There is no saved source "medow".', 'meadow'],
    ['a stream that is not there', ['sync', 'meadow', '--stream', 'usres'], 'usres', 'users'],
  ])('%s: status 2, near names, nothing is run', async (_what, args, message, near) => {
    await saved(meadow());
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain(near);
    const json = await run([...args, '--json']);
    expect([json.code, json.err]).toEqual([2, '']);
    expect(linesOf(json.out).at(-1)).toMatchObject({ type: 'error', exit_status: 2, error: { kind: 'input' } });
    await expect(access(join(workplace.project, 'syncs'))).rejects.toThrow();
  });

  test('a missing project is not created', async () => {
    const { code, err } = await run(['sync', 'meadow', '--project-dir', 'no-such-project']);
    expect(code).toBe(2);
    expect(err).toContain(`There is no project at ${join(workplace.directory, 'no-such-project')}`);
    expect(await readdir(workplace.directory)).not.toContain('no-such-project');
  });

  test('failed: status 1, with the reason on stderr', async () => {
    await saved({ hostile: { connector: HOSTILE, config: { verb: 'read', behaviour: 'trace-exit' } } });
    const { code, out, err } = await run(['sync', 'hostile']);
    expect(out).toMatch(/^hostile: failed, 0 records read, .*\n$/);
    expect(code).toBe(1);
    expect(err).toBe('  The account is locked.\n');
  });

  test('an incomplete sync exits with status 3 and retains what was complete before', async () => {
    await saved(meadow({ count: 40, batch: 10, delay_ms: 300 }));
    const typed = start(['sync', 'meadow', '--json']);
    await waitUntil(() => /"stream":"orders","state":"running","records":[1-9]/.test(typed.out()));
    const connector = (await runningConnectors(workplace)).find((line) => line.includes('source-meadow'));
    process.kill(Number(connector?.split(' ')[0]), 'SIGKILL');
    const { code, out } = await typed.ended;
    expect(code).toBe(3);
    expect(linesOf(out).at(-1)).toMatchObject({ type: 'result', state: 'incomplete', exit_status: 3 });
    const { out: listed } = await run(['syncs']);
    expect(listed).toMatch(/meadow +incomplete/);
  });

  test('modes bind an assistant, not the person at the terminal', async () => {
    await saved(meadow());
    expect((await run(['sync', 'meadow'], { SLUICE_READONLY_MODE: '1' })).code).toBe(0);
  });

  test('no MCP package is loaded', async () => {
    await saved(meadow());
    const coverage = join(workplace.directory, 'coverage');
    await mkdir(coverage);
    expect((await run(['sync', 'meadow'], { NODE_V8_COVERAGE: coverage })).code).toBe(0);
    const reports = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')));
    const loaded = reports
      .flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url))
      .filter((url) => url.includes('/dist/'));
    expect(loaded.length).toBeGreaterThan(3);
    const texts = await Promise.all(loaded.map((url) => readFile(fileURLToPath(url), 'utf8')));
    expect(texts.filter((text) => text.includes('notifications/cancelled'))).toEqual([]);
  });
});

describe('sync, stopped by a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s retains what is committed, leaves nothing running, exits with status %i', async (signal, status) => {
    await saved(meadow({ count: 100_000, batch: 10, delay_ms: 20 }));
    const typed = start(['sync', 'meadow', '--json', '--stream', 'users']);
    await waitUntil(() => /"state":"running","records":[1-9]/.test(typed.out()), 30_000);
    typed.child.kill(signal);
    const { code, out } = await typed.ended;
    expect(code).toBe(status);
    const result = linesOf(out).at(-1) as unknown as { streams: { rows: number }[] };
    expect(result).toMatchObject({ type: 'result', state: 'cancelled', exit_status: status });
    const server = await startServer({ workplace });
    expect(result.streams[0]?.rows).toBeGreaterThan(0);
    expect(await countIn(server, 'meadow.users')).toBe(result.streams[0]?.rows);
    await server.close();
    await expectNothingLeft(workplace);
  });

  test('during discovery: no sync has started', async () => {
    await saved({ hostile: { connector: HOSTILE, config: { verb: 'discover', behaviour: 'hang' } } });
    const typed = start(['sync', 'hostile', '--json']);
    await waitUntil(() => typed.out().includes('for its streams'), 30_000);
    typed.child.kill('SIGINT');
    const { code, out } = await typed.ended;
    expect(code).toBe(130);
    expect(linesOf(out).at(-1)).toMatchObject({ type: 'error', error: { code: 'stopped' } });
    await expectNothingLeft(workplace);
  });
});

describe('sync of a source that another process syncs', () => {
  let server: TestServer;
  let running: string;
  beforeEach(async () => {
    await saved(meadow({ count: 60, batch: 10, delay_ms: 250 }));
    server = await startServer({ workplace });
    const call = { source: 'meadow', streams: ['users', 'orders'], wait_seconds: 0 };
    running = (await server.call<{ sync_id: string }>('start_sync', call)).sync_id;
  });
  afterEach(() => server.close());

  test('is waited for, and its end is the status', async () => {
    const { code, out, err } = await run(['sync', 'meadow']);
    expect(err).toContain(`runs already in another process (${running}): waiting for its end`);
    expect(out).toContain(`complete, 120 records read`);
    expect(out).toContain(running);
    expect(code).toBe(0);
  });

  test('with options of its own it runs after that one', async () => {
    const { code, out, err } = await run(['sync', 'meadow', '--stream', 'notes']);
    expect(err).toContain('then this one begins');
    expect(out).toContain('60 records read, 60 rows committed, 1 of 1 streams');
    expect(out).not.toContain(running);
    expect(code).toBe(0);
    expect(await server.call('get_sync', { sync_id: running })).toMatchObject({ state: 'complete' });
  });

  test('continues when the one who waits is stopped', async () => {
    const typed = start(['sync', 'meadow']);
    await waitUntil(() => typed.err().includes('waiting for its end'), 30_000);
    typed.child.kill('SIGINT');
    expect((await typed.ended).code).toBe(130);
    expect(await server.call('get_sync', { sync_id: running, wait_seconds: 30 })).toMatchObject({ state: 'complete' });
  });
});

test('no part of a secret is printed or written, whatever the connector writes', async () => {
  await saved({ echo: { connector: ECHO_SOURCE, config: echoSource().config as object } });
  for (const args of [
    ['sync', 'echo', '--stream', 'said'],
    ['sync', 'echo', '--json', '--restart'],
    ['syncs'],
    ['syncs', '--json'],
  ]) {
    const { code, out, err } = await run(args);
    expect([code, tracesIn(out, HIDDEN), tracesIn(err, HIDDEN)], args.join(' ')).toEqual([0, [], []]);
  }
  expect(await tracesInFiles(workplace, HIDDEN)).toEqual([]);
});

describe('syncs', () => {
  test('the latest first, as a table and as JSON', async () => {
    await saved(meadow());
    expect(await run(['syncs'])).toEqual({ code: 0, out: 'Nothing has been synced yet.\n', err: '' });
    for (const stream of ['users', 'orders', 'notes']) await run(['sync', 'meadow', '--stream', stream]);
    const { code, out } = await run(['syncs', '--limit', '2']);
    const [header, ...rows] = out.trimEnd().split('\n');
    expect([code, rows.length]).toEqual([0, 2]);
    expect(header).toMatch(/sync +source +state +started \(UTC\) +took +records +rows +into/);
    expect(rows[0]).toMatch(/^ {2}\d{8}-\d{6}-[0-9a-f]{6} {2}meadow +complete .* 50 +50 +cache$/);
    const listed = JSON.parse((await run(['syncs', '--json'])).out) as { streams: { stream: string }[] }[];
    expect(listed.map(({ streams }) => streams[0]?.stream)).toEqual(['notes', 'orders', 'users']);
  });
});

describeWith(['script'], 'on a terminal', () => {
  test('a bar moves, and Ctrl-C ends it', async () => {
    await saved(meadow({ count: 100_000, batch: 10, delay_ms: 20 }));
    const typed = startOnTerminal(workplace, ['sync', 'meadow'], workplace.environment);
    await waitUntil(() => /░.*0\/3 streams · [1-9]/.test(typed.out()), 30_000);
    typed.child.stdin.write('\x03');
    const { out } = await typed.ended;
    expect(out).toContain('meadow: cancelled');
    expect(out).toContain('users');
    await expectNothingLeft(workplace);
  });
});
