/** Compares Sluice with DuckDB alone on one set and keeps its project: `tsx scripts/bench/profile.ts [a|b|c|d] --rounds 3 [--small] [--engines sluice]`. */
import { join } from 'node:path';
import { replayCase } from './cases/replay.ts';
import { readOptions } from './options.ts';

const { positionals, engines: selected, ...options } = readOptions(process.argv.slice(2));
const [letter = 'a'] = positionals;
const parent = join(options.data, 'profile');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { engines } = await replayCase(
  letter,
  options,
  { parent, keep: true },
  { python: undefined, docker: false },
  say,
);
for (let round = 1; round <= options.rounds; round += 1) {
  for (const [engine, run] of engines) {
    if (!selected.includes(engine)) continue;
    const { wallSeconds, cpuSeconds, peakBytes } = await run();
    const figures = `wall ${wallSeconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, peak ${(peakBytes / 1e6).toFixed(0)} MB`;
    say(`${letter} ${engine.padEnd(9)} ${figures}, in ${join(parent, letter, engine)}`);
  }
}
