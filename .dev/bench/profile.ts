/** Sluice alone on one set, its project kept: `tsx .dev/bench/profile.ts [a|b|c|d] [rounds] [--small] [--data DIR]`. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkTables } from './check.ts';
import { runDuckdb } from './engines/duckdb.ts';
import { runSluice } from './engines/sluice.ts';
import { readOptions } from './options.ts';
import { prepareSet } from './prepare.ts';

const { positionals, ...options } = readOptions(process.argv.slice(2));
const [letter = 'a', rounds = '3'] = positionals;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { set, files, job, truth } = await prepareSet(letter, options, say);
for (let round = 1; round <= Number(rounds); round += 1) {
  for (const engine of ['duckdb', 'sluice']) {
    const stream = set.streams[0];
    const folder = join(options.data, 'profile', set.name, engine);
    rmSync(folder, { recursive: true, force: true });
    if (engine === 'duckdb' && !(stream && files.bare)) continue;
    const { figures, database, schema } =
      engine === 'duckdb' && stream && files.bare
        ? await runDuckdb({ ...job, folder }, stream, files.bare)
        : await runSluice({ ...job, folder });
    await checkTables(database, schema, set.streams, truth);
    const [wall, cpu] = [figures.wallSeconds.toFixed(2), figures.cpuSeconds.toFixed(2)];
    const peak = (figures.peakBytes / 1e6).toFixed(0);
    say(`${engine.padEnd(7)} wall ${wall} s, CPU ${cpu} s, peak ${peak} MB, in ${folder}`);
  }
}
