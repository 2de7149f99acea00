/** A server crash at any moment of a sync: tables and stored states agree. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  copyConnector,
  expectNothingLeft,
  makeUnguardedWorkplace,
  namesIn,
  runningConnectors,
  strays,
  waitUntil,
} from '../harness/machine.ts';
import { startRaw } from '../harness/raw.ts';
import { MEADOW, type Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly records: number;
  readonly streams: { stream: string; state: string; records: number; rows: number }[];
  readonly recent?: { sync_id: string; state: string }[];
}

const COUNT = 600;
const STREAMS = ['users', 'orders', 'notes'];

let workplace: Workplace;
let meadow: string;
beforeEach(async () => {
  workplace = await makeUnguardedWorkplace();
  meadow = await copyConnector(workplace, MEADOW);
});
afterEach(() => workplace.remove());

describe('a server killed in mid-sync and started again', () => {
  // From before the first record to the last stream: the read takes some three seconds.
  test.each([0, 250, 700, 1_400, 2_600])('after %i ms: nothing is lost and nothing repeated', async (moment) => {
    const first = await startServer({ workplace });
    await saveMeadow(first, { delay_ms: 40, batch: 25 });
    const { sync_id: id } = await first.call<Sync>('start_sync', {
      source: 'meadow',
      streams: STREAMS,
      wait_seconds: 0,
    });
    await new Promise((resolve) => setTimeout(resolve, moment));
    await kill(first);

    const second = await startServer({ workplace });
    const seen = await second.call<Sync>('get_sync');
    expect(seen).toMatchObject({ sync_id: id, state: 'interrupted', next: expect.stringContaining('start_sync') });
    for (const { state } of seen.streams) expect(['complete', 'interrupted']).toContain(state);
    const before = await rowsIn(second);
    for (const name of ['users', 'orders']) expect(before[name]?.[0]).toBe(before[name]?.[1]);

    await saveMeadow(second, { delay_ms: 0, batch: 25 });
    await expectNothingLeft(workplace);
    const again = await second.call<Sync>('start_sync', { source: 'meadow', wait_seconds: 30 });
    expect(again).toMatchObject({ state: 'complete', already_running: false });
    expect(again.sync_id).not.toBe(id);
    for (const { stream, records } of again.streams) {
      // What was committed before is not read again.
      if (stream !== 'notes') expect(records).toBe(COUNT - (before[stream]?.[0] ?? 0));
    }
    expect(await rowsIn(second)).toEqual({ users: [COUNT, COUNT], orders: [COUNT, COUNT], notes: [COUNT, COUNT] });
    const sum = await second.call<{ rows: unknown }>('query', {
      sql: 'SELECT min(id), max(id), sum(id) FROM meadow.users UNION ALL SELECT min(id), max(id), sum(id) FROM meadow.orders',
    });
    const expected = [1, COUNT, String((COUNT * (COUNT + 1)) / 2)];
    expect(sum.rows).toEqual([expected, expected]);
    const last = await second.call<Sync>('start_sync', {
      source: 'meadow',
      streams: ['users', 'orders'],
      wait_seconds: 30,
    });
    expect(last).toMatchObject({ state: 'complete', records: 0 });
    await expectNothingLeft(workplace);
    const { recent } = await second.call<Sync>('get_sync');
    expect(recent?.map(({ state }) => state)).toEqual(['complete', 'complete', 'interrupted']);
    await second.close();
  });

  test('after its first rows are committed: the next sync reads only the rest', async () => {
    const first = await startServer({ workplace });
    // Slow enough for a batch to be cut by time, in the middle of a stream.
    await saveMeadow(first, { delay_ms: 260, batch: 10 });
    const streams = ['users', 'orders'];
    const { sync_id: id } = await first.call<Sync>('start_sync', { source: 'meadow', streams, wait_seconds: 0 });
    const committed = async (): Promise<number> =>
      (await first.call<Sync>('get_sync', { sync_id: id })).streams[0]?.rows ?? 0;
    await waitUntil(async () => (await committed()) > 0, 30_000);
    await kill(first);

    const second = await startServer({ workplace });
    const before = (await rowsIn(second)).users?.[0] ?? 0;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(COUNT);
    await saveMeadow(second, {});
    const again = await second.call<Sync>('start_sync', { source: 'meadow', wait_seconds: 30 });
    expect(again).toMatchObject({ state: 'complete', streams: [{ records: COUNT - before }, { records: COUNT }] });
    expect(await rowsIn(second)).toEqual({ users: [COUNT, COUNT], orders: [COUNT, COUNT] });
    await second.close();
    await expectNothingLeft(workplace);
  });

  test('in a chain, one after the other, it still ends with every row once', async () => {
    for (const moment of [900, 1_300, 600]) {
      const server = await startServer({ workplace });
      await saveMeadow(server, { delay_ms: 40, batch: 25 });
      await server.call('start_sync', { source: 'meadow', streams: ['users', 'orders'], wait_seconds: 0 });
      await new Promise((resolve) => setTimeout(resolve, moment));
      await kill(server);
    }
    const server = await startServer({ workplace });
    await saveMeadow(server, {});
    expect(await server.call('start_sync', { source: 'meadow', wait_seconds: 30 })).toMatchObject({
      state: 'complete',
    });
    expect(await rowsIn(server)).toMatchObject({ users: [COUNT, COUNT], orders: [COUNT, COUNT] });
    await server.close();
    await expectNothingLeft(workplace);
  });
});

/** Ignores what can be ignored, and has children in sessions of their own. */
const DEAF = `#!/usr/bin/env node
import { spawn } from 'node:child_process';
if (process.argv[2] === 'spec') console.log('{"type":"SPEC","spec":{"connectionSpecification":{"type":"object","properties":{}}}}');
else {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE']) process.on(signal, () => {});
  if (process.argv[2] === 'check') for (const name of ['one', 'two']) spawn(process.argv[1], [name], { detached: true, stdio: 'ignore' });
  setInterval(() => {}, 1000);
}
`;

