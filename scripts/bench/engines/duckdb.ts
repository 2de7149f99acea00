/** The yardstick: DuckDB reads the bare data, types given, into a fresh file. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SQL_TYPES } from '../data/columns.ts';
import type { DataStream } from '../data/sets.ts';
import { measure } from '../measure/measure.ts';
import type { Job, Result } from './engine.ts';

const PROGRAM = fileURLToPath(new URL('duckdb-alone.js', import.meta.url));

export async function runDuckdb(job: Job, stream: DataStream, file: string): Promise<Result> {
  mkdirSync(job.folder, { recursive: true });
  const database = join(job.folder, 'alone.duckdb');
  const order = { file, database, table: stream.name, columns: structOf(stream) };
  const figures = await measure({
    command: [process.execPath, PROGRAM, JSON.stringify(order)],
    directory: job.folder,
    environment: { PATH: process.env.PATH, HOME: job.folder },
    log: join(job.folder, 'duckdb.log'),
  });
  return { figures, database, schema: 'main' };
}

/** `{'id': 'BIGINT', …}` */
export function structOf({ columns }: DataStream): string {
  return `{${columns.map(({ name, kind }) => `'${name}': '${SQL_TYPES[kind]}'`).join(', ')}}`;
}
