/** `npm run bench`: compares Sluice with Sluice in Docker, PyAirbyte and DuckDB alone, as complete processes, interleaved. Needs Linux. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './cases/case.ts';
import { fakerCase } from './cases/faker.ts';
import { manifestCase } from './cases/manifest.ts';
import { replayCase } from './cases/replay.ts';
import { judgeSecondSync } from './cases/second.ts';
import { judgeStartUp } from './cases/start.ts';
import { judgeWarmServer } from './cases/warm.ts';
import { hasImages } from './engines/docker.ts';
import { pythonEnvironment } from './engines/python-environment.ts';
import type { Figures } from './measure/measure.ts';
import { readOptions } from './options.ts';
import { writeDocument } from './report/document.ts';
import { describeMachine, machineText } from './report/machine.ts';
import { medianFigures } from './report/medians.ts';
import { type Row, tableText } from './report/table.ts';
import { judge, type Verdict } from './report/targets.ts';

const options = readOptions(process.argv.slice(2));
const { data, only, engines: selected } = options;
mkdirSync(data, { recursive: true });
const folders = { parent: mkdtempSync(join(data, 'runs-')), keep: false };
const python = selected.includes('pyairbyte') ? pythonEnvironment(join(data, 'pyairbyte'), 'airbyte', say) : undefined;
const machine = describeMachine(python?.version);

const docker = selected.includes('docker') && hasImages();
if (selected.includes('docker') && !docker) say('docker: left out, for .ci/images has not been run here');

const others = { python: python?.python, docker };
/** Not compared as complete processes. */
const singles: Record<string, () => Promise<Verdict[]>> = {
  second: () => judgeSecondSync(folders.parent, say),
  warm: () => judgeWarmServer(options, folders.parent, say),
  start: () => judgeStartUp(options.small),
};
const cases: Case[] = [];
const verdicts: Verdict[] = [];
for (const name of only) {
  const single = singles[name];
  if (single) verdicts.push(...(await single()));
  else cases.push(await makeCase(name));
}

const runs = new Map<string, Figures[]>();
for (let round = 1; round <= Math.max(options.rounds, options.longRounds); round += 1) {
  for (const { name, long, engines } of cases) {
    if (round > (long ? options.longRounds : options.rounds)) continue;
    for (const [engine, run] of engines) {
      if (engine !== 'connector' && !selected.includes(engine)) continue;
      say(`round ${round}: ${name}, ${engine}`);
      const figures = await run();
      say(`  ${figures.wallSeconds.toFixed(2)} s, CPU ${figures.cpuSeconds.toFixed(2)} s`);
      runs.set(`${name} ${engine}`, [...(runs.get(`${name} ${engine}`) ?? []), figures]);
    }
  }
}

rmSync(folders.parent, { recursive: true, force: true });

const rows: Row[] = cases.flatMap(({ name, title, records, engines }) =>
  [...engines.keys()].flatMap((engine) => {
    const figures = runs.get(`${name} ${engine}`);
    return figures ? [{ name, title, records, engine, runs: figures, median: medianFigures(figures) }] : [];
  }),
);
const medians = (name: string, engine: string): Figures | undefined =>
  rows.find((row) => row.name === name && row.engine === engine)?.median;
verdicts.unshift(...judge(medians));
const size = options.small ? 'A tenth of the size: the targets are those of the full one.\n' : '';
process.stdout.write(`${machineText(machine)}${size}${tableText(rows, verdicts)}`);
const result = { machine, small: options.small, rows, targets: verdicts };
writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
say(`written: ${options.json}`);
if (options.document) writeDocument(machine, rows, verdicts);

function makeCase(name: string): Promise<Case> {
  if (name === 'faker') return fakerCase(options, folders, others, say);
  if (name === 'manifest') return manifestCase(options, say);
  return replayCase(name, options, folders, others, say);
}

/** Prints progress to a terminal only; a pipe gets only the table. */
function say(line: string): void {
  if (process.stdout.isTTY) process.stderr.write(`${line}\n`);
}
