/** What happens to a cache besides kills: a full disk, a removed project, a damaged file, a newer version. Earlier data stay. */
import { copyFile, mkdir, open, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { expectNothingRuns, makeUnguardedWorkplace, waitUntil } from '../harness/machine.ts';
import { testWith } from '../harness/requirements.ts';
import type { Workplace } from '../harness/workplace.ts';
import { cacheFile, expectComplete, type LedgerSource, placeLedger, type Sync } from '../torture/ledger.ts';

let workplace: Workplace;
let ledger: LedgerSource;
let servers: TestServer[];
beforeEach(async () => {
  workplace = await makeUnguardedWorkplace();
  ledger = await placeLedger(workplace);
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await expectNothingRuns(workplace, 5_000);
  await workplace.remove();
});

const SMALL = { seed: 5, count: 1_000 };
const LARGE = { seed: 5, count: 20_000, state_every: 5_000 };

async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer({ workplace, ...options });
  servers.push(server);
  return server;
}

/** A server that has synced the small ledger. */
async function serveSmall(): Promise<TestServer> {
  const server = await serve();
  await ledger.save(server, SMALL);
  expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
  return server;
}

/** Looks at a sync again and again until it is over; without a wait, which may hang on what is broken. */
async function ended(server: TestServer, id: string): Promise<Sync> {
  const look = (): Promise<Sync> => server.call<Sync>('get_sync', { sync_id: id });
  await waitUntil(async () => (await look()).state !== 'running', 30_000);
  return look();
}

/** One sentence that names the cause, and a next step: in the sync's errors or warnings. */
async function messageOf(server: TestServer, { sync_id: id }: Sync): Promise<string> {
  const sync = await server.call<Sync>('get_sync', { sync_id: id });
  return sync.errors.map(({ message }) => message).join('\n');
}

describe('a disk that is full', () => {
  /** Where the disk is so small: files that may not grow, which any user can ask for. */
  const limited = (kilobytes: number): string[] => ['sh', '-c', `ulimit -f ${kilobytes * 2} && exec "$0" "$@"`];

  const full = { ...LARGE, count: 60_000 };
  const fillUp = async (): Promise<[TestServer, Sync]> => {
    await (await serveSmall()).close();
    const { size } = await stat(cacheFile(workplace));
    const poor = await serve({ before: limited(Math.ceil(size / 1024) + 300) });
    await ledger.save(poor, full);
    return [poor, await ledger.sync(poor)];
  };

  test('fails the sync with the reason, retains earlier data, and the next sync with space resumes', async () => {
    const [poor, failed] = await fillUp();
    expect(['failed', 'incomplete']).toContain(failed.state);
    expect(await messageOf(poor, failed)).toMatch(/space|full|too large/i);
    // Whoever only reads gets the rows that were there.
    const sql = 'SELECT count(*) AS n FROM ledger.entries';
    expect((await poor.call<{ rows: unknown[][] }>('query', { sql })).rows).toEqual([[1_000]]);
    await poor.close();
    expectComplete(await ledger.compare(SMALL), 1_000);

    const rich = await serve();
    expect(await ledger.sync(rich)).toMatchObject({ state: 'complete' });
    await rich.close();
    expectComplete(await ledger.compare(full), 60_000);
  });

  test('is reported once, with its path and what to do', async () => {
    const [poor, failed] = await fillUp();
    const message = await messageOf(poor, failed);
    expect(message).toContain(workplace.project);
    expect(message).toMatch(/free some space/i);
    expect(message).not.toContain('\n');
  });

  testWith(['mounts'], 'with no byte left, as the system reports it', async () => {
    await mkdir(workplace.project, { mode: 0o700 });
    const mount = 'mount -t tmpfs -o size=12m,mode=0700 tmpfs "$P" && exec "$0" "$@"';
    const before = ['env', `P=${workplace.project}`, 'unshare', '-rm', 'sh', '-c', mount];
    const server = await serve({ before });
    await ledger.save(server, SMALL);
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
    await ledger.save(server, { ...LARGE, count: 400_000 });
    const failed = await ledger.sync(server);
    expect(['failed', 'incomplete']).toContain(failed.state);
    expect(await messageOf(server, failed)).toMatch(/no space is left/i);
    const sql = 'SELECT count(*), count(DISTINCT id), max(id) FROM ledger.entries';
    const [[rows = 0, distinct, greatest] = []] = (await server.call<{ rows: number[][] }>('query', { sql })).rows;
    expect(rows).toBeGreaterThanOrEqual(1_000);
    expect([distinct, greatest]).toEqual([rows, rows]);
    // With less to read there is space again.
    await ledger.save(server, { ...LARGE, count: Math.max(rows, 1_500) });
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
  });
});

