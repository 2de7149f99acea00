/** What a client waits for when the server is warm: queries next to DuckDB alone, the list of tools, a large answer. */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { environmentOf, runSluice, type SavedConnector, withServer } from '../engines/sluice.ts';
import { median } from '../measure/median.ts';
import type { Options } from '../options.ts';
import { prepareSet } from '../prepare.ts';
import { type Verdict, verdictOf } from '../report/targets.ts';

const ROUNDS = 15;
const QUERIES = [
  ['count', 'SELECT count(*) AS rows FROM bench_a.users WHERE active AND balance > 50000'],
  [
    'group by',
    "SELECT date_trunc('year', born) AS year, count(*) AS people, avg(balance) AS balance FROM bench_a.users GROUP BY ALL ORDER BY year",
  ],
] as const;
const LARGE = { sql: 'SELECT id, email FROM bench_a.users', limit: 1_000 };
/** The redactor looks for each of them in every text. */
const SECRETS = Array.from({ length: 30 }, (_, at) => `SECRET_${at}='bench-${at}-8f1c5e0d92'`).join('\n');

export async function judgeWarmServer(
  options: Pick<Options, 'data' | 'small'>,
  runs: string,
  say: (line: string) => void,
): Promise<Verdict[]> {
  const { job } = await prepareSet('a', options, say);
  const folder = join(runs, 'warm');
  say('warm: syncing a, once');
  const { database } = await runSluice({ ...job, folder });
  const envFile = join(folder, 'bench.env');
  writeFileSync(envFile, `${SECRETS}\n`, { mode: 0o600 });
  const copy = join(folder, 'copy.duckdb');
  copyFileSync(database, copy);
  const source: SavedConnector = {
    ...job,
    runtime: 'executable',
    folder,
    environment: { AIRBYTE_MCP_ENV_FILE: envFile },
  };
  const verdicts: Verdict[] = [];
  await withServer(environmentOf(source, true), async ({ call, request }) => {
    const alone = await openAlone(copy);
    for (const [what, sql] of QUERIES) {
      const [served = 0, bare = 0] = await interleaved([() => call('query', { sql }), () => alone.query(sql)]);
      say(`warm: ${what}: ${served.toFixed(1)} ms, DuckDB alone ${bare.toFixed(1)} ms`);
      verdicts.push(
        verdictOf({ what: `warm query, ${what}: against DuckDB alone`, aim: 1.2, unit: '×' }, served / bare),
      );
    }
    alone.close();
    const [listed = 0, large = 0] = await interleaved([() => request('tools/list', {}), () => call('query', LARGE)]);
    verdicts.push(verdictOf({ what: 'tools/list', aim: 50, unit: 'ms' }, listed));
    verdicts.push(verdictOf({ what: 'answer of 1,000 rows', aim: 50, unit: 'ms' }, large));
  });
  rmSync(folder, { recursive: true, force: true });
  return verdicts;
}

/** @returns the median milliseconds of each; the first round is not counted */
async function interleaved(calls: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const times = calls.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [at, call] of calls.entries()) {
      const start = performance.now();
      await call();
      if (round > 0) times[at]?.push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** DuckDB in this process, with the file open, as it is in the server. */
async function openAlone(database: string): Promise<{ query(sql: string): Promise<unknown>; close(): void }> {
  const instance = await DuckDBInstance.create(database, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  return {
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