describe.each(['auto', 'off'])('after the crash of a server (SLUICE_SANDBOX=%s)', (sandbox) => {
  test('its connector stops at once, and the next call that runs one removes its private folder', async () => {
    const environment = { SLUICE_SANDBOX: sandbox };
    const first = await startServer({ workplace, environment });
    await saveMeadow(first, { delay_ms: 60_000, batch: 10 });
    await first.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
    await untilConnectorRuns();
    await kill(first);
    await waitUntil(async () => (await strays(workplace)).length === 0, 5_000);
    const [folder = ''] = await namesIn(join(workplace.project, 'runs'));
    expect(await namesIn(join(workplace.project, 'runs', folder, 'work'))).toContain('config.json');

    const second = await startServer({ workplace, environment });
    expect(await second.call('get_sync')).toMatchObject({ state: 'interrupted' });
    await second.call('validate_config', { connector: meadow, runtime: 'executable', config: CONFIG });
    expect(await strays(workplace)).toEqual([]);
    expect(await namesIn(join(workplace.project, 'runs'))).toEqual([]);
    await second.close();
  });

  test('a connector that ignores signals, does not read and has children stops within five seconds', async () => {
    const connector = await copyConnector(workplace, MEADOW, 'source-deaf.mjs');
    await writeFile(connector, DEAF);
    const first = await startServer({ workplace, environment: { SLUICE_SANDBOX: sandbox } });
    first.client
      .callTool({
        name: 'validate_config',
        arguments: { connector, runtime: 'executable', config: {} },
      })
      .catch(() => undefined);
    await waitUntil(async () => (await runningConnectors(workplace)).length > 2);
    await kill(first);
    await waitUntil(async () => (await strays(workplace)).length === 0, 5_000);
  });
});

describe('when stdin closes', () => {
  test('during a sync the server and its connector stop within a second, and the sync is interrupted', async () => {
    const server = await startServer({ workplace });
    await saveMeadow(server, { delay_ms: 50, batch: 20 });
    await server.close();
    const raw = startRaw(workplace, {});
    await raw.initialize();
    const answer = await raw.callTool('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
    expect(answer.result?.structuredContent).toMatchObject({ state: 'running' });
    const closedAt = Date.now();
    await raw.close();
    expect(Date.now() - closedAt).toBeLessThan(1_300);
    await expectNothingLeft(workplace, 200);

    const next = await startServer({ workplace });
    const seen = await next.call<Sync>('get_sync');
    expect(seen.state).toBe('interrupted');
    await saveMeadow(next, {});
    expect(await next.call('start_sync', { source: 'meadow', wait_seconds: 30 })).toMatchObject({ state: 'complete' });
    expect(await rowsIn(next)).toMatchObject({ users: [COUNT, COUNT] });
    await next.close();
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('or %s comes, nothing is left running', async (signal) => {
    const server = await startServer({ workplace });
    await saveMeadow(server, { delay_ms: 60_000, batch: 20 });
    await server.call('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 1 });
    await untilConnectorRuns();
    process.kill(server.pid, signal);
    await waitUntil(() => !isAlive(server.pid), 1_500);
    await expectNothingLeft(workplace, 200);
    await server.close();
  });
});

test('a lock of a crashed server and half a status file do not block the next sync', async () => {
  const first = await startServer({ workplace });
  await saveMeadow(first, { delay_ms: 60_000, batch: 20 });
  const { sync_id: id } = await first.call<Sync>('start_sync', {
    source: 'meadow',
    streams: ['users'],
    wait_seconds: 1,
  });
  await kill(first);
  await writeFile(join(workplace.project, 'syncs', id, 'status.json'), '{"runner": {"pid"');
  expect(await namesIn(join(workplace.project, 'locks'))).toContain('sync-meadow.lock');
  const second = await startServer({ workplace });
  await saveMeadow(second, {});
  const again = await second.call<Sync>('start_sync', { source: 'meadow', streams: ['users'], wait_seconds: 30 });
  expect(again.state).toBe('complete');
  expect(await second.call('get_sync')).toMatchObject({ sync_id: again.sync_id });
  await second.close();
});

const CONFIG = { api_key: 'secret_reference::MEADOW_API_KEY' };

/** A busy machine may take longer than the call waited. */
async function untilConnectorRuns(): Promise<void> {
  await waitUntil(async () => (await runningConnectors(workplace)).length === 1);
}

async function saveMeadow(server: TestServer, config: Record<string, unknown>): Promise<void> {
  const full = { ...CONFIG, count: COUNT, ...config };
  await server.call('save_source', { name: 'meadow', connector: meadow, runtime: 'executable', config: full });
}

/** Rows and distinct ids of each table that is there. */
async function rowsIn(server: TestServer): Promise<Record<string, [number, number]>> {
  const found: Record<string, [number, number]> = {};
  for (const name of STREAMS) {
    const sql = `SELECT count(*), count(DISTINCT id) FROM meadow.${name}`;
    const { structuredContent } = await server.client.callTool({ name: 'query', arguments: { sql } });
    const { rows, error } = structuredContent as { rows?: [[number, number]]; error?: { code: string } };
    if (rows) found[name] = rows[0];
    else expect(['no_data_yet', 'unknown_table']).toContain(error?.code);
  }
  return found;
}

async function kill(server: TestServer): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await waitUntil(() => !isAlive(server.pid));
  await server.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
