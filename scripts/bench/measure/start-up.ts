/** How long the server needs to answer `initialize`, next to a bare Node; and its memory before the first sync. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REGISTRY, withServer } from '../engines/sluice.ts';
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
  let elapsed = 0;
  await withServer(env, async () => {
    elapsed = performance.now() - start;
  });
  return elapsed;
}

async function memoryAfterReading(env: NodeJS.ProcessEnv): Promise<number> {
  let kilobytes = 0;
  await withServer(env, async ({ call, request }, pid) => {
    await request('tools/list', {});
    await call('get_status', {});
    await call('list_connectors', {});
    kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  });
  return kilobytes / 1024;
}
