/** Syncs into a destination that are cut short: by kill -9, by cancel_sync, by a client that disconnects; and a slow destination. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import {
  copyConnector,
  expectNothingLeft,
  expectNothingRuns,
  makeUnguardedWorkplace,
  peakMegabytes,
  runningConnectors,
  waitUntil,
} from '../harness/machine.ts';
import { MEADOW, SHELF, type Workplace } from '../harness/workplace.ts';

interface Sync {
  readonly sync_id: string;
  readonly state: string;
  readonly records: number;
  readonly bytes: number;
  readonly streams: { stream: string; state: string; records: number; confirmed: number }[];
}

const COUNT = 600;
const BATCH = 25;

let workplace: Workplace;
let meadow: string;
let shelf: string;
beforeEach(async () => {
  workplace = await makeUnguardedWorkplace();
  meadow = await copyConnector(workplace, MEADOW);
  shelf = await copyConnector(workplace, SHELF);
});
afterEach(() => workplace.remove());

async function save(server: TestServer, source: Record<string, unknown>, destination: Record<string, unknown> = {}) {
  await server.call('save_source', {
    name: 'meadow',
    connector: meadow,
    runtime: 'executable',
    config: { count: COUNT, batch: BATCH, api_key: 'secret_reference::MEADOW_API_KEY', ...source },
  });
  await server.call('save_destination', {
    name: 'shelf',
    connector: shelf,
    runtime: 'executable',
    config: { destination_path: join(workplace.open, 'mine'), ...destination },
  });
}

const start = (server: TestServer, wait: number): Promise<Sync> => {
  const options = ['users', 'orders'].map((stream) => ({ stream, mode: 'incremental_append' }));
  return server.call<Sync>('start_sync', {
    source: 'meadow',
    destination: 'shelf',
    streams: ['users', 'orders'],
    options,
    wait_seconds: wait,
  });
};

async function idsOf(stream: string): Promise<number[]> {
  const text = await readFile(join(workplace.open, 'mine', `${stream}.jsonl`), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { id: number }).id]));
}

async function kill(server: TestServer): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.close().catch(() => {});
}

describe('a server killed in the middle', () => {
  test.each([0, 300, 900, 1_700])('after %i ms: nothing confirmed is lost or sent again', async (moment) => {
    const first = await startServer({ workplace });
    await save(first, { delay_ms: 40 });
    const { sync_id: id } = await start(first, 0);
    await new Promise((resolve) => setTimeout(resolve, moment));
    const before = await first.call<Sync>('get_sync', { sync_id: id });
    await kill(first);

    const second = await startServer({ workplace });
    expect(await second.call('get_sync', { sync_id: id })).toMatchObject({ state: 'interrupted' });
    // Nothing is stored if it was killed before anything was sent.
    const path = join(workplace.project, 'states', 'meadow', 'shelf.json');
    const stored = JSON.parse(await readFile(path, 'utf8').catch(() => '{"states":[]}')) as {
      states: { text: string }[];
    };
    await save(second, { delay_ms: 0 });
    await expectNothingLeft(workplace);
    const again = await start(second, 40);
    expect(again).toMatchObject({ state: 'complete' });
    for (const [at, { stream, records }] of again.streams.entries()) {
      const confirmed = before.streams[at]?.confirmed ?? 0;
      // Records reported as confirmed are on disk, and are not read again.
      expect(records).toBeLessThanOrEqual(COUNT - confirmed);
      const ids = await idsOf(stream);
      expect(new Set(ids).size).toBe(COUNT);
      expect(stored.states.some(({ text }) => text.includes(`"${stream}"`))).toBe(records < COUNT);
      // At most the records after the last stored state are repeated: a batch that was under way, or two.
      expect(ids.length - COUNT).toBeLessThanOrEqual(3 * BATCH);
    }
    expect(await start(second, 40)).toMatchObject({ state: 'complete', records: 0 });
    await second.close();
    await expectNothingLeft(workplace);
  });
});

test('cancel_sync stops both, keeps the confirmed records, and the next sync continues', async () => {
  const server = await startServer({ workplace });
  await save(server, { delay_ms: 100 });
  const { sync_id: id } = await start(server, 0);
  const confirmed = async () => (await server.call<Sync>('get_sync', { sync_id: id })).streams[0]?.confirmed ?? 0;
  await waitUntil(async () => (await confirmed()) > 0);
  const cancelled = await server.call<Sync & { stopped: boolean; kept: string }>('cancel_sync', { sync_id: id });
  expect(cancelled).toMatchObject({ state: 'cancelled', stopped: true });
  expect(cancelled.kept).toContain('confirmed by the destination "shelf"');
  await expectNothingRuns(workplace);
  await save(server, { delay_ms: 0 });
  const again = await start(server, 40);
  expect(again.records).toBeLessThan(2 * COUNT);
  expect(new Set(await idsOf('users')).size).toBe(COUNT);
  await server.close();
});

test('a destination that ignores its cancellation is stopped', async () => {
  const server = await startServer({ workplace });
  await save(server, { delay_ms: 100 }, { behaviour: 'hangs' });
  const { sync_id: id } = await start(server, 0);
  await waitUntil(async () => (await server.call<Sync>('get_sync', { sync_id: id })).records > 0);
  expect(await server.call('cancel_sync', { sync_id: id })).toMatchObject({ state: 'cancelled' });
  await expectNothingRuns(workplace);
  await server.close();
}, 60_000);

test('both connectors stop within a second after the client disconnects', async () => {
  const server = await startServer({ workplace });
  await save(server, { delay_ms: 100 });
  await start(server, 0);
  await waitUntil(async () => {
    const running = await runningConnectors(workplace);
    return running.some((line) => line.includes('meadow')) && running.some((line) => line.includes('destination'));
  });
  await server.close();
  await expectNothingRuns(workplace);
});

/** 200 MB as fast as they can be written. */
const HOSE = `#!/usr/bin/env node
import { writeFileSync, readFileSync } from 'node:fs';
const [verb, ...rest] = process.argv.slice(2);
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const stream = { name: 'water', json_schema: { type: 'object', properties: {} }, supported_sync_modes: ['full_refresh'] };
if (verb === 'spec') say({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties: {} } } });
if (verb === 'check') say({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
if (verb === 'discover') say({ type: 'CATALOG', catalog: { streams: [stream] } });
if (verb === 'read') {
  const line = JSON.stringify({ type: 'RECORD', record: { stream: 'water', data: { drop: 'x'.repeat(900) }, emitted_at: 1 } }) + '\\n';
  const piece = line.repeat(100);
  for (let at = 0; at < 2000; at += 1) if (!process.stdout.write(piece)) await new Promise((go) => process.stdout.once('drain', go));
}
`;

test('a slow destination holds a fast source back, and the memory of the server stays small', async () => {
  const hose = join(workplace.directory, 'connectors', 'source-hose.mjs');
  await writeFile(hose, HOSE);
  await chmod(hose, 0o755);
  const server = await startServer({ workplace });
  await save(server, {}, { delay_ms: 4, without_files: true });
  await server.call('save_source', { name: 'hose', connector: hose, runtime: 'executable', config: {} });
  const request = { source: 'hose', destination: 'shelf', wait_seconds: 0 };
  const { sync_id: id } = await server.call<Sync>('start_sync', request);
  // A second later it is far from done: the source waits.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const early = await server.call<Sync>('get_sync', { sync_id: id });
  expect(early).toMatchObject({ state: 'running' });
  expect(early.bytes).toBeLessThan(100_000_000);
  const done = await server.call<Sync>('get_sync', { sync_id: id, wait_seconds: 38 });
  expect(done).toMatchObject({ state: 'complete', records: 200_000, streams: [{ confirmed: 200_000 }] });
  const peak = await peakMegabytes(server.pid);
  if (peak !== undefined) expect(peak).toBeLessThan(200);
  await server.close();
}, 90_000);
