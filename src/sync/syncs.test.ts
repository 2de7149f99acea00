import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogOf, errorLine, openTestContext, recordLine, SECRET, type TestContext } from './sync-context.fixture.ts';

let context: TestContext;
beforeEach(async () => {
  context = await openTestContext();
});
afterEach(() => context.close());

describe('a sync of a good source', () => {
  it('reads, loads and continues where it ended', async () => {
    const first = await context.sync(await context.meadow({ count: 250, batch: 100 }, ['users', 'notes']));
    expect(first.errors).toEqual([]);
    expect(first.warnings).toEqual([]);
    expect(first).toMatchObject({ state: 'complete', source: 'meadow', dataset: 'meadow', records: 500 });
    expect(first.streams).toMatchObject([
      { stream: 'users', mode: 'incremental_deduped_history', state: 'complete', rows: 250, committed_state: true },
      { stream: 'notes', mode: 'full_refresh_overwrite', state: 'complete', rows: 250 },
    ]);
    const second = await context.sync(await context.meadow({ count: 300, batch: 100 }, ['users', 'notes']));
    expect(second.streams.map(({ records, rows }) => [records, rows])).toEqual([
      [50, 50],
      [300, 300],
    ]);
    expect(await context.rows('SELECT count(*), count(DISTINCT id) FROM meadow.users')).toEqual([['300', '300']]);
    expect(await context.rows('SELECT count(*), count(DISTINCT id) FROM meadow.notes')).toEqual([['300', '300']]);
    expect(
      await context.rows(
        'SELECT typeof(id), typeof(height_m), typeof(active), typeof(address), typeof(birthday), typeof(created_at), typeof(_airbyte_extracted_at) FROM meadow.users LIMIT 1',
      ),
    ).toEqual([
      ['BIGINT', 'DOUBLE', 'BOOLEAN', 'JSON', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'],
    ]);
  });
});

describe('a quick connector', () => {
  it('loses nothing of what it writes before anybody reads', async () => {
    const file = join(context.folder, 'ready.ndjson');
    const lines = Array.from({ length: 200_000 }, (_value, id) => recordLine('a', { id }));
    await writeFile(file, lines.join(''));
    const request = await context.play('quick', catalogOf({ name: 'a', properties: { id: { type: 'integer' } } }), []);
    const start = { kind: 'process', command: ['/bin/sh', '-c', `cat '${file}'`, 'sh'] } as const;
    const installed = { ...request.installed, start };
    expect(await context.sync({ ...request, installed })).toMatchObject({
      state: 'complete',
      streams: [{ rows: 200_000 }],
    });
    expect(await context.rows('SELECT count(DISTINCT id) FROM quick.a')).toEqual([['200000']]);
  });
});

const noWait = new AbortController().signal;
const slow = { count: 100_000, batch: 20, delay_ms: 20 };

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('it did not happen in time');
}

