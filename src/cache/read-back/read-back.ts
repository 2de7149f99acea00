/** Reads what a destination wrote, where its configuration names the location and Sluice can read it. Changes nothing there. */
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { ReadBack, ReadBackSource } from './types.ts';

const PATH_FIELDS = ['destination_path', 'path', 'output_path', 'folder', 'directory', 'database_path'];

/** @returns the reader, or why there is none */
export async function readBackOf(source: ReadBackSource): Promise<ReadBack | { readonly why: string }> {
  const { config, connector } = source;
  const [configured] = PATH_FIELDS.flatMap((field) => {
    const value = config[field];
    return typeof value === 'string' && isAbsolute(value) ? [value] : [];
  });
  if (configured !== undefined) return readPath(configured, source);
  const { host, database } = config;
  if (typeof host === 'string' && typeof database === 'string' && /postgres|pgsql/i.test(connector)) {
    const { readPostgres } = await import('./postgres-tables.ts');
    return readPostgres(config);
  }
  return { why: 'its configuration names no local path and no Postgres' };
}

async function readPath(configured: string, source: ReadBackSource): Promise<ReadBack | { readonly why: string }> {
  const path = source.hostPath(configured);
  if (path === undefined) return { why: 'it writes inside of its container; SLUICE_DOCKER_MOUNTS shows it a folder' };
  const found = await stat(path).catch(() => undefined);
  if (!found) return { why: `there is nothing at the configured path on this machine` };
  if (found.isDirectory()) {
    const { readFiles } = await import('./files.ts');
    return readFiles(path);
  }
  if (!(await isDuckdb(path))) return { why: 'Sluice does not read the configured file' };
  const own = source.cacheFile && (await realpath(source.cacheFile).catch(() => undefined));
  if (own === (await realpath(path))) return { why: 'the configured file is the cache of this project' };
  const { readDuckdb } = await import('./duckdb-file.ts');
  return readDuckdb(path, typeof source.config.schema === 'string' ? source.config.schema : undefined);
}

/** The file's magic bytes, after a checksum. */
async function isDuckdb(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 8);
    return buffer.toString('latin1') === 'DUCK';
  } finally {
    await file.close();
  }
}
