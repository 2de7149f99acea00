/** How long the server needs to answer `initialize`, as a ratio to a bare Node, interleaved; and its memory before the first sync. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../bin/sluice-mcp.js', import.meta.url));
const REGISTRY = fileURLToPath(new URL('../fixtures/registry/registry.json', import.meta.url));
const RUNS = 10;
const HELLO = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
const home = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const environment = {
  PATH: process.env.PATH,
  HOME: home,
  AIRBYTE_PROJECT_DIR: join(home, 'project'),
  AIRBYTE_LOCAL_REGISTRY: REGISTRY,
};

const bare: number[] = [];
const served: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  bare.push(await bareNode());
  served.push(await untilInitialized());
}
const megabytes = await memoryAfterReading();
rmSync(home, { recursive: true, force: true });

const [node, server] = [median(bare), median(served)];
print(`initialize answered after   ${server.toFixed(0)} ms (median of ${RUNS})`);
print(`node -e 0                   ${node.toFixed(0)} ms`);
print(`ratio                       ${(server / node).toFixed(2)} (aim: at most 3.5)`);
print(
  `resident memory             ${megabytes.toFixed(0)} MB after tools/list, get_status and list_connectors (aim: at most 100)`,
);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

function bareNode(): Promise<number> {
  const start = performance.now();
  return new Promise((resolve) =>
    spawn(process.execPath, ['-e', '0'], { env: environment }).on('exit', () => resolve(performance.now() - start)),
  );
}

function send(server: ReturnType<typeof spawn>, id: number, method: string, params: object): void {
  server.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
}

async function untilInitialized(): Promise<number> {
  const start = performance.now();
  const server = spawn(process.execPath, [BINARY], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  send(server, 1, 'initialize', HELLO);
  await answer(server, 1);
  const elapsed = performance.now() - start;
  server.stdin?.end();
  await new Promise((resolve) => server.on('exit', resolve));
  return elapsed;
}

async function memoryAfterReading(): Promise<number> {
  const server = spawn(process.execPath, [BINARY], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
  send(server, 1, 'initialize', HELLO);
  await answer(server, 1);
  send(server, 2, 'tools/list', {});
  await answer(server, 2);
  send(server, 3, 'tools/call', { name: 'get_status', arguments: {} });
  await answer(server, 3);
  send(server, 4, 'tools/call', { name: 'list_connectors', arguments: {} });
  await answer(server, 4);
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
  server.stdin?.end();
  return kilobytes / 1024;
}

function answer(server: ReturnType<typeof spawn>, id: number): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      if (!text.includes(`"id":${id}`) || !text.endsWith('\n')) return;
      server.stdout?.off('data', read);
      resolve();
    };
    server.stdout?.on('data', read);
  });
}