describe('syncs in the background', () => {
  it('run once per source: a second start returns the running sync', async () => {
    const request = await context.meadow(slow, ['users']);
    const [one, two] = await Promise.all([context.syncs.start(request), context.syncs.start(request)]);
    expect(one.syncId).toBe(two.syncId);
    expect([one.alreadyRunning, two.alreadyRunning].sort()).toEqual([false, true]);
    const other = await openTestContext(undefined, context.folder);
    expect(await other.syncs.start(request)).toEqual({ syncId: one.syncId, alreadyRunning: true });
    await other.close();
    await context.syncs.cancel(one.syncId);
  });

  it('report their progress, and continue when a wait is cancelled', async () => {
    const { syncId } = await context.syncs.start(await context.meadow(slow, ['users']));
    const waiting = new AbortController();
    const reported: [string, number | undefined][] = [];
    const wait = context.syncs.wait(syncId, 60_000, waiting.signal, (message, done) => reported.push([message, done]));
    await until(async () => (await context.syncs.get(syncId)).records > 100);
    waiting.abort();
    await expect(wait).rejects.toMatchObject({ code: 'cancelled' });
    expect(reported.length).toBeGreaterThan(0);
    const status = await context.syncs.wait(syncId, 100, noWait);
    expect(status).toMatchObject({ state: 'running', streams: [{ stream: 'users', state: 'running' }] });
    expect(await context.syncs.get()).toMatchObject({ sync_id: syncId });
    expect(await context.syncs.lastStreams('meadow')).toEqual(['users']);
    await context.syncs.cancel(syncId);
  });

  it('are cancelled, and retain confirmed records', async () => {
    const request = await context.meadow(slow, ['users', 'orders']);
    const { syncId } = await context.syncs.start(request);
    await until(async () => (await context.syncs.get(syncId)).records > 200);
    const status = await context.syncs.cancel(syncId);
    expect(status).toMatchObject({
      state: 'cancelled',
      errors: [],
      streams: [{ state: 'cancelled' }, { state: 'cancelled' }],
    });
    const [users] = status.streams;
    expect(users?.rows).toBeGreaterThan(0);
    expect(users?.committed_state).toBe(true);
    expect(await context.rows('SELECT count(*), max(id) FROM meadow.users')).toEqual([
      [String(users?.rows), String(users?.rows)],
    ]);
    expect(await context.syncs.cancel(syncId)).toMatchObject({ state: 'cancelled' });
    const [row] = await context.rows('SELECT state, rows FROM _sluice.syncs');
    expect(row).toEqual(['cancelled', String(users?.rows)]);
    const next = await context.sync(await context.meadow({ count: 5_000, batch: 500 }, ['users']));
    expect(next.state).toBe('complete');
    expect(await context.rows('SELECT count(*), count(DISTINCT id) FROM meadow.users')).toEqual([['5000', '5000']]);
  });

  it('are cancelled from another process of the project', async () => {
    const child = runChild(context.folder, slow);
    const syncId = await child.syncId;
    await until(async () => (await context.syncs.get(syncId)).records > 0);
    expect(await context.syncs.start(await context.meadow(slow, ['users']))).toEqual({ syncId, alreadyRunning: true });
    expect(await context.syncs.cancel(syncId)).toMatchObject({ state: 'cancelled' });
    expect(await child.ended).toBe(0);
  });

  it('end quickly when the server ends, and are marked interrupted', async () => {
    const { syncId } = await context.syncs.start(await context.meadow({ ...slow, delay_ms: 1 }, ['users', 'notes']));
    await until(async () => (await context.syncs.get(syncId)).records > 500);
    const before = Date.now();
    await Promise.all([context.connectors.endAll(), context.syncs.endAll()]);
    await context.database.close();
    expect(Date.now() - before).toBeLessThan(1_500);
    const later = await openTestContext(undefined, context.folder);
    expect(await later.syncs.get(syncId)).toMatchObject({
      state: 'interrupted',
      streams: [{ state: 'interrupted' }, {}],
    });
    expect(await readdir(await context.project.folder('staging'))).toEqual([]);
    const status = await later.sync(await later.meadow({ count: 3_000 }, ['users', 'notes']));
    expect(status.state).toBe('complete');
    expect(await later.rows('SELECT count(*), count(DISTINCT id) FROM meadow.users')).toEqual([['3000', '3000']]);
    expect(await later.rows('SELECT state FROM _sluice.syncs ORDER BY started_at')).toEqual([
      ['interrupted'],
      ['complete'],
    ]);
    await later.close();
  });

  it('are unknown by any other name', async () => {
    await expect(context.syncs.get()).rejects.toMatchObject({ code: 'no_syncs_yet' });
    for (const id of ['', '../../etc/passwd', '20260101-000000-abcdef']) {
      await expect(context.syncs.get(id)).rejects.toMatchObject({ code: 'unknown_sync' });
    }
    expect(await context.syncs.recent(5)).toEqual([]);
    expect(await context.syncs.lastStreams('meadow')).toBeUndefined();
  });
});

