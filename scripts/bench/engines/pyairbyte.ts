/** PyAirbyte reads the same connector into its own DuckDB file. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure } from '../measure/measure.ts';
import type { Job, Result } from './engine.ts';

const PROGRAM = fileURLToPath(new URL('pyairbyte.py', import.meta.url));

export async function runPyairbyte(job: Job, python: string): Promise<Result> {
  const { name, connector, config, streams, folder } = job;
  mkdirSync(folder, { recursive: true });
  const order = { name: `source-${name}`, program: connector, config, streams, folder };
  const figures = await measure({
    command: [python, PROGRAM, JSON.stringify(order)],
    directory: folder,
    // Offline also turns off telemetry.
    environment: {
      PATH: process.env.PATH,
      HOME: folder,
      DO_NOT_TRACK: '1',
      AIRBYTE_OFFLINE_MODE: '1',
      AIRBYTE_LOGGING_ROOT: folder,
    },
    log: join(folder, 'pyairbyte.log'),
    connector: dirname(connector),
  });
  return { figures, database: join(folder, 'pyairbyte.duckdb'), schema: 'main' };
}
