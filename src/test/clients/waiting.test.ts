/** Calls that take long, that are given up, and syncs that are cancelled: answers in time, and nothing that continues unseen. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  copyConnector,
  copyHostileConnector,
  expectNothingLeft,
  expectNothingRuns,
  makeConnectorWorkplace,
  runningConnectors,
  waitUntil,
} from '../harness/machine.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly records: number;
  readonly streams: { stream: string; state: string; rows: number }[];
}

/** After SIGTERM a tree has two seconds to end by itself. */
const KILL_MS = 6_000;

let workplace: Workplace;
let server: TestServer;
let hostile: string;
let meadow: string;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace();
  hostile = await copyHostileConnector(workplace);
  meadow = await copyConnector(workplace, MEADOW);
  server = await startServer({ workplace });
});
afterEach(async () => {
  await server.close();
  // Staged records of a sync that ran until the end of the second go with the next run.
  await expectNothingRuns(workplace);
  await workplace.remove();
});

test('a connector that hangs in any verb: each call is answered within 45 s, and the same call joins what continues', {
  timeout: 100_000,
}, async () => {
  const silent = await copyHostileConnector(workplace, 'hang');
  await save('mute', { behaviour: 'hang', verb: 'discover' });
  await save('dumb', { behaviour: 'ignore-sigterm', verb: 'read' });
  await save('deaf', { behaviour: 'hang', verb: 'read' });
  const spec = { connector: silent, runtime: 'executable', config: { behaviour: '' } };
  const startedAt = Date.now();
  const timed = async (tool: string, args: Record<string, unknown>) => {
    const answer = await server.call<{ state: string; next: string }>(tool, args);
    return { ...answer, ms: Date.now() - startedAt };
  };
  const answers = await Promise.all([
    timed('validate_config', spec),
    timed('validate_config', { ...spec, connector: hostile, config: { behaviour: 'hang' } }),
    timed('list_streams', { source: 'mute' }),
    timed('preview_stream', { source: 'dumb', streams: ['items'] }),
    timed('start_sync', { source: 'deaf', wait_seconds: 45 }),
  ]);
  expect(answers.map(({ state }) => state)).toEqual([...Array(4).fill('in_progress'), 'running']);
  for (const { ms } of answers) expect(ms).toBeLessThan(45_000);
  expect(answers[0]?.next).toContain('again with the same arguments');
  // The limit for a specification is a minute: the second call joins the first one's work and gets its timeout.
  expect(await server.fail('validate_config', spec)).toMatchObject({
    kind: 'limit',
    code: 'connector_timeout',
    details: { verb: 'spec', log_tail: 'connecting' },
  });
  expect(Date.now() - startedAt).toBeLessThan(75_000);
  expect(await runningConnectors(workplace)).toHaveLength(4);
});

