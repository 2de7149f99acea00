/** Ownership is an identity: what another session or a person made stays as it is, whatever it is called. */
import { readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer, type ToolError } from '../harness/client.ts';
import { copyConnector, makeConnectorWorkplace, namesIn, waitUntil } from '../harness/machine.ts';
import { testWith } from '../harness/requirements.ts';
import { startTyped } from '../harness/terminal.ts';
import { MEADOW, SHELF, type Workplace } from '../harness/workplace.ts';

let workplace: Workplace;
let meadow: string;
let shelf: string;
/** The assistant that is held to safe mode, and somebody else: another session, as a person would use it. */
let mine: TestServer;
let other: TestServer;
beforeEach(async () => {
  workplace = await makeConnectorWorkplace(
    "MEADOW_API_KEY='a-key-of-the-meadow-77'\nSHELF_TOKEN='a-token-of-the-shelf-4711'\n",
  );
  meadow = await copyConnector(workplace, MEADOW);
  shelf = await copyConnector(workplace, SHELF);
  [mine, other] = await Promise.all([startServer({ workplace }), startServer({ workplace })]);
});
afterEach(async () => {
  await Promise.all([mine.close(), other.close()]);
  await workplace.remove();
});

const save = (server: TestServer, config: object = {}, name = 'shop'): Promise<unknown> =>
  server.call('save_source', saving(config, name));
const saving = (config: object = {}, name = 'shop') => ({
  name,
  connector: meadow,
  runtime: 'executable',
  config: { api_key: 'secret_reference::MEADOW_API_KEY', count: 30, ...config },
});
const shelving = (name: string, path: string) => ({
  name,
  connector: shelf,
  runtime: 'executable',
  config: { destination_path: join(workplace.open, path), token: 'secret_reference::SHELF_TOKEN' },
});
const STREAMS = { source: 'shop', streams: ['users', 'notes'], wait_seconds: 38 };
const sync = (server: TestServer, more: object = {}) =>
  server.call<{ state: string; errors: object[] }>('start_sync', { ...STREAMS, ...more });
const rows = async (table = 'users', dataset = 'shop'): Promise<unknown> =>
  (await mine.call<{ rows: unknown[][] }>('query', { sql: `SELECT count(*) FROM ${dataset}.${table}` })).rows[0]?.[0];
const typed = async (...args: string[]) => {
  const where = ['--project-dir', workplace.project, '--env-file', workplace.envFile];
  const { code, out, err } = await startTyped(workplace, [...args, ...where], workplace.environment).ended;
  return { code, out, err };
};
const file = (name = 'shop'): string => join(workplace.project, 'sources', `${name}.json`);
const refusedWith = (error: ToolError, hint: string): void => {
  expect(error).toMatchObject({ kind: 'refused', code: 'safe_mode' });
  expect(error.next).toContain('SLUICE_SAFE_MODE=0');
  expect(error.next).toContain(hint);
};

