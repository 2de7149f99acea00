/** When a kill comes: after some time, or in the middle of what is being written into the cache. */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';

export interface Moment {
  /** Milliseconds from the answer of start_sync. */
  readonly afterMs: number;
  /** Then at so many changes of the cache's files, where it is to come while something is loaded. */
  readonly changes?: number;
}

/** What the server was doing as the kill came. */
export type Phase = 'starting' | 'reading' | 'loading' | 'ended';

/** @param lengthMs about how long a complete sync takes */
export function chooseMoment(random: Random, lengthMs: number): Moment {
  const afterMs = random.below(lengthMs);
  // Few changes are as likely as many: a commit makes some dozen, of which the first and the last matter most.
  return random.chance(0.5) ? { afterMs } : { afterMs, changes: 1 + random.below(2 ** (1 + random.below(6))) };
}

/**
 * Waits for the moment; if it never comes, until `ended` returns true.
 * @param folder whose changes count: the cache's, or that of the segments on their way into a shared cache
 */
export async function waitForMoment(moment: Moment, folder: string, ended: () => Promise<boolean>): Promise<void> {
  await sleep(moment.afterMs);
  if (moment.changes === undefined) return;
  let left = moment.changes;
  let watcher: FSWatcher | undefined;
  const changed = new Promise<void>((resolve) => {
    watcher = watch(folder, () => {
      left -= 1;
      if (left <= 0) resolve();
    });
  });
  let over = false;
  const end = (async () => {
    while (!over && !(await ended())) await sleep(50);
  })();
  await Promise.race([changed, end]);
  over = true;
  watcher?.close();
}

/** Looks at the files of a project and at those that its server has open; without /proc a load counts as reading. */
export async function phaseOf(serverPid: number, project: string, syncId: string): Promise<Phase> {
  if ((await stateOf(project, syncId)) !== 'running') return 'ended';
  const open = await readdir(`/proc/${serverPid}/fd`).catch(() => []);
  const files = await Promise.all(open.map((fd) => readlink(`/proc/${serverPid}/fd/${fd}`).catch(() => '')));
  if (files.some((file) => file.endsWith('/cache.duckdb'))) return 'loading';
  const staged = await readdir(join(project, 'staging', syncId)).catch(() => undefined);
  return staged ? 'reading' : 'starting';
}

/** The state in a sync's status file. */
export async function stateOf(project: string, syncId: string): Promise<string | undefined> {
  const text = await readFile(join(project, 'syncs', syncId, 'status.json'), 'utf8').catch(() => '');
  return /"state":\s*"(\w+)"/.exec(text)?.[1];
}
