/** Kills syncs again and again and compares every row with the truth. Exit status 1 on any difference. */
import { parseArgs } from 'node:util';
import { startPostgres } from '../src/test/harness/postgres.ts';
import type { Kill, Target } from '../src/test/torture/lane.ts';
import type { Phase } from '../src/test/torture/moments.ts';
import { makePlans } from '../src/test/torture/plans.ts';
import { torture } from '../src/test/torture/torture.ts';

const TARGETS: readonly Target[] = ['server', 'server twice', 'connector', 'both'];
const PHASES: readonly Phase[] = ['starting', 'reading', 'loading', 'ended'];

const { values } = parseArgs({
  options: { kills: { type: 'string' }, seed: { type: 'string' }, postgres: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 100_000);
const kills = Number(values.kills ?? 40);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(kills) || kills < 1) {
  print('npm run torture -- [--kills N] [--seed N] [--postgres own|URL]');
  process.exit(2);
}

// A cluster of its own, or one whose role may make databases.
const cluster = values.postgres === 'own' ? await startPostgres() : undefined;
const postgres = cluster ? cluster.url('postgres', 'owner') : values.postgres;
print(`seed ${seed}, ${kills} kills, ${postgres === undefined ? 'DuckDB' : 'Postgres'}`);
const startedAt = Date.now();
const outcome = await torture({
  plans: makePlans(seed, true),
  kills,
  onKill: tell,
  ...(postgres === undefined ? {} : { postgres }),
});
for (const line of table(outcome.kills)) print(line);
const hits = outcome.kills.filter(({ phase }) => phase !== 'ended').length;
print(`kills             ${outcome.kills.length}, of these ${hits} in a running sync`);
print(`rows compared     ${outcome.rows.toLocaleString('en-US')}`);
print(`lost              ${outcome.lost}`);
print(`repeated          ${outcome.repeated}`);
print(`seconds           ${((Date.now() - startedAt) / 1000).toFixed(0)}`);
for (const problem of outcome.problems) print(`PROBLEM ${problem}`);
print(`seed ${seed}: ${outcome.problems.length === 0 ? 'nothing lost, nothing repeated' : 'NOT GOOD'}`);
await cluster?.stop();
process.exitCode = outcome.problems.length === 0 ? 0 : 1;

function tell({ lane, target, phase, compared }: Kill, done: number): void {
  const positions = Object.entries(compared.positions).map(([stream, position]) => `${stream} ${position}`);
  const good = compared.problems.length === 0 ? '' : '  NOT GOOD';
  print(`${done}/${kills}  ${lane}: ${target}, ${phase}; ${compared.rows} rows, ${positions.join(', ')}${good}`);
}

/** Kills by what was killed and what it was doing. */
function* table(kills: readonly Kill[]): Generator<string> {
  yield '';
  yield ['killed'.padEnd(14), ...PHASES.map((phase) => phase.padStart(9))].join('');
  for (const target of TARGETS) {
    const counts = PHASES.map((phase) => kills.filter((kill) => kill.target === target && kill.phase === phase).length);
    yield [target.padEnd(14), ...counts.map((count) => String(count).padStart(9))].join('');
  }
  yield '';
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