describe('a name that was removed and created again', () => {
  test.each(['another session', 'a terminal'])("by %s is not this session's: source", async (who) => {
    await save(mine);
    expect(await typed('remove', 'source', 'shop', '--yes')).toMatchObject({ code: 0 });
    if (who === 'a terminal') expect(await typed('sources', 'restore', 'shop')).toMatchObject({ code: 0 });
    else await save(other, { seed: 5 });
    const theirs = await readFile(file(), 'utf8');
    refusedWith(await mine.fail('remove', { kind: 'source', name: 'shop' }), 'sluice-mcp remove source shop');
    refusedWith(await mine.fail('save_source', saving({ count: 0 })), 'another name');
    expect(await readFile(file(), 'utf8')).toBe(theirs);
  });

  test('dataset and tables', async () => {
    await save(mine);
    await sync(mine);
    expect(await typed('remove', 'dataset', 'shop', '--yes')).toMatchObject({ code: 0 });
    expect(await typed('sync', 'shop', '--stream', 'users')).toMatchObject({ code: 0 });
    refusedWith(await mine.fail('remove', { kind: 'dataset', name: 'shop' }), 'sluice-mcp remove');
    refusedWith(await mine.fail('remove', { kind: 'table', name: 'shop.users' }), 'sluice-mcp remove');
    refusedWith(await mine.fail('start_sync', { ...STREAMS, restart: true }), 'sluice-mcp sync shop --restart');
    expect(await rows()).toBe(30);
  });

  test("what a person has loaded into a table of this session makes it nobody's", async () => {
    await save(mine);
    await sync(mine);
    expect(await typed('sync', 'shop', '--stream', 'users')).toMatchObject({ code: 0 });
    refusedWith(await mine.fail('remove', { kind: 'table', name: 'shop.users' }), 'sluice-mcp remove');
    expect(await mine.call('remove', { kind: 'table', name: 'shop.notes' })).toHaveProperty('removed');
    // A change of the source would empty that table at the next sync, whoever starts it.
    refusedWith(await mine.fail('save_source', saving({ count: 0 })), 'another name');
  });

  test('between the gate and the change: a save that takes long finds the one that came meanwhile', async () => {
    await save(mine, {}, 'slow');
    expect(await typed('remove', 'source', 'slow', '--yes')).toMatchObject({ code: 0 });
    // Both pass the gate while there is none; only one of them makes it.
    const both = await Promise.allSettled([save(mine, { seed: 8 }, 'slow'), save(other, { seed: 9 }, 'slow')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { config } = JSON.parse(await readFile(file('slow'), 'utf8')) as { config: { seed: number } };
    expect(config.seed).toBe(both[0]?.status === 'fulfilled' ? 8 : 9);
  });
});

describe('objects of another session', () => {
  beforeEach(async () => {
    await save(other);
    await sync(other);
  });

  test('a source cannot be overwritten, and no part of it is lost', async () => {
    const before = await readFile(file(), 'utf8');
    refusedWith(await mine.fail('save_source', saving({ count: 0 })), 'sluice-mcp remove source shop');
    refusedWith(await mine.fail('save_source', saving({ count: 0 })), 'another name');
    expect(await readFile(file(), 'utf8')).toBe(before);
    expect(await namesIn(join(workplace.project, 'history'))).toEqual([]);
  });

  test("a damaged file is somebody's too", async () => {
    await writeFile(file(), '{"name": "shop"');
    refusedWith(await mine.fail('save_source', saving()), 'another name');
    expect(await readFile(file(), 'utf8')).toBe('{"name": "shop"');
  });

  test('tables are not re-read, nor synced in another mode or by another key or cursor; a sync that changes none of these runs', async () => {
    const table = join(workplace.project, 'cache', 'cache.duckdb');
    expect((await stat(table)).size).toBeGreaterThan(0);
    for (const more of [
      { restart: true },
      { restart: true, streams: ['users'] },
      { options: [{ stream: 'users', mode: 'full_refresh_overwrite' }] },
      { options: [{ stream: 'users', primary_key: ['email'] }] },
      { options: [{ stream: 'notes', mode: 'full_refresh_append' }] },
    ]) {
      refusedWith(await mine.fail('start_sync', { ...STREAMS, ...more }), 'sluice-mcp sync shop');
    }
    expect(await sync(mine)).toMatchObject({ state: 'complete' });
    const same = [{ stream: 'users', mode: 'incremental_deduped_history', primary_key: ['id'] }];
    expect(await sync(mine, { options: same })).toMatchObject({ state: 'complete' });
    // A refusal leaves nothing behind that a later call would follow.
    expect(await sync(mine)).toMatchObject({
      streams: [{ mode: 'incremental_deduped_history' }, { mode: 'full_refresh_overwrite' }],
    });
    expect([await rows(), await rows('notes')]).toEqual([30, 30]);
    // A stream that is new here is made, not changed.
    expect(
      await sync(mine, { streams: ['orders'], options: [{ stream: 'orders', mode: 'full_refresh_append' }] }),
    ).toMatchObject({ state: 'complete' });
    expect(await mine.call('remove', { kind: 'table', name: 'shop.orders' })).toHaveProperty('removed');
  });

  test('a dataset that its source has left behind is not filled by another configuration', async () => {
    expect(await typed('remove', 'source', 'shop', '--yes')).toMatchObject({ code: 0 });
    await save(mine, { count: 0 });
    refusedWith(await mine.fail('start_sync', STREAMS), 'sluice-mcp sync shop');
    // Not by a stream either that is not there yet: the states of all may be one.
    refusedWith(await mine.fail('start_sync', { ...STREAMS, streams: ['orders'] }), 'sluice-mcp sync shop');
    expect([await rows(), await rows('notes')]).toEqual([30, 30]);
    // A name that differs in "-" and "_" alone would share it.
    await save(other, {}, 'my-shop');
    await sync(other, { source: 'my-shop' });
    expect(await typed('remove', 'source', 'my-shop', '--yes')).toMatchObject({ code: 0 });
    await save(mine, { count: 0 }, 'my_shop');
    refusedWith(await mine.fail('start_sync', { ...STREAMS, source: 'my_shop' }), 'sluice-mcp sync my_shop');
    expect(await rows('users', 'my_shop')).toBe(30);
    // The same configuration under the same name reads the same.
    expect(await mine.call('remove', { kind: 'source', name: 'shop' })).toHaveProperty('removed');
    await save(mine);
    expect(await sync(mine)).toMatchObject({ state: 'complete' });
  });

  test('a sync that a terminal runs is not cancelled', async () => {
    await save(other, { count: 3_000, batch: 10, delay_ms: 100 }, 'long');
    const running = startTyped(
      workplace,
      [
        'sync',
        'long',
        '--stream',
        'users',
        '--json',
        '--project-dir',
        workplace.project,
        '--env-file',
        workplace.envFile,
      ],
      workplace.environment,
    );
    await waitUntil(() => running.out().includes('"started"'));
    const [line = ''] = running
      .out()
      .split('\n')
      .filter((text) => text.includes('"started"'));
    const { sync_id: id } = JSON.parse(line) as { sync_id: string };
    refusedWith(await mine.fail('cancel_sync', { sync_id: id }), 'Ctrl-C');
    expect(await mine.call('get_sync', { sync_id: id })).toMatchObject({ state: 'running' });
    running.child.kill('SIGTERM');
    await running.ended;
    // A finished one does not change, and the answer reports it.
    expect(await mine.call('cancel_sync', { sync_id: id })).toMatchObject({ stopped: false });
  });

  test('a refusal names the objects, and the audit has their ids', async () => {
    const error = await mine.fail('start_sync', { ...STREAMS, restart: true });
    expect(error.message).toContain('table "shop.users"');
    await mine.close();
    const audit = await readFile(join(workplace.project, 'logs', 'audit.jsonl'), 'utf8');
    const last = JSON.parse(audit.trim().split('\n').at(-1) ?? '') as {
      verdict: string;
      targets: { id: string; name: string }[];
    };
    expect(last.verdict).toBe('refused');
    expect(last.targets.map(({ name }) => name).sort()).toEqual(['shop.notes', 'shop.users']);
    for (const { id } of last.targets) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    mine = await startServer({ workplace });
  });
});

describe("a person's destination", () => {
  const into = (server: TestServer, more: object = {}) =>
    server.call<{ state: string }>('start_sync', { ...STREAMS, destination: 'lake', ...more });
  const written = async (stream: string, path = 'lake'): Promise<number> =>
    (await readFile(join(workplace.open, path, `${stream}.jsonl`), 'utf8')).trim().split('\n').length;
  beforeEach(async () => {
    await other.call('save_destination', shelving('lake', 'lake'));
    await save(other);
    await into(other);
  });

  test('is not saved over, nor tested with made-up records', async () => {
    refusedWith(await mine.fail('save_destination', shelving('lake', 'elsewhere')), 'another name');
    refusedWith(
      await mine.fail('smoke_test_destination', { destination: 'lake', scenarios: ['empty'] }),
      'SAFE_MODE=0',
    );
    expect(await namesIn(join(workplace.directory, 'lake'))).toEqual(
      expect.not.arrayContaining([expect.stringContaining('sluice_smoke')]),
    );
  });

  test('is not rewritten; its repeated sync runs', async () => {
    for (const more of [{ restart: true }, { options: [{ stream: 'users', mode: 'full_refresh_overwrite' }] }]) {
      refusedWith(await mine.fail('start_sync', { ...STREAMS, destination: 'lake', ...more }), '--destination lake');
    }
    expect(await into(mine)).toMatchObject({ state: 'complete' });
    expect(await written('notes')).toBe(30);
  });

  test('is not overwritten by a source of this session, nor by another saved destination with the same path', async () => {
    await save(mine, { count: 1, seed: 7 }, 'small');
    const small = { source: 'small', streams: ['notes'], wait_seconds: 38 };
    refusedWith(await mine.fail('start_sync', { ...small, destination: 'lake' }), '--destination lake');
    await mine.call('save_destination', shelving('pond', 'lake'));
    refusedWith(await mine.fail('start_sync', { ...small, destination: 'pond' }), '--destination pond');
    expect(await written('notes')).toBe(30);
    await mine.call('save_destination', shelving('pool', 'pool'));
    expect(await mine.call('start_sync', { ...small, destination: 'pool' })).toMatchObject({ state: 'complete' });
    expect(await mine.call('start_sync', { ...small, destination: 'pool', restart: true })).toMatchObject({
      state: 'complete',
    });
  });

  const path = (text: string): object => ({ destination_path: `${workplace.open}/${text}` });
  const expectRefused = async (words: readonly object[]): Promise<void> => {
    await save(mine, { count: 1, seed: 7 }, 'small');
    await symlink(join(workplace.open, 'lake'), join(workplace.open, 'link'));
    for (const [at, more] of words.entries()) {
      const { config, ...named } = shelving(`pond-${at}`, 'lake');
      await mine.call('save_destination', { ...named, config: { ...config, ...more } });
      const request = { source: 'small', streams: ['notes'], destination: `pond-${at}`, wait_seconds: 38 };
      refusedWith(await mine.fail('start_sync', request), `--destination pond-${at}`);
    }
    expect(await written('notes')).toBe(30);
  };

  test('is not overwritten by a destination of this session that spells the same path differently', () =>
    expectRefused([
      ...['lake/', './lake', '/lake', 'link'].map(path),
      { after: 1 },
      { behaviour: 'good' },
      { zzz: 1 },
      { path: 'elsewhere' },
      { token: undefined },
    ]));

  // Without a sandbox such a path is refused before.
  testWith(['sandbox'], 'nor by one whose path goes up and down again', () =>
    expectRefused(['x/../lake', 'link/../lake'].map(path)),
  );
});
