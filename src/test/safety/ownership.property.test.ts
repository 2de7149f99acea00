/** Safe mode as a property: no sequence of calls of one session changes or removes what another session or a person has made. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/client.ts';
import { waitUntil } from '../harness/machine.ts';
import { MEADOW, makeWorkplace, type Workplace } from '../harness/workplace.ts';

const LIMIT_MS = Number(process.env.PROPERTY_MS ?? 60_000);
const WHO = ['mine', 'other', 'person'] as const;
type Who = (typeof WHO)[number];

let workplace: Workplace;
let servers: Record<Who, TestServer>;
beforeAll(async () => {
  workplace = await makeWorkplace();
  const [mine, other, person] = await Promise.all([
    startServer({ workplace }),
    startServer({ workplace }),
    startServer({ workplace, environment: { SLUICE_SAFE_MODE: '0' } }),
  ]);
  servers = { mine, other, person };
});
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.close()));
  await workplace.remove();
});

/** Few names: calls must meet on the same objects. */
const name = fc.constantFrom('a', 'b');
const step = fc.record({
  who: fc.constantFrom<Who>('mine', 'mine', 'mine', 'other', 'person'),
  act: fc.oneof(
    fc.record({ tool: fc.constant('save_source' as const), name, seed: fc.nat(2) }),
    fc.record({
      tool: fc.constant('start_sync' as const),
      name,
      stream: fc.constantFrom('notes', 'users'),
      restart: fc.boolean(),
      mode: fc.constantFrom(undefined, undefined, 'full_refresh_overwrite', 'full_refresh_append'),
    }),
    fc.record({
      tool: fc.constant('remove' as const),
      name,
      kind: fc.constantFrom('source', 'dataset', 'table'),
      stream: fc.constantFrom('notes', 'users'),
    }),
  ),
});
type Act = typeof step extends fc.Arbitrary<{ act: infer A }> ? A : never;

/** There is always something of somebody else's, and something of one's own. */
const FIRST: { who: Who; act: Act }[] = [
  { who: 'other', act: { tool: 'save_source', name: 'a', seed: 1 } },
  { who: 'other', act: { tool: 'start_sync', name: 'a', stream: 'notes', restart: false, mode: undefined } },
  { who: 'mine', act: { tool: 'save_source', name: 'b', seed: 1 } },
  { who: 'mine', act: { tool: 'start_sync', name: 'b', stream: 'notes', restart: false, mode: undefined } },
];

function argsOf(act: Act): Record<string, unknown> {
  if (act.tool === 'save_source') {
    const config = { api_key: 'secret_reference::MEADOW_API_KEY', count: 4 + act.seed, seed: act.seed };
    return { name: act.name, connector: MEADOW, runtime: 'executable', config };
  }
  if (act.tool === 'remove') {
    return { kind: act.kind, name: act.kind === 'table' ? `${act.name}.${act.stream}` : act.name };
  }
  const options = act.mode === undefined ? {} : { options: [{ stream: act.stream, mode: act.mode }] };
  return { source: act.name, streams: [act.stream], restart: act.restart, wait_seconds: 38, ...options };
}

/** Every saved source by its file, every table by its rows without the time of their reading. */
async function present(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const folder = join(workplace.project, 'sources');
  for (const file of await readdir(folder).catch(() => [])) {
    found.set(`source ${file.replace('.json', '')}`, await readFile(join(folder, file), 'utf8'));
  }
  await withCache(async (rows) => {
    const tables = await rows(
      "SELECT dataset || '.' || table_name FROM _sluice.streams JOIN duckdb_tables() AS t USING (table_name) WHERE t.schema_name = dataset",
    );
    for (const [table] of tables) {
      const sql = `SELECT * EXCLUDE (_airbyte_extracted_at, _airbyte_meta) FROM ${String(table)} ORDER BY ALL`;
      found.set(`table ${String(table)}`, JSON.stringify(await rows(sql)));
    }
  });
  return found;
}

/** A server lets the file go as soon as a call is over; through a server it would stay open for seconds. */
async function withCache(body: (rows: (sql: string) => Promise<unknown[][]>) => Promise<void>): Promise<void> {
  const path = join(workplace.project, 'cache', 'cache.duckdb');
  if (!(await stat(path).catch(() => undefined))) return;
  let instance: DuckDBInstance | undefined;
  await waitUntil(async () => {
    instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' }).catch(() => undefined);
    return instance !== undefined;
  });
  const connection = await instance?.connect();
  try {
    await body(async (sql) => (await connection?.runAndReadAll(sql))?.getRowsJson() ?? []);
  } finally {
    connection?.closeSync();
    instance?.closeSync();
  }
}

async function clean(): Promise<void> {
  for (const what of (await present()).keys()) {
    const [kind = '', called = ''] = what.split(' ');
    await servers.person.call('remove', { kind, name: called });
  }
}

test('no sequence of calls of one session changes the objects of others', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9, size: 'max' }), async (steps) => {
      await clean();
      /** Objects that somebody else has made, or has put rows into. */
      let theirs = new Map<string, string>();
      let before = new Map<string, string>();
      for (const { who, act } of [...FIRST, ...steps]) {
        const result = await servers[who].client.callTool({ name: act.tool, arguments: argsOf(act) });
        const { error } = result.structuredContent as { error?: { code: string } };
        expect(error?.code).not.toBe('internal_error');
        const [earlier, after] = [before, await present()];
        before = after;
        if (who === 'mine') {
          outcomes.set(error?.code ?? act.tool, (outcomes.get(error?.code ?? act.tool) ?? 0) + 1);
          for (const [what, was] of theirs) {
            // The same configuration read again: rows may be appended by a mode that was there before, and none goes.
            const now = after.get(what);
            const grown =
              what.startsWith('table') && now !== undefined && rowsOf(was).every((row) => rowsOf(now).includes(row));
            expect(now === was || grown, `${what} after ${JSON.stringify(steps)}`).toBe(true);
          }
          theirs = new Map([...theirs].map(([what, was]) => [what, after.get(what) ?? was]));
          continue;
        }
        for (const [what, now] of after) {
          const touched =
            earlier.get(what) !== now ||
            (act.tool === 'start_sync' && !error && what === `table ${act.name}.${act.stream}`);
          if (touched || theirs.has(what)) theirs.set(what, now);
        }
        for (const what of theirs.keys()) if (!after.has(what)) theirs.delete(what);
      }
    }),
    { numRuns: 200, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: false },
  );
  // It would prove nothing if all calls were refused, or none.
  expect(outcomes.get('safe_mode') ?? 0).toBeGreaterThan(0);
  for (const tool of ['save_source', 'start_sync', 'remove']) expect(outcomes.get(tool) ?? 0, tool).toBeGreaterThan(0);
}, 180_000);

function rowsOf(rows: string): string[] {
  return (JSON.parse(rows) as unknown[][]).map((row) => JSON.stringify(row));
}
