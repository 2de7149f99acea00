/** Jobs: what runs and ran on connections. Attempts and logs are only in the configuration API. */
import { listOf } from './answers.ts';
import type { Ask } from './ask.ts';
import { attemptLog, job, jobsWithAttempts, RESET, refreshedJob, startedJob } from './job-answers.ts';
import type { StreamName } from './job-types.ts';
import type { Cloud } from './types.ts';
import { pageOf } from './urls.ts';

export function createJobs(ask: Ask): Cloud['jobs'] {
  return {
    list: async ({ workspaceId, connectionId, state, type, oldestFirst }, page, signal) =>
      pageOf(
        page,
        await ask({
          method: 'GET',
          endpoint: {
            api: ['jobs'],
            query: {
              workspaceIds: workspaceId,
              connectionId,
              status: state,
              jobType: type,
              orderBy: `createdAt|${oldestFirst ? 'ASC' : 'DESC'}`,
              limit: page.limit,
              offset: page.offset,
            },
          },
          retry: 'read',
          answer: listOf(job),
          signal,
        }),
      ),
    get: (id, signal) =>
      ask({ method: 'GET', endpoint: { api: ['jobs', String(id)] }, retry: 'read', answer: job, signal }),
    create: (connectionId, jobType) =>
      ask({
        method: 'POST',
        endpoint: { api: ['jobs'] },
        body: { connectionId, jobType },
        retry: 'create',
        answer: job,
        timeoutMs: 60_000,
      }),
    clearStreams: (connectionId, streams) =>
      ask({
        method: 'POST',
        endpoint: { config: 'connections/clear/stream' },
        body: { connectionId, streams: streams.map(streamBody) },
        retry: 'create',
        answer: startedJob,
        timeoutMs: 60_000,
      }),
    async refresh(connectionId, refreshMode, streams) {
      const { job: started } = await ask({
        method: 'POST',
        endpoint: { config: 'connections/refresh' },
        body: { connectionId, refreshMode, ...(streams.length > 0 ? { streams: streams.map(streamBody) } : {}) },
        retry: 'create',
        answer: refreshedJob,
        timeoutMs: 60_000,
      });
      return started;
    },
    cancel: (id) =>
      ask({
        method: 'DELETE',
        endpoint: { api: ['jobs', String(id)] },
        retry: 'change',
        answer: job,
        timeoutMs: 60_000,
      }),
    async attempts({ id, connectionId, type }, signal) {
      // The list has attempts without their logs, which may be many megabytes.
      const { jobs } = await ask({
        method: 'POST',
        endpoint: { config: 'jobs/list' },
        body: {
          configTypes: type === 'reset' || type === 'clear' ? [RESET, 'clear'] : [type],
          configId: connectionId,
          includingJobId: id,
          pagination: { pageSize: 20, rowOffset: 0 },
        },
        retry: 'read',
        answer: jobsWithAttempts,
        signal,
      });
      return jobs.find((entry) => entry.job?.id === id)?.attempts ?? [];
    },
    log: (jobId, attemptNumber, signal) =>
      ask({
        method: 'POST',
        endpoint: { config: 'attempt/get_for_job' },
        body: { jobId, attemptNumber },
        retry: 'read',
        answer: attemptLog,
        timeoutMs: 60_000,
        signal,
      }),
  };
}

function streamBody({ name, namespace }: StreamName): object {
  return { streamName: name, ...(namespace === undefined ? {} : { streamNamespace: namespace }) };
}