describe('a project directory that is removed in the middle of a sync', () => {
  const removeInMidSync = async (server: TestServer): Promise<Sync> => {
    await ledger.save(server, { ...LARGE, block: 200, pause_ms: 20 });
    const { sync_id: id } = await ledger.sync(server, 0);
    const records = async (): Promise<number> =>
      (await server.call<{ records: number }>('get_sync', { sync_id: id })).records;
    await waitUntil(async () => (await records()) > 500);
    await rm(workplace.project, { recursive: true, force: true, maxRetries: 20 });
    return ended(server, id);
  };

  test('ends the sync, and its connector, with a word about it', async () => {
    const server = await serveSmall();
    const sync = await removeInMidSync(server);
    expect(['failed', 'incomplete']).toContain(sync.state);
    expect(await messageOf(server, sync)).toContain(workplace.project);
    await expectNothingRuns(workplace);
  });

  test('is created again by the next call, and no answer is a bug', async () => {
    const server = await serveSmall();
    await removeInMidSync(server);
    await ledger.save(server, SMALL);
    const { code } = await server.fail('query', { sql: 'SELECT 1 FROM ledger.entries' });
    // The end of the sync that failed may have made an empty cache.
    expect(['no_data_yet', 'unknown_table']).toContain(code);
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
    await server.close();
    expectComplete(await ledger.compare(SMALL), 1_000);
  });
});

