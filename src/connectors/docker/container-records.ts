/** Records which servers have containers, so that later servers can clean up: one small project file per server. */

import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity, type Project, readJson, writeAtomic } from '../../project/index.ts';

const NAME = /^containers-\d+\.json$/;

/** What containers of a project are known by. One engine may serve several machines, on which the same path is another project. */
export function projectId(project: Project): string {
  return createHash('sha256').update(`${hostname()}\0${project.root}`).digest('hex').slice(0, 16);
}

export interface ContainerRecord {
  /** Brings the file into line with whether there are containers now; one after the other, however often it is called. */
  update(): Promise<void>;
}

export function createContainerRecord(project: Project, hasContainers: () => boolean): ContainerRecord {
  let written = false;
  let last: Promise<void> = Promise.resolve();
  const bringIntoLine = async (): Promise<void> => {
    if (written === hasContainers()) return;
    const path = join(await project.folder('runs'), `containers-${process.pid}.json`);
    if (written) await rm(path, { force: true });
    else await writeAtomic(path, JSON.stringify({ ...(await identify(process.pid)), project: projectId(project) }));
    written = !written;
  };
  return {
    update() {
      last = last.catch(() => {}).then(bringIntoLine);
      return last;
    },
  };
}

/**
 * Calls `end` for each dead server of the project that had containers, and drops its record once they are removed.
 * @param end gets what they are known by: a laptop's name changes with its network, and the project's id with it
 */
export async function sweepContainerRecords(project: Project, end: (id: string) => Promise<void>): Promise<void> {
  const folder = await project.folder('runs');
  for (const name of await readdir(folder)) {
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    const server = (await readJson(path)) as (ProcessIdentity & { readonly project?: string }) | undefined;
    if (server && (await isAlive(server))) continue;
    await end(server?.project ?? projectId(project));
    await rm(path, { force: true });
  }
}
