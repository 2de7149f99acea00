/** Long texts are shortened in many answers; if a cut goes through a secret, neither half is shown. */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENV_FILE, echoSource, HIDDEN } from '../harness/echo-source.ts';
import { waitUntil } from '../harness/machine.ts';
import { type RawServer, startRaw } from '../harness/raw.ts';
import { testWith } from '../harness/requirements.ts';
import { tracesIn, tracesInFiles } from '../harness/traces.ts';
import { ECHO_SOURCE, makeWorkplace, type Workplace } from '../harness/workplace.ts';

const TOKEN = HIDDEN.TOKEN ?? '';
/** The number of characters of the secret before the cut. */
const BEFORE = 16;

let workplace: Workplace;
let server: RawServer;

beforeAll(async () => {
  workplace = await makeWorkplace(ENV_FILE);
  server = startRaw(workplace);
  await server.initialize();
});
afterAll(async () => {
  await server.close();
  await workplace.remove();
});

async function call(tool: string, args: Record<string, unknown> = {}): Promise<string> {
  const seen = server.stdout().length;
  const { result } = await server.callTool(tool, args);
  expect(tracesIn(server.stdout().subarray(seen), HIDDEN)).toEqual([]);
  expect(await tracesInFiles(workplace, HIDDEN)).toEqual([]);
  return JSON.stringify(result);
}

const syncedNames = new Set<string>();

/** Saves and syncs a source once, whichever test asks first. */
async function ensureSynced(name: string, more: object): Promise<void> {
  if (syncedNames.has(name)) return;
  syncedNames.add(name);
  await call('save_source', { name, ...echoSource(more) });
  expect(await call('start_sync', { source: name, streams: ['said'], wait_seconds: 40 })).toContain('complete');
}

describe('a cut through a secret shows neither half of it', () => {
  test.each([
    ['the cells of a query', 2_000, 'SELECT cut FROM NAME.said LIMIT 1'],
    ['lists of a query', 2_000, 'SELECT [cut, cut] FROM NAME.said LIMIT 1'],
    ['structs of a query', 1_990, "SELECT {'a': cut, 'b': cut} FROM NAME.said LIMIT 1"],
    ['maps of a query', 2_000, 'SELECT map {cut: cut} FROM NAME.said LIMIT 1'],
    ['blobs of a query', 1_504, 'SELECT encode(cut) FROM NAME.said LIMIT 1'],
  ])('in %s', async (_place, cap, sql) => {
    const name = `cut_${cap}`;
    await ensureSynced(name, { pad: cap - BEFORE });
    expect(await call('query', { sql: sql.replace('NAME', name) })).toContain('…');
    await call('preview_stream', { source: name, streams: ['said'], limit: 1 });
  });

  test.each([120, 300, 1_000, 2_000, 65_536])(
    'in samples, descriptions, previews, check messages and errors, at %i characters',
    async (cap) => {
      const name = `at_${cap}`;
      await ensureSynced(name, { pad: cap - BEFORE });
      await call('describe_data', { dataset: name, detail: 'full' });
      await call('list_streams', { source: name, stream: 'said' });
      await call('preview_stream', { source: name, streams: ['said'], limit: 1 });
      for (const fail of ['check', 'trace']) await call('validate_config', echoSource({ pad: cap - BEFORE, fail }));
      for (const prefix of [0, 40, 60, 80]) {
        await call('query', { sql: `SELECT substr(cut, ${1 + prefix})::INT FROM ${name}.said` });
      }
    },
  );

  test('in an answer that is too long', async () => {
    await ensureSynced('whole', {});
    const columns = Array.from({ length: 8 }, (_, at) => `many AS m${at}`).join(', ');
    const text = await call('query', { sql: `SELECT ${columns} FROM whole.said`, limit: 1000 });
    expect(text).toContain('[secret:ECHO_TOKEN]');
    await call('describe_data', { dataset: 'whole', detail: 'full' });
  });

  test('in the plan of a query that compares with it', async () => {
    await call('query', { sql: `SELECT id FROM whole.said WHERE many = '${TOKEN}'`, dry_run: true });
  });
});

describe('the process of a connector', () => {
  testWith(['linux'], 'has no secret on its command line or in its environment', async () => {
    const waiting = server.callTool('validate_config', echoSource({ wait: 'check' })).catch(() => undefined);
    await waitUntil(async () => (await ours()).some(({ command }) => command.includes('config.json')));
    for (const { command, environment } of await ours()) {
      expect(tracesIn(command, HIDDEN), 'command line').toEqual([]);
      expect(tracesIn(environment, HIDDEN), 'environment').toEqual([]);
      if (command.includes(ECHO_SOURCE)) expect(environment).not.toMatch(/AIRBYTE_|SLUICE_(?!RUN=)/);
    }
    server.process.stdin.end();
    await waiting;
  });
});

/** All processes that know of the workplace: the server, and what it has started. */
async function ours(): Promise<{ command: string; environment: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const all = await Promise.all(
    pids.map(async (pid) => ({
      command: await read(`/proc/${pid}/cmdline`),
      environment: await read(`/proc/${pid}/environ`),
    })),
  );
  return all.filter(({ command, environment }) => `${command}${environment}`.includes(workplace.directory));
}
