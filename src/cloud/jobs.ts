/** Jobs: what runs and ran on connections. Attempts and logs are only in the configuration API. */
import { paged } from './answers.ts';
import type { Ask } from './ask.ts';
import { attemptLog, job, jobsWithAttempts } from './job-answers.ts';
import type { Cloud, JobType } from './types.ts';
import type { Urls } from './urls.ts';

/** The configuration API has other words for two of them. */
const CONFIG_TYPES: Record<JobType, string> = {
  sync: 'sync',
  reset: 'reset_connection',
  refresh: 'refresh',
  clear: 'clear',
};

export function createJobs(ask: Ask, urls: Urls): Cloud['jobs'] {
  return {
    list: async ({ workspaceId, connectionId, state }, page, signal) =>
      urls.page(
        page,
        await ask({
          method: 'GET',
          address: urls.api(['jobs'], {
            workspaceIds: workspaceId,
            connectionId,
            status: state,
            orderBy: 'createdAt|DESC',
            limit: page.limit,
            offset: page.offset,
          }),
          deed: 'read',
          answer: paged(job),
          signal,
        }),
      ),
    get: (id, signal) =>
      ask({ method: 'GET', address: urls.api(['jobs', String(id)]), deed: 'read', answer: job, signal }),
    create: (connectionId, jobType) =>
      ask({
        method: 'POST',
        address: urls.api(['jobs']),
        body: { connectionId, jobType },
        deed: 'create',
        answer: job,
        timeoutMs: 60_000,
      }),
    cancel: (id) =>
      ask({
        method: 'DELETE',
        address: urls.api(['jobs', String(id)]),
        deed: 'change',
        answer: job,
        timeoutMs: 60_000,
      }),
    async attempts({ id, connectionId, type }, signal) {
      // The list has attempts without their logs, which may be many megabytes.
      const { jobs } = await ask({
        method: 'POST',
        address: urls.config('jobs/list'),
        body: {
          configTypes: [CONFIG_TYPES[type]],
          configId: connectionId,
          includingJobId: id,
          pagination: { pageSize: 20, rowOffset: 0 },
        },
        deed: 'read',
        answer: jobsWithAttempts,
        signal,
      });
      return jobs.find((entry) => entry.job?.id === id)?.attempts ?? [];
    },
    log: (jobId, attemptNumber, signal) =>
      ask({
        method: 'POST',
        address: urls.config('attempt/get_for_job'),
        body: { jobId, attemptNumber },
        deed: 'read',
        answer: attemptLog,
        timeoutMs: 60_000,
        signal,
      }),
  };
}
