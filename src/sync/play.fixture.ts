/** What the tests of the engine share: playing a script in a context of small batches. */
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Catalog } from '../protocol/index.ts';
import type { StreamOption } from './modes.ts';
import type { Part, TestContext } from './sync-context.fixture.ts';
import type { SyncStatus } from './types.ts';

export interface PlayOptions {
  readonly restart?: boolean;
  readonly streams?: readonly StreamOption[];
  /** Tables of a refresh that will continue. */
  readonly left?: readonly string[];
}

/** Plays a script as the source `p`, and sees that nothing of its work is left behind. */
export async function playIn(
  context: TestContext,
  catalog: Catalog,
  parts: readonly Part[],
  { restart = false, streams = [], left = [] }: PlayOptions = {},
): Promise<SyncStatus> {
  const status = await context.sync({ ...(await context.play('p', catalog, parts, streams)), restart });
  expect(await readdir(await context.project.folder('staging'))).toEqual([]);
  const tables = await context.rows("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, '_sluice_')");
  expect(tables).toEqual(left.map((name) => [name]));
  return status;
}

/** Records with the ids from `from` on. */
export function ids(from: number, count: number, stream = 'a'): Part {
  const line = `{"type":"RECORD","record":{"stream":"${stream}","data":{"id":$i},"emitted_at":1}}\n`;
  return { repeat: count, from, line };
}

/** Rows, distinct ids and the greatest id of a table. */
export async function countsIn(context: TestContext, table: string): Promise<number[]> {
  const [row] = await context.rows(`SELECT count(*), count(DISTINCT id), max(id) FROM p.${table}`);
  return (row ?? []).map(Number);
}
