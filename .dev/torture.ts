/** Kills syncs again and again and compares every row with the truth: --kills N, --seed N. Exit status 1 on any difference. */
import { parseArgs } from 'node:util';
import { makePlans } from '../src/test/torture/plans.ts';
import { torture } from '../src/test/torture/torture.ts';

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? Date.now() % 100_000 : Number(values.seed);
const wanted = Number(values.kills ?? 40);
print(`seed ${seed}, ${wanted} kills`);
const outcome = await torture({
  plans: makePlans(seed),
  kills: wanted,
  onKill: ({ lane, target, phase, compared }, done) =>
    print(
      `${done}/${wanted}  ${lane}: ${target}, ${phase}; ${compared.rows} rows, at ${JSON.stringify(compared.positions)}`,
    ),
});
for (const problem of outcome.problems) print(problem);
print(JSON.stringify({ ...outcome, kills: outcome.kills.length, problems: outcome.problems.length }));
process.exitCode = outcome.problems.length > 0 ? 1 : 0;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
