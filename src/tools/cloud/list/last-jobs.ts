/** The latest job of each connection: one page of the workspace's jobs has most of them; the others are requested one by one. */
import type { Cloud, Connection, Job } from '../../../cloud/index.ts';
import { eachOf } from './walk.ts';

const AT_ONCE = 4;
/** One that counts is seldom far behind those that run. */
const MAX_PASSED = 5;

export type LastJobs = (connections: readonly Pick<Connection, 'id'>[]) => Promise<ReadonlyMap<string, Job>>;

/** @param counts which jobs are looked for; the others are passed over */
export function lastJobsOf(
  cloud: Cloud,
  workspaceId: string,
  signal: AbortSignal,
  counts: (job: Job) => boolean = () => true,
): LastJobs {
  const known = new Map<string, Job>();
  const asked = new Set<string>();
  let isComplete: boolean | undefined;
  return async (connections) => {
    if (isComplete === undefined) {
      const { items, nextOffset } = await cloud.jobs.list({ workspaceId }, { offset: 0, limit: 100 }, signal);
      for (const job of items.filter(counts)) if (!known.has(job.connectionId)) known.set(job.connectionId, job);
      isComplete = nextOffset === undefined;
    }
    const missing = isComplete ? [] : connections.filter(({ id }) => !known.has(id) && !asked.has(id));
    await eachOf(missing, AT_ONCE, async ({ id }) => {
      const { items } = await cloud.jobs.list({ connectionId: id }, { offset: 0, limit: MAX_PASSED }, signal);
      asked.add(id);
      const found = items.find(counts);
      if (found) known.set(id, found);
    });
    return known;
  };
}
