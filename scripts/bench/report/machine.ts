/** What the figures were measured on. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memory_gb: number;
  readonly kernel: string;
  readonly node: string;
  readonly duckdb: string;
  readonly pyairbyte?: string;
  /** Load average of the last minute before the bench started. */
  readonly load_before: number;
}

export function describeMachine(pyairbyte: string | undefined): Machine {
  const lock = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(lock) as { dependencies: Record<string, string> };
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    duckdb: dependencies['@duckdb/node-api'] ?? 'unknown',
    ...(pyairbyte === undefined ? {} : { pyairbyte }),
    load_before: Number(loadavg()[0]?.toFixed(2)),
  };
}

export function machineText(machine: Machine): string {
  const { date, processor, cores, memory_gb, kernel, node, duckdb, pyairbyte, load_before } = machine;
  const versions = `Node ${node}, DuckDB ${duckdb}${pyairbyte === undefined ? '' : `, PyAirbyte ${pyairbyte}`}`;
  return `${date.slice(0, 10)}, ${cores} × ${processor}, ${memory_gb} GB, Linux ${kernel}, ${versions}, load before ${load_before}\n`;
}
