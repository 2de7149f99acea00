/** The server stays up and fair: every message is answered, long queries block no other call, a slow reader costs no memory. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, type RawServer, startRaw } from '../harness/raw.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

/** Runs for seconds, whatever the machine. */
const LONG_SQL = 'SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (i * j) % 7 = 3 AND i <> ';

let workplace: Workplace;
let server: RawServer;

beforeAll(async () => {
  workplace = await makeWorkplace();
  server = startRaw(workplace, { SLUICE_EXPORT_MAX_BYTES: '1m', SLUICE_EXPORT_MAX_ROWS: '1000' });
  await server.initialize();
  const config = { api_key: 'secret_reference::MEADOW_API_KEY' };
  await server.callTool('save_source', { name: 'meadow', connector: MEADOW, runtime: 'executable', config });
  const synced = await server.callTool('start_sync', { source: 'meadow', wait_seconds: 40 });
  expect(JSON.stringify(synced)).toContain('complete');
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

/** The answers to lines that are not requests have no id of their own. */
async function answersTo(line: string): Promise<string> {
  const from = server.stdout().length;
  server.write(`${line}\n`);
  await server.callTool('list_secrets');
  return server.stdout().subarray(from).toString();
}

describe('messages', () => {
  test.each([
    [
      'of 17 MB',
      () => `{"jsonrpc":"2.0","id":"big","method":"ping","params":{"a":"${'x'.repeat(17_000_000)}"}}`,
      '"id":"big"',
    ],
    [
      'that nest 100,000 levels deep',
      () => `{"jsonrpc":"2.0","id":"deep","method":"tools/call","params":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      '"id":"deep"',
    ],
    ['that are not JSON', () => '{"jsonrpc":', 'Parse error'],
    ['in batches', () => '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 'Invalid Request'],
    ['with an id of another type', () => '{"jsonrpc":"2.0","id":{},"method":"ping"}', 'Invalid Request'],
  ])('%s get an error, and the server answers on', async (_kind, make, expected) => {
    expect(await answersTo(make())).toContain(expected);
  });

  test('with arguments of 9 MB are refused without delaying other calls', async () => {
    const long = 'x'.repeat(9_000_000);
    const calls = [
      ['list_connectors', { search: long }],
      ['get_connector_info', { connector: long }],
      ['query', { sql: long }],
      ['validate_config', { connector: 'source-faker', config: { a: long } }],
      ['save_source', { [long]: 1 }],
      ['start_sync', { source: 'meadow', streams: Array.from({ length: 250_000 }, (_, index) => `s${index}`) }],
    ] as const;
    for (const [name, args] of calls) {
      const refused = await server.callTool(name, args);
      expect(JSON.stringify(refused).length).toBeLessThan(10_000);
      expect(errorOf(refused).code, name).toBe('argument_too_large');
    }
  });
});

describe('queries', () => {
  test('run two at a time; other tools answer before any of six ends, and calls beyond the queue are rejected', async () => {
    const ended: string[] = [];
    const note = async (name: string, call: Promise<unknown>): Promise<unknown> => {
      const answer = await call;
      ended.push(name);
      return answer;
    };
    const first = Array.from({ length: 6 }, (_, index) =>
      note('query', server.callTool('query', { sql: `${LONG_SQL}${index}` })),
    );
    const others = ['list_secrets', 'list_sources', 'list_connectors', 'get_sync'].map((name) =>
      note(name, server.callTool(name)),
    );
    await Promise.all(others);
    expect(ended).not.toContain('query');
    const more = Array.from({ length: 14 }, (_, index) =>
      server.callTool('query', { sql: `${LONG_SQL}${100 + index}` }),
    );
    const answers = await Promise.race([Promise.all(more.slice(12)), Promise.all(more)]);
    expect(answers.map((answer) => errorOf(answer))).toEqual([
      expect.objectContaining({ code: 'busy', next: expect.stringContaining('call again') }),
      expect.objectContaining({ code: 'busy' }),
    ]);
    expect(ended).not.toContain('query');
    await server.close();
    await Promise.allSettled([...first, ...more]);
    server = startRaw(workplace, { SLUICE_EXPORT_MAX_BYTES: '1m', SLUICE_EXPORT_MAX_ROWS: '1000' });
    await server.initialize();
  });

  test('3,000 calls at once are all answered', async () => {
    const names = ['list_secrets', 'list_sources', 'get_sync', 'describe_data'];
    const answers = await Promise.all(
      Array.from({ length: 3_000 }, (_, index) => server.callTool(names[index % names.length] ?? '')),
    );
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(3_000);
  });

  test('a client that does not read holds its calls back, and gets all answers when it reads', async () => {
    const slow = startRaw(workplace);
    await slow.initialize();
    slow.process.stdout.pause();
    const calls = Array.from({ length: 2_000 }, () => slow.callTool('describe_data', { detail: 'full' }));
    const fast = await server.callTool('list_secrets');
    expect(fast.result).toBeDefined();
    slow.process.stdout.resume();
    const answers = await Promise.all(calls);
    expect(answers.every(({ result }) => result?.isError === undefined)).toBe(true);
    await slow.close();
  });
});

describe('an export', () => {
  test.each([
    ['bytes', "SELECT repeat('x', 500) || i AS a FROM range(900000) t(i)", 'csv'],
    ['bytes, as parquet', 'SELECT random() AS a, random() AS b FROM range(30000000)', 'parquet'],
    ['rows', 'SELECT i FROM range(1001) t(i)', 'jsonl'],
  ])('ends at its limit of %s, and leaves nothing behind', async (_limit, sql, format) => {
    const answer = await server.callTool('export_data', { sql, format, file_name: 'large' });
    expect(errorOf(answer).code).toBe('export_too_large');
    expect(await readdir(join(workplace.project, 'exports'))).toEqual([]);
    expect(await readdir(join(workplace.project, 'staging'))).toEqual([]);
  });

  test("within them is written, and all that the session has made is its owner's alone", async () => {
    const answer = await server.callTool('export_data', { sql: 'SELECT 1 AS a', format: 'csv', file_name: 'small' });
    expect(answer.result?.isError).toBeUndefined();
    const entries = await readdir(workplace.project, { recursive: true, withFileTypes: true });
    expect(entries.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['cache.duckdb', 'small.csv', 'audit.jsonl']),
    );
    for (const entry of entries.filter((found) => found.isFile() || found.isDirectory())) {
      const path = join(entry.parentPath, entry.name);
      const { mode } = await stat(path);
      expect((mode & 0o077).toString(8), path).toBe('0');
    }
  });
});
