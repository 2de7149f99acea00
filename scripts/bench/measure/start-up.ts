/** How long the server needs to answer `initialize`, next to a bare Node; and its memory before the first sync. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../engines/mcp.ts';
import { BINARY, REGISTRY } from '../engines/sluice.ts';
import { median } from './median.ts';

export interface StartUp {
  readonly bareMs: number;
  readonly initializedMs: number;
  /** Resident, in MB of 1024 × 1024 bytes. */
  readonly megabytes: number;
}

/** @param runs of both, interleaved; the times are medians */
export async function measureStartUp(runs: number): Promise<StartUp> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const environment = {
    PATH: process.env.PATH,
    HOME: home,
    AIRBYTE_PROJECT_DIR: join(home, 'project'),
    AIRBYTE_LOCAL_REGISTRY: REGISTRY,
  };
  const bare: number[] = [];
  const served: number[] = [];
  try {
    for (let run = 0; run < runs; run += 1) {
      bare.push(await bareNode(environment));
      served.push(await untilInitialized(environment));
    }
    return { bareMs: median(bare), initializedMs: median(served), megabytes: await memoryAfterReading(environment) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function bareNode(env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now();
  return new Promise((resolve) =>
    spawn(process.execPath, ['-e', '0'], { env }).on('exit', () => resolve(performance.now() - start)),
  );
}

async function untilInitialized(env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now();
  const server = startServer(env);
  await connect(server);
  const elapsed = performance.now() - start;
  await end(server);
  return elapsed;
}

async function memoryAfterReading(env: NodeJS.ProcessEnv): Promise<number> {
  const server = startServer(env);
  const { call, request } = await connect(server);
  await request('tools/list', {});
  await call('get_status', {});
  await call('list_connectors', {});
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
  await end(server);
  return kilobytes / 1024;
}

function startServer(env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [BINARY], { env, stdio: ['pipe', 'pipe', 'inherit'] });
}

async function end(server: ChildProcess): Promise<void> {
  server.stdin?.end();
  await new Promise((resolve) => server.on('exit', resolve));
}