describe('a secret', () => {
  it('that the connector prints is in no file of the project but the cache', async () => {
    const half = SECRET.slice(0, 12);
    const rest = SECRET.slice(12);
    const log = (message: string): string => `${JSON.stringify({ type: 'LOG', log: { level: 'INFO', message } })}\n`;
    const catalog = catalogOf({ name: 'a', properties: { id: { type: 'integer' }, t: { type: 'string' } } });
    // The redactor knows a value once the vault has resolved something.
    await context.meadow({}, ['users']);
    const status = await context.sync(
      await context.play('leaky', catalog, [
        log(`the key is ${SECRET}`),
        log(half),
        log(rest),
        `${half}\n${rest}\n`,
        { stderr: `${half}\n` },
        { stderr: `${rest}\n` },
        recordLine('a', { id: 1, t: SECRET, [SECRET]: 1 }),
        recordLine(`stream ${SECRET}`, {}),
        errorLine(`refused: ${Buffer.from(SECRET).toString('base64')}`),
        errorLine(half),
        errorLine(rest),
        { sleep: 700 },
        { exit: 1 },
      ]),
    );
    expect(status.state).toBe('failed');
    expect(JSON.stringify(status)).toContain('[secret:MEADOW_API_KEY]');
    const files = await readdir(join(context.folder, 'project'), { recursive: true, withFileTypes: true });
    for (const file of files.filter((one) => one.isFile() && !one.parentPath.endsWith('/cache'))) {
      const text = await readFile(join(file.parentPath, file.name), 'utf8');
      const bare = text.replace(/\s|\d{4}-\d\d-\d\dT\S+Z (connector|stdout|stderr|sluice):/g, '');
      expect(bare.includes(SECRET), `${file.name} holds the secret`).toBe(false);
      expect(bare.includes(rest), `${file.name} holds half of the secret`).toBe(false);
    }
    expect(JSON.stringify(await context.syncs.log(status.sync_id, 100))).toContain('[secret:MEADOW_API_KEY]');
  });
});

describe('SIGKILL in the middle', () => {
  it('loses nothing and repeats nothing, whenever it comes', async () => {
    const config = { count: 30_000, batch: 700, delay_ms: 20 };
    await context.sync(await context.meadow({ count: 100 }, ['users', 'orders', 'notes']));
    const states: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const child = runChild(context.folder, config);
      const syncId = await child.syncId;
      await until(async () => (await context.syncs.get(syncId)).records > 0);
      await sleep(Math.random() * 900);
      child.kill();
      await child.ended;
      states.push((await context.syncs.get(syncId)).state);
      await agree(context);
    }
    expect(states).toContain('interrupted');
    const last = await context.sync(await context.meadow({ ...config, delay_ms: 0 }, ['users', 'orders', 'notes']));
    expect(last).toMatchObject({ state: 'complete' });
    await agree(context);
    for (const table of ['users', 'orders', 'notes']) {
      expect(await context.rows(`SELECT count(*), count(DISTINCT id) FROM meadow.${table}`)).toEqual([
        ['30000', '30000'],
      ]);
    }
    expect(await readdir(await context.project.folder('staging'))).toEqual([]);
  }, 120_000);
});

/** Rows and state say the same of each incremental stream. */
async function agree({ rows }: TestContext): Promise<void> {
  for (const table of ['users', 'orders']) {
    const [counted = []] = await rows(
      `SELECT count(*), count(DISTINCT id), coalesce(max(id), 0), strftime(max(updated_at), '%Y-%m-%dT%H:%M:%S.%gZ') FROM meadow.${table}`,
    );
    const [[state] = []] = await rows(`SELECT state FROM _sluice.states WHERE stream = '${table}'`);
    const cursor = state === undefined ? null : JSON.parse(String(state)).stream.stream_state.updated_at;
    expect(counted).toEqual([counted[0], counted[0], counted[0], cursor]);
  }
}

interface Child {
  readonly syncId: Promise<string>;
  readonly ended: Promise<number | null>;
  kill(): void;
}

function runChild(folder: string, config: object): Child {
  const program = fileURLToPath(new URL('./run.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, folder, JSON.stringify(config)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const syncId = new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code));
  });
  return { syncId, ended, kill: () => child.kill('SIGKILL') };
}