describe('a cache file that is damaged', () => {
  const overwrite = async (file: string, at: number, bytes: Buffer): Promise<void> => {
    const handle = await open(file, 'r+');
    await handle.write(bytes, 0, bytes.length, at);
    await handle.close();
  };
  const noise = Buffer.from('this is no database '.repeat(2_000));
  const damages: Record<string, (file: string) => Promise<void>> = {
    'its first bytes overwritten': (file) => overwrite(file, 0, noise.subarray(0, 4_096)),
    'both headers overwritten': (file) => overwrite(file, 4_096, noise.subarray(0, 8_192)),
    'all of its blocks overwritten': async (file) => {
      const { size } = await stat(file);
      for (let at = 12_288; at < size; at += noise.length) await overwrite(file, at, noise);
    },
    'cut to a few bytes': (file) => truncate(file, 100),
    'another kind of file': (file) => writeFile(file, 'id,name\n1,a\n'),
  };

  test('cut in half: a query that reaches the end reports it, and so does a sync', async () => {
    await (await serveSmall()).close();
    const file = cacheFile(workplace);
    await truncate(file, Math.floor((await stat(file)).size / 2));
    const server = await serve();
    const seen = await server.fail('query', { sql: 'SELECT sum(cents), max(memo) FROM ledger.entries' });
    expect(seen).toMatchObject({ kind: 'setup', code: 'cache_unreadable' });
    expect(await server.fail('describe_data', { detail: 'full' })).toMatchObject({ code: 'cache_unreadable' });
    expect((await server.fail('start_sync', { source: 'ledger' })).next).toMatch(/backup/i);
  });

  test.each(Object.keys(damages))(
    '%s: is reported, nothing is changed, and a restored file works again',
    async (name) => {
      await (await serveSmall()).close();
      const file = cacheFile(workplace);
      await copyFile(file, join(workplace.directory, 'backup'));
      await damages[name]?.(file);
      const damaged = await readFile(file);
      const server = await serve();
      const seen = await server.fail('query', { sql: 'SELECT sum(cents), max(memo) FROM ledger.entries' });
      expect(seen).toMatchObject({ kind: 'setup', code: 'cache_unreadable' });
      expect(seen.next).toMatch(/backup/i);
      expect(await server.fail('describe_data', { detail: 'full' })).toMatchObject({ code: 'cache_unreadable' });
      expect((await server.fail('start_sync', { source: 'ledger' })).text).toContain(file);
      expect((await readFile(file)).equals(damaged), 'the damaged file is left as it is').toBe(true);

      await rm(`${file}.wal`, { force: true });
      await copyFile(join(workplace.directory, 'backup'), file);
      await ledger.save(server, LARGE);
      expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
      await server.close();
      expectComplete(await ledger.compare(LARGE), 20_000);
    },
  );

  test('unfinished because its server died: it is separate from the real one, which is complete or missing', async () => {
    await mkdir(join(workplace.project, 'cache'), { recursive: true });
    const begun = `${cacheFile(workplace)}.begun-99999`;
    await writeFile(begun, noise.subarray(0, 4_096));
    await utimes(begun, new Date(0), new Date(0));
    await serveSmall().then((server) => server.close());
    expect(await readdir(join(workplace.project, 'cache'))).toEqual(['cache.duckdb', 'cache.duckdb.spill']);
    expectComplete(await ledger.compare(SMALL), 1_000);
  });

  test('with a truncated or invalid log: changes that are incomplete in the log are ignored', async () => {
    await (await serveSmall()).close();
    const file = cacheFile(workplace);
    await writeFile(`${file}.wal`, noise);
    const server = await serve();
    await ledger.save(server, LARGE);
    expect(await ledger.sync(server)).toMatchObject({ state: 'complete' });
    await server.close();
    expectComplete(await ledger.compare(LARGE), 20_000);
  });
});

describe('a cache of a newer version', () => {
  test('of DuckDB: is reported and left unchanged', async () => {
    await (await serveSmall()).close();
    const file = cacheFile(workplace);
    const bytes = await readFile(file);
    // The storage version follows the checksum and the magic word.
    expect(bytes.toString('latin1', 8, 12)).toBe('DUCK');
    expect(checksumOf(bytes.subarray(8, 4_096))).toBe(bytes.readBigUInt64LE(0));
    bytes.writeBigUInt64LE(9_999n, 12);
    bytes.writeBigUInt64LE(checksumOf(bytes.subarray(8, 4_096)), 0);
    await writeFile(file, bytes);
    const server = await serve();
    const seen = await server.fail('query', { sql: 'SELECT 1 FROM ledger.entries' });
    expect(seen).toMatchObject({ kind: 'setup', code: 'cache_newer' });
    expect((await server.fail('start_sync', { source: 'ledger' })).text).toMatch(/newer DuckDB.*Update Sluice/s);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  test('of Sluice: a sync reports it and leaves it unchanged', async () => {
    await (await serveSmall()).close();
    const instance = await DuckDBInstance.create(cacheFile(workplace));
    const connection = await instance.connect();
    await connection.run('UPDATE _sluice.layout SET version = 9999');
    connection.closeSync();
    instance.closeSync();
    const server = await serve();
    await ledger.save(server, LARGE);
    const failed = await ledger.sync(server);
    expect(failed.state).toBe('failed');
    expect(await messageOf(server, failed)).toMatch(/newer Sluice.*Update Sluice/s);
    await server.close();
    expectComplete(await ledger.compare(SMALL), 1_000);
  });
});

/** DuckDB's own, of a header. */
function checksumOf(bytes: Buffer): bigint {
  let sum = 5381n;
  for (let at = 0; at < bytes.length; at += 8) {
    sum ^= (bytes.readBigUInt64LE(at) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  }
  return sum;
}
