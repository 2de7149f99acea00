/** A real connector: airbyte-source-faker by itself, under Sluice and under PyAirbyte. All run the program that Sluice installed. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { integer, number, text } from '../data/columns.ts';
import { fakerVersion } from '../engines/docker.ts';
import { runPyairbyte } from '../engines/pyairbyte.ts';
import { type SavedConnector, saveSource } from '../engines/sluice.ts';
import type { Figures } from '../measure/measure.ts';
import type { Options } from '../options.ts';
import type { Case, RunFolders } from './case.ts';
import { checkInstalled, type InstalledConnector, installedProgram, runAlone, syncFirst } from './installed.ts';

/** The columns that are the same in each run: its workers share the seed's numbers as they come. */
const STREAMS = [
  { name: 'users', columns: [integer('id')] },
  { name: 'products', columns: [integer('id'), text('make'), text('model'), integer('year'), number('price')] },
  { name: 'purchases', columns: [integer('id')] },
];

/** `python`: PyAirbyte's interpreter, where it is measured; `docker`: whether that is. */
export async function fakerCase(
  { data, small }: Pick<Options, 'data' | 'small'>,
  runs: RunFolders,
  { python, docker }: { readonly python: string | undefined; readonly docker: boolean },
  say: (line: string) => void,
): Promise<Case> {
  const count = small ? 20_000 : 200_000;
  const folder = join(data, 'faker');
  const connectors = join(folder, 'project', 'connectors');
  const config = { count, seed: 1 };
  const source: SavedConnector = { name: 'bench_faker', connector: 'source-faker', config, runtime: 'python', folder };
  say('faker: installing, once');
  mkdirSync(folder, { recursive: true });
  await saveSource(source);
  const installed: InstalledConnector = {
    source,
    program: installedProgram(connectors, 'source-faker'),
    streams: STREAMS,
  };
  const engines = new Map<string, () => Promise<Figures>>([
    ['connector', () => runAlone(installed)],
    ['sluice', () => syncFirst(installed, source, connectors)],
  ]);
  const version = docker ? fakerVersion() : undefined;
  if (version !== undefined) {
    const inDocker: SavedConnector = { ...source, runtime: 'docker', version, folder: join(data, 'faker-docker') };
    mkdirSync(inDocker.folder, { recursive: true });
    await saveSource(inDocker);
    engines.set('docker', () => syncFirst(installed, inDocker, 'source-faker'));
  }
  if (python !== undefined) engines.set('pyairbyte', () => underPyairbyte(installed, runs, python));
  return {
    name: 'faker',
    title: `airbyte-source-faker, ${count} users`,
    records: 2 * count + 100,
    long: true,
    engines,
  };
}

async function underPyairbyte(installed: InstalledConnector, runs: RunFolders, python: string): Promise<Figures> {
  const folder = join(runs.parent, 'faker');
  rmSync(folder, { recursive: true, force: true });
  const { source, program, streams } = installed;
  const names = streams.map(({ name }) => name);
  const job = { name: 'faker', connector: program, config: source.config, streams: names, folder };
  const { figures, ...tables } = await runPyairbyte(job, python);
  await checkInstalled(installed, tables);
  if (!runs.keep) rmSync(folder, { recursive: true, force: true });
  return figures;
}
