import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open as openFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRedactor } from '../../secrets/index.ts';
import { type Database, openDatabase } from './database.ts';
import { IN_MEMORY, openLocked } from './instances.ts';
import { withStream } from './stream.ts';

const module = fileURLToPath(new URL('./database.ts', import.meta.url));
let folder: string;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-database-'));
  await mkdir(join(folder, "it's staging"));
  database = open();
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

function open(): Database {
  return openDatabase({
    redactor: createRedactor(),
    file: async () => join(folder, 'cache.duckdb'),
    stagingDirectory: async () => join(folder, "it's staging"),
    memoryLimit: '256MB',
  });
}

/** Runs `body` (it sees `database` and `folder`) in a second process; gives what it prints. */
function elsewhere(body: string): {
  waitForOutput: (text: string) => Promise<void>;
  done: Promise<string>;
  pid: number;
} {
  const code = `
    import { openDatabase } from ${JSON.stringify(module)};
    const folder = ${JSON.stringify(folder)};
    const database = openDatabase({
      redactor: {},
      file: async () => folder + '/cache.duckdb', stagingDirectory: async () => folder + "/it's staging",
    });
    ${body}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    out += chunk;
  });
  const ended = once(child, 'close').then(() => out);
  const waitForOutput = async (text: string): Promise<void> => {
    while (!out.includes(text)) {
      if (child.exitCode !== null) throw new Error(out);
      await sleep(20);
    }
  };
  return { waitForOutput, done: ended, pid: child.pid ?? 0 };
}

const one = (from: Database): Promise<unknown> =>
  from.use('count', async (connection) => (await connection.runAndReadAll('SELECT 42')).getRows()[0]?.[0]);

test('in memory there is no file, whatever the working directory is', async () => {
  const settings = { stagingDirectory: folder, temporaryDirectory: folder, memoryLimit: '64MB', threads: 1 };
  (await openLocked(IN_MEMORY, settings)).closeSync();
  await expect(stat(IN_MEMORY)).rejects.toThrow('ENOENT');
});

test('a read does not create a file', async () => {
  await expect(database.use('read', async () => 1, { mustExist: true })).rejects.toMatchObject({
    kind: 'input',
    code: 'no_data_yet',
  });
  await expect(stat(join(folder, 'cache.duckdb'))).rejects.toThrow();
});

test('the settings are applied and locked on every connection', async () => {
  const rows = await database.use('settings', async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT current_setting('TimeZone'), current_setting('enable_external_access'), current_setting('lock_configuration'),
        current_setting('preserve_insertion_order'), current_setting('checkpoint_threshold'),
        current_setting('autoload_known_extensions'), current_setting('memory_limit'), '2024-01-01'::TIMESTAMPTZ::VARCHAR`,
    );
    return reader.getRowsJson()[0];
  });
  expect(rows).toEqual(['UTC', false, true, true, '244.1 MiB', false, '244.1 MiB', '2024-01-01 00:00:00+00']);
  for (const sql of ["SET memory_limit='8GB'", 'SET GLOBAL enable_external_access=true', 'RESET threads']) {
    await expect(database.use('set', (connection) => connection.run(sql))).rejects.toThrow(/locked|cannot be/i);
  }
});

test('files are read from the staging folder only', async () => {
  await writeFile(join(folder, "it's staging", 'a.ndjson'), '{"a":1}\n');
  await writeFile(join(folder, 'b.ndjson'), '{"a":1}\n');
  const read = (path: string): Promise<unknown> =>
    database.use('read', (connection) => connection.run(`SELECT * FROM read_ndjson('${path.replaceAll("'", "''")}')`));
  await read(join(folder, "it's staging", 'a.ndjson'));
  await expect(read(join(folder, 'b.ndjson'))).rejects.toThrow(/disabled by configuration/);
  await expect(read('/etc/hostname')).rejects.toThrow(/disabled by configuration/);
  await expect(read(join(folder, "it's staging", '..', 'b.ndjson'))).rejects.toThrow(/disabled by configuration/);
});

test('two handles of one process share one instance', async () => {
  const second = open();
  await database.use('make', (connection) => connection.run('CREATE TABLE t AS SELECT 1 AS a'));
  const both = await Promise.all([
    database.use('insert', (connection) => connection.run('INSERT INTO t VALUES (2)')),
    second.use('insert', (connection) => connection.run('INSERT INTO t VALUES (3)')),
  ]);
  expect(both).toHaveLength(2);
  const count = await second.use('count', async (c) => (await c.runAndReadAll('SELECT count(*) FROM t')).getRows());
  expect(count).toEqual([[3n]]);
});

test('what a body leaves open is rolled back', async () => {
  await database.use('make', (connection) => connection.run('CREATE TABLE t(a INT)'));
  await expect(
    database.use('half', async (connection) => {
      await connection.run('BEGIN');
      await connection.run('INSERT INTO t VALUES (1)');
      throw new Error('half-way');
    }),
  ).rejects.toThrow('half-way');
  const rows = await database.use('count', async (c) => (await c.runAndReadAll('SELECT * FROM t')).getRows());
  expect(rows).toEqual([]);
});

