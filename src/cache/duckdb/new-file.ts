/** Creates a database file atomically: a process that dies while DuckDB creates one leaves a file that never opens again. */
import { link, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { systemCode } from '../../errors.ts';
import { exists } from '../../project/index.ts';

/** Creates an empty database at `path` if there is none: under a temporary name, then moved. */
export async function makeDatabaseFile(path: string, create: typeof DuckDBInstance.create): Promise<void> {
  if (await exists(path)) return;
  await removeBegun(path);
  const begun = `${path}${BEGUN}${process.pid}`;
  try {
    (await create(begun)).closeSync();
    await link(begun, path);
  } catch (error) {
    // Another process created it first.
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(begun, { force: true });
  }
}

const BEGUN = '.begun-';
/** Longer than it takes to create a file. */
const OLD_MS = 60_000;

/** Removes what a process that died left behind. */
async function removeBegun(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(path)}${BEGUN}`)) continue;
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > OLD_MS) await rm(file, { force: true });
  }
}
