/** A real connector: airbyte-source-faker by itself, under Sluice and under PyAirbyte. All run the program that Sluice installed. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTables, truthOf } from '../check.ts';
import { integer, number, text } from '../data/columns.ts';
import { fakerVersion } from '../engines/docker.ts';
import { runPyairbyte } from '../engines/pyairbyte.ts';
import { type SavedConnector, saveSource, syncSource, tablesOf } from '../engines/sluice.ts';
import { type Figures, measure } from '../measure/measure.ts';
import type { Options } from '../options.ts';
import type { Case, RunFolders } from './case.ts';

/** The columns that are the same in each run: its workers share the seed's numbers as they come. */
const STREAMS = [
  { name: 'users', columns: [integer('id')] },
  { name: 'products', columns: [integer('id'), text('make'), text('model'), integer('year'), number('price')] },
  { name: 'purchases', columns: [integer('id')] },
];
const NAMES = STREAMS.map(({ name }) => name);

/** Folders of a project that a first sync does not find. */
const LEFT_BY_SYNCS = ['cache', 'staging', 'syncs', 'logs', 'runs', 'locks'];

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
  const program = installedProgram(connectors);
  const messages = join(folder, 'read.jsonl');
  const check = async ({ database, schema }: { database: string; schema: string }): Promise<void> =>
    checkTables(database, schema, STREAMS, await truthOf(messages, STREAMS));

  const alone = async (): Promise<Figures> => runAlone(program, folder, config, messages);
  const syncAnew = async (saved: SavedConnector, commands: string): Promise<Figures> => {
    for (const name of LEFT_BY_SYNCS) rmSync(join(saved.folder, 'project', name), { recursive: true, force: true });
    const figures = await syncSource(saved, commands);
    await check(tablesOf(saved));
    return figures;
  };
  const sluice = (): Promise<Figures> => syncAnew(source, connectors);
  const engines = new Map([
    ['connector', alone],
    ['sluice', sluice],
  ]);
  const version = docker ? fakerVersion() : undefined;
  if (version !== undefined) {
    const inDocker: SavedConnector = { ...source, runtime: 'docker', version, folder: join(data, 'faker-docker') };
    mkdirSync(inDocker.folder, { recursive: true });
    await saveSource(inDocker);
    engines.set('docker', () => syncAnew(inDocker, 'source-faker'));
  }
  if (python !== undefined) {
    engines.set('pyairbyte', async () => {
      const own = join(runs.parent, 'faker');
      rmSync(own, { recursive: true, force: true });
      const job = { name: 'faker', connector: program, config, streams: NAMES, folder: own };
      const { figures, ...tables } = await runPyairbyte(job, python);
      await check(tables);
      if (!runs.keep) rmSync(own, { recursive: true, force: true });
      return figures;
    });
  }
  return {
    name: 'faker',
    title: `airbyte-source-faker, ${count} users`,
    records: 2 * count + 100,
    long: true,
    engines,
  };
}

function installedProgram(connectors: string): string {
  const [version = ''] = readdirSync(join(connectors, 'source-faker'));
  return join(connectors, 'source-faker', version, 'venv', 'bin', 'source-faker');
}

/** The connector into a file, all streams; the first call asks it for them and is not measured. */
async function runAlone(program: string, folder: string, config: object, output: string): Promise<Figures> {
  const [configFile, catalogFile] = [join(folder, 'config.json'), join(folder, 'catalog.json')];
  writeFileSync(configFile, JSON.stringify(config));
  const lines = execFileSync(program, ['discover', '--config', configFile], { encoding: 'utf8' }).split('\n');
  const { catalog } = JSON.parse(lines.find((line) => line.includes('"CATALOG"')) ?? '{}') as { catalog: Catalog };
  const streams = catalog.streams
    .filter(({ name }) => NAMES.includes(name))
    .map((stream) => ({
      stream,
      sync_mode: 'incremental',
      destination_sync_mode: 'append',
      cursor_field: ['updated_at'],
    }));
  writeFileSync(catalogFile, JSON.stringify({ streams }));
  return measure({
    command: [program, 'read', '--config', configFile, '--catalog', catalogFile],
    directory: folder,
    environment: { PATH: process.env.PATH, HOME: folder },
    log: join(folder, 'connector.log'),
    output,
  });
}

interface Catalog {
  readonly streams: readonly { readonly name: string }[];
}