test('an idle file is closed and another process can open it, even after a result was half read', async () => {
  await database.use('stream', (connection) =>
    withStream(connection, 'SELECT * FROM range(1000000)', async (_result, fetch) => {
      expect((await fetch())?.rowCount).toBeGreaterThan(0);
    }),
  );
  const other = elsewhere(`
    const sum = await database.use('x', async (c) => (await c.runAndReadAll('SELECT 6*7')).getRows()[0][0], { waitMs: 4000 });
    console.log('got', sum);
    await database.close();`);
  expect(await other.done).toBe('got 42\n');
});

test('release closes at once when idle, and after the last user otherwise', async () => {
  const attempt = `
    const waitMs = 0;
    console.log(await database.use('x', async () => 'in', { waitMs }).catch((e) => e.code));
    await database.close();`;
  await one(database);
  await database.release();
  expect(await elsewhere(attempt).done).toBe('in\n');
  await database.use('long', async () => {
    await database.release();
    expect(await elsewhere(attempt).done).toBe('cache_locked\n');
  });
  await sleep(50);
  expect(await elsewhere(attempt).done).toBe('in\n');
});

test('another process that holds the file is waited for, then named', async () => {
  const other = elsewhere(`
    await database.use('hold', async () => { console.log('held'); await new Promise((r) => setTimeout(r, 2500)); });
    await database.close();`);
  await other.waitForOutput('held');
  const started = Date.now();
  await expect(database.use('read', async () => 1, { waitMs: 300 })).rejects.toMatchObject({
    kind: 'limit',
    code: 'cache_locked',
    message: expect.stringContaining(`process ${other.pid} (`),
    details: { holder_pid: other.pid },
  });
  expect(Date.now() - started).toBeLessThan(2_000);
  await expect(
    database.use('read', async () => 1, { signal: AbortSignal.timeout(200), waitMs: 10_000 }),
  ).rejects.toMatchObject({ kind: 'limit', code: 'cancelled' });
  expect(await one(database)).toBe(42);
  await other.done;
});

test('a signal interrupts the running statement', async () => {
  const started = Date.now();
  await expect(
    database.use('long', (connection) => connection.run('SELECT count(*) FROM range(1000000000) a, range(1000000) b'), {
      signal: AbortSignal.timeout(300),
    }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(await one(database)).toBe(42);
});

test('close ends running work and rejects further use', async () => {
  const long = database.use('long', (connection) =>
    connection.run('SELECT count(*) FROM range(1000000000) a, range(1000000) b'),
  );
  const failed = expect(long).rejects.toThrow(/interrupt/i);
  await sleep(300);
  await database.close();
  await failed;
  await expect(one(database)).rejects.toMatchObject({ code: 'closing' });
});

test('a file that is not a database is left unchanged and reported', async () => {
  const path = join(folder, 'cache.duckdb');
  await writeFile(path, 'x'.repeat(20_000));
  await expect(one(database)).rejects.toMatchObject({ kind: 'setup', code: 'cache_unreadable' });
  expect((await stat(path)).size).toBe(20_000);
});

test('a broken page, and the file of a newer DuckDB', async () => {
  await database.use('make', (connection) => connection.run('CREATE TABLE t AS SELECT * FROM range(1000)'));
  await database.release();
  const overwrite = async (at: number, bytes: number[]): Promise<void> => {
    const file = await openFile(join(folder, 'cache.duckdb'), 'r+');
    await file.write(Uint8Array.from(bytes), 0, bytes.length, at);
    await file.close();
  };
  await overwrite(4096 + 20, [1, 2, 3]);
  await overwrite(8192 + 20, [1, 2, 3]);
  await expect(one(database)).rejects.toMatchObject({ kind: 'setup', code: 'cache_unreadable' });
  await overwrite(12, [255, 3]);
  await expect(one(database)).rejects.toMatchObject({ kind: 'setup', code: expect.stringMatching(/^cache_/) });
});

test('a large sort spills and leaves nothing behind', async () => {
  const spill = join(folder, 'spill');
  const small = openDatabase({
    redactor: createRedactor(),
    file: async () => join(folder, 'spilling.duckdb'),
    stagingDirectory: async () => join(folder, "it's staging"),
    temporaryDirectory: async () => spill,
    memoryLimit: '64MB',
    threads: 1,
  });
  let spilled = 0;
  const sql = "SELECT hash(i) AS h, repeat('x', 90) || i AS s FROM range(2000000) r(i) ORDER BY h";
  await small.use('sort', (connection) =>
    withStream(connection, sql, async (_result, fetch) => {
      await fetch();
      for (const name of await readdir(spill)) spilled += (await stat(join(spill, name))).size;
    }),
  );
  expect(spilled).toBeGreaterThan(50_000_000);
  await small.close();
  await expect(readdir(spill).catch(() => [])).resolves.toEqual([]);
});

test('a path that DuckDB would read as options is refused before anything is written', async () => {
  const odd = join(folder, 'what?');
  await mkdir(odd);
  const other = openDatabase({
    redactor: createRedactor(),
    file: async () => join(odd, 'cache.duckdb'),
    stagingDirectory: async () => join(folder, "it's staging"),
  });
  await expect(other.use('test', async () => {})).rejects.toMatchObject({ code: 'bad_cache_path' });
  await other.close();
  expect(await readdir(odd)).toEqual([]);
});
