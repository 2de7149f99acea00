/** Sluice as a whole: the server from spawn to exit, with a source that is saved already. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure } from '../measure/measure.ts';
import type { Job, Result } from './engine.ts';
import { type CallTool, connect } from './mcp.ts';

const BINARY = fileURLToPath(new URL('../../../bin/sluice-mcp.js', import.meta.url));
const REGISTRY = fileURLToPath(new URL('../../../fixtures/registry/registry.json', import.meta.url));
const COMMAND = [process.execPath, BINARY];

/** Saves the source, which is not measured, and syncs it in a server of its own. */
export async function runSluice(job: Job): Promise<Result> {
  const environment = environmentOf(job);
  mkdirSync(job.folder, { recursive: true });
  await prepare(job, environment);
  const figures = await measure({
    command: COMMAND,
    directory: job.folder,
    environment,
    log: join(job.folder, 'sluice.log'),
    connector: dirname(job.connector),
    drive: async (child) => sync(await connect(child), job.name),
  });
  return { figures, database: join(job.folder, 'project', 'cache', 'cache.duckdb'), schema: schemaOf(job) };
}

function schemaOf({ name }: Job): string {
  return `bench_${name}`;
}

function environmentOf({ folder, connector }: Job): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    AIRBYTE_PROJECT_DIR: join(folder, 'project'),
    AIRBYTE_LOCAL_REGISTRY: REGISTRY,
    AIRBYTE_OFFLINE_MODE: '1',
    SLUICE_ALLOW_EXECUTABLES: dirname(connector),
  };
}

async function prepare(job: Job, environment: Record<string, string | undefined>): Promise<void> {
  const server = spawn(process.execPath, [BINARY], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  const call = await connect(server);
  const { connector, config } = job;
  await call('save_source', { name: schemaOf(job), connector, config, runtime: 'executable' });
  server.stdin.end();
  await once(server, 'exit');
}

async function sync(call: CallTool, name: string): Promise<void> {
  let status = await call('start_sync', { source: `bench_${name}`, wait_seconds: 38 });
  while (status.state === 'running') {
    status = await call('get_sync', { sync_id: status.sync_id, wait_seconds: 45 });
  }
  if (status.state !== 'complete') throw new Error(JSON.stringify(status));
}