describe('a call that the client gives up', () => {
  test.each(['hang', 'ignore-sigterm', 'respawn', 'children+hang'])(
    'ends the connector of validate_config (%s), with all that it started',
    async (behaviour) => {
      const config = { behaviour, pid_file: join(workplace.open, 'pids') };
      await giveUp('validate_config', { connector: hostile, runtime: 'executable', config });
      await expectNothingLeft(workplace, KILL_MS);
    },
  );

  test('ends the connector of preview_stream', async () => {
    await save('deaf', { behaviour: 'ignore-sigterm', verb: 'read' });
    await giveUp('preview_stream', { source: 'deaf', streams: ['items'] });
    await expectNothingLeft(workplace, KILL_MS);
  });

  test('does not end what another call still waits for', async () => {
    const args = { connector: hostile, runtime: 'executable', config: { behaviour: 'linger' } };
    const other = server.call('validate_config', args);
    await giveUp('validate_config', args);
    expect(await other).toMatchObject({ valid: true });
  });

  test('does not end a sync: it continues to its end', async () => {
    await saveMeadow({ count: 200, batch: 10, delay_ms: 150 });
    await giveUp('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 40 });
    const sync = await server.call<Sync>('get_sync');
    expect(sync.state).toBe('running');
    expect(await server.call('get_sync', { sync_id: sync.sync_id, wait_seconds: 20 })).toMatchObject({
      state: 'complete',
      streams: [{ stream: 'users', rows: 200 }],
    });
  });
});

describe('cancel_sync', () => {
  test.each(['ignore-sigterm', 'respawn', 'children+hang'])('ends a connector that resists (%s)', async (behaviour) => {
    await save('stubborn', { behaviour, verb: 'read', pid_file: join(workplace.open, 'pids') });
    const { sync_id: id } = await server.call<Sync>('start_sync', { source: 'stubborn', wait_seconds: 1 });
    expect(await server.call('cancel_sync', { sync_id: id })).toMatchObject({ state: 'cancelled', stopped: true });
    await expectNothingLeft(workplace);
    expect(await server.call('get_sync', { sync_id: id })).toMatchObject({ state: 'cancelled' });
    const again = await server.call('cancel_sync', { sync_id: id });
    expect(again).toMatchObject({ state: 'cancelled', stopped: false });
  });

  test('keeps the confirmed records, and the next sync reads the rest', async () => {
    await saveMeadow({ count: 300, batch: 10, delay_ms: 100 });
    const started = await server.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
    // On a busy machine the connector may not have begun yet.
    await expect
      .poll(async () => (await server.call<Sync>('get_sync')).records, { timeout: 20_000, interval: 50 })
      .toBeGreaterThan(0);
    const cancelled = await server.call<Sync>('cancel_sync', { sync_id: started.sync_id });
    const committed = cancelled.streams[0]?.rows ?? 0;
    expect(committed).toBeGreaterThan(0);
    expect(committed).toBeLessThan(300);
    expect(cancelled.text).toContain(`${committed} rows of this sync stay committed`);
    await saveMeadow({ count: 300 });
    const rest = await server.call('start_sync', { source: 'meadow', wait_seconds: 30 });
    expect(rest).toMatchObject({ state: 'complete', records: 300 - committed });
    const sql = 'SELECT count(*), count(DISTINCT id) FROM meadow.users';
    expect(await server.call('query', { sql })).toMatchObject({ rows: [[300, 300]] });
  });
});

test('progress is sent during the wait for a sync, its numbers grow, and it ends at the records read', async () => {
  await saveMeadow({ count: 400, batch: 20, delay_ms: 100 });
  const seen: { progress: number; message?: string }[] = [];
  await server.client.callTool(
    { name: 'start_sync', arguments: { source: 'meadow', streams: ['users'], wait_seconds: 20 } },
    { onprogress: ({ progress, message }) => seen.push({ progress, message }) },
  );
  expect(seen.length).toBeGreaterThan(3);
  for (const [index, { progress }] of seen.entries()) {
    expect(progress).toBeGreaterThan(seen[index - 1]?.progress ?? 0);
  }
  expect(seen.filter(({ message }) => /\d records read \(users\)/.test(message ?? '')).length).toBeGreaterThan(2);
});

test('two equal concurrent calls share one operation, and both get its answer', async () => {
  const config = { behaviour: 'children', pid_file: join(workplace.open, 'pids') };
  const args = { connector: hostile, runtime: 'executable', config };
  const both = await Promise.all([server.call('validate_config', args), server.call('validate_config', args)]);
  for (const answer of both) expect(answer).toMatchObject({ valid: true });
  // One connector and its children, not two.
  const pids = (await workplace.files()).get(join(workplace.open, 'pids'))?.toString().trim().split('\n') ?? [];
  expect(pids).toHaveLength(8);
});

async function save(name: string, config: Record<string, unknown>): Promise<void> {
  await server.call('save_source', { name, connector: hostile, runtime: 'executable', config });
}

async function saveMeadow(config: Record<string, unknown>): Promise<void> {
  const full = { api_key: 'secret_reference::MEADOW_API_KEY', ...config };
  await server.call('save_source', { name: 'meadow', connector: meadow, runtime: 'executable', config: full });
}

/** Makes a call, and gives it up when its connector is at work. */
async function giveUp(tool: string, args: Record<string, unknown>): Promise<void> {
  const controller = new AbortController();
  const call = server.call(tool, args, { signal: controller.signal }).catch((error: unknown) => error);
  const verb = { validate_config: ' check ', preview_stream: ' read ', start_sync: ' read ' }[tool] ?? '';
  await waitUntil(async () => (await runningConnectors(workplace)).some((command) => command.includes(verb)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  controller.abort();
  expect(await call).toBeInstanceOf(Error);
}
