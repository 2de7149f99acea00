/** The complete program: `sluice-mcp sync` from spawn to exit, with a saved source. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figures, measure } from '../measure/measure.ts';
import type { Job, Result } from './engine.ts';
import { type CallTool, type Client, connect } from './mcp.ts';

const BINARY = fileURLToPath(new URL('../../../bin/sluice-mcp.js', import.meta.url));
/** The small registry of the fixtures. */
export const REGISTRY = fileURLToPath(new URL('../../../fixtures/registry/registry.json', import.meta.url));

export interface SavedConnector {
  readonly name: string;
  /** Registry name, or absolute path of a program. */
  readonly connector: string;
  readonly config: object;
  /** Whether it is a program, installed from the package index, an image, or run from a manifest. */
  readonly runtime: 'executable' | 'python' | 'docker' | 'manifest';
  readonly version?: string;
  /** Absolute path of a manifest of one's own. */
  readonly manifestPath?: string;
  /** Additional settings. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder of the project. */
  readonly folder: string;
}

/** Saves the source in a fresh project, and syncs it. */
export async function runSluice({ name, connector, config, folder }: Job): Promise<Result> {
  mkdirSync(folder, { recursive: true });
  const source: SavedConnector = { name: `bench_${name}`, connector, config, runtime: 'executable', folder };
  await saveSource(source);
  return { figures: await syncSource(source, dirname(connector)), ...tablesOf(source) };
}

/** The state before the first sync: source saved, streams listed. Not measured. */
export async function saveSource(source: SavedConnector): Promise<void> {
  const { name, connector, config, runtime, version, manifestPath } = source;
  // The machine's settings are for the installer; the source of an earlier run may be configured otherwise.
  const env = { ...process.env, ...environmentOf(source, false), SLUICE_SAFE_MODE: '0' };
  await withServer(env, async ({ call }) => {
    const saved = { name, connector, config, runtime, version, manifest_path: manifestPath };
    await untilDone(call, 'save_source', saved);
    await untilDone(call, 'list_streams', { source: name });
  });
}

/** Starts the server, runs `use` once it is initialized, and waits for its end. */
export async function withServer(
  env: Record<string, string | undefined>,
  use: (client: Client, pid: number | undefined) => Promise<void>,
): Promise<void> {
  const server = spawn(process.execPath, [BINARY], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  await use(await connect(server), server.pid);
  server.stdin.end();
  await once(server, 'exit');
}

/** A sync in the terminal. `connector` is a text that the connector's commands contain. */
export async function syncSource(source: SavedConnector, connector: string): Promise<Figures> {
  return measure({
    command: [process.execPath, BINARY, 'sync', source.name],
    directory: source.folder,
    environment: environmentOf(source, true),
    log: join(source.folder, 'sluice.log'),
    connector,
  });
}

export function tablesOf({ name, folder }: SavedConnector): { database: string; schema: string } {
  return { database: join(folder, 'project', 'cache', 'cache.duckdb'), schema: name };
}

export function environmentOf(
  { folder, connector, runtime, environment }: Omit<SavedConnector, 'name' | 'config'>,
  offline: boolean,
): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    AIRBYTE_PROJECT_DIR: join(folder, 'project'),
    AIRBYTE_LOCAL_REGISTRY: REGISTRY,
    AIRBYTE_OFFLINE_MODE: offline ? '1' : '0',
    ...(runtime === 'executable' ? { SLUICE_ALLOW_EXECUTABLES: dirname(connector) } : {}),
    ...environment,
  };
}

async function untilDone(call: CallTool, tool: string, args: object): Promise<void> {
  while ((await call(tool, args)).state === 'in_progress');
}
