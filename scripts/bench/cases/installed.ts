/** A connector that Sluice has installed: the same program by itself into a file, and under Sluice. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTables, truthOf } from '../check.ts';
import type { DataStream } from '../data/sets.ts';
import { type SavedConnector, syncSource, tablesOf } from '../engines/sluice.ts';
import { type Figures, measure } from '../measure/measure.ts';

export interface InstalledConnector {
  readonly source: SavedConnector;
  /** Absolute path. */
  readonly program: string;
  /** Options that it needs besides those of the protocol. */
  readonly options?: readonly string[];
  /** The columns that are the same in each run. */
  readonly streams: readonly DataStream[];
}

/** Folders of a project that a first sync does not find. */
const LEFT_BY_SYNCS = ['cache', 'staging', 'syncs', 'logs', 'runs', 'locks'];

interface Catalog {
  readonly streams: readonly { readonly name: string; readonly default_cursor_field?: readonly string[] }[];
}

/** The absolute path of a package's program below the project's `connectors`, in the only version that is installed. */
export function installedProgram(connectors: string, packageName: string, program = packageName): string {
  const [version = ''] = readdirSync(join(connectors, packageName));
  return join(connectors, packageName, version, 'venv', 'bin', program);
}

/** All streams into `read.jsonl`; the first call, which asks it for them, is not measured. */
export async function runAlone({ source, program, options = [], streams }: InstalledConnector): Promise<Figures> {
  const { folder, config } = source;
  const [configFile, catalogFile] = [join(folder, 'config.json'), join(folder, 'catalog.json')];
  writeFileSync(configFile, JSON.stringify(config));
  const names = streams.map(({ name }) => name);
  const discover = ['discover', '--config', configFile, ...options];
  const lines = execFileSync(program, discover, { encoding: 'utf8' }).split('\n');
  const { catalog } = JSON.parse(lines.find((line) => line.includes('"CATALOG"')) ?? '{}') as { catalog: Catalog };
  writeFileSync(catalogFile, JSON.stringify({ streams: catalog.streams.flatMap((one) => requested(one, names)) }));
  return measure({
    command: [program, 'read', '--config', configFile, '--catalog', catalogFile, ...options],
    directory: folder,
    environment: { PATH: process.env.PATH, HOME: folder },
    log: join(folder, 'connector.log'),
    output: messagesOf(source),
  });
}

function requested(stream: Catalog['streams'][number], names: readonly string[]): object[] {
  if (!names.includes(stream.name)) return [];
  const cursor = stream.default_cursor_field ?? [];
  const mode = cursor.length > 0 ? { sync_mode: 'incremental', cursor_field: cursor } : { sync_mode: 'full_refresh' };
  return [{ stream, destination_sync_mode: 'append', ...mode }];
}

/** A first sync; its tables are compared with what `runAlone` has written for `connector`. */
export async function syncFirst(
  connector: InstalledConnector,
  saved: SavedConnector,
  commands: string,
): Promise<Figures> {
  for (const name of LEFT_BY_SYNCS) rmSync(join(saved.folder, 'project', name), { recursive: true, force: true });
  const figures = await syncSource(saved, commands);
  await checkInstalled(connector, tablesOf(saved));
  return figures;
}

export async function checkInstalled(
  { source, streams }: InstalledConnector,
  { database, schema }: { readonly database: string; readonly schema: string },
): Promise<void> {
  await checkTables(database, schema, streams, await truthOf(messagesOf(source), streams));
}

function messagesOf({ folder }: SavedConnector): string {
  return join(folder, 'read.jsonl');
}
