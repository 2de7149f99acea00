/** Jobs: what runs and ran on connections. Attempts and logs are only in the configuration API. */
import { attemptLog, job, jobsWithAttempts, RESET, refreshedJob, startedJob } from './job-answers.ts';
import type { Attempt, Job, JobFilter, StreamName } from './job-types.ts';
import { type Ask, create, createByConfig, listPage, read, readConfig, remove } from './requests.ts';
import type { Cloud, Page, Paged } from './types.ts';

const CANCEL_MS = 60_000;
const LOG_MS = 60_000;

export function createJobs(ask: Ask): Cloud['jobs'] {
  return {
    list: (filter, page, signal) => listJobs(ask, filter, page, signal),
    get: (id, signal) => ask(read(['jobs', String(id)], job, signal)),
    create: (connectionId, jobType) => ask(create(['jobs'], { connectionId, jobType }, job)),
    clearStreams: (connectionId, streams) =>
      ask(createByConfig('connections/clear/stream', { connectionId, streams: streams.map(streamBody) }, startedJob)),
    async refresh(connectionId, refreshMode, streams) {
      const named = streams.length > 0 ? { streams: streams.map(streamBody) } : {};
      const body = { connectionId, refreshMode, ...named };
      return (await ask(createByConfig('connections/refresh', body, refreshedJob))).job;
    },
    cancel: (id) => ask(remove(['jobs', String(id)], job, CANCEL_MS)),
    attempts: (of, signal) => attemptsOf(ask, of, signal),
    log: (jobId, attemptNumber, signal) =>
      ask(readConfig('attempt/get_for_job', { jobId, attemptNumber }, attemptLog, signal, LOG_MS)),
  };
}

function listJobs(
  ask: Ask,
  { workspaceId, connectionId, state, type, oldestFirst }: JobFilter,
  page: Page,
  signal: AbortSignal,
): Promise<Paged<Job>> {
  return listPage(ask, ['jobs'], job, page, signal, {
    workspaceIds: workspaceId,
    connectionId,
    status: state,
    jobType: type,
    orderBy: `createdAt|${oldestFirst ? 'ASC' : 'DESC'}`,
  });
}

async function attemptsOf(ask: Ask, { id, connectionId, type }: Job, signal: AbortSignal): Promise<readonly Attempt[]> {
  // The list has attempts without their logs, which may be many megabytes.
  const body = {
    configTypes: type === 'reset' || type === 'clear' ? [RESET, 'clear'] : [type],
    configId: connectionId,
    includingJobId: id,
    pagination: { pageSize: 20, rowOffset: 0 },
  };
  const { jobs } = await ask(readConfig('jobs/list', body, jobsWithAttempts, signal));
  return jobs.find((entry) => entry.job?.id === id)?.attempts ?? [];
}

function streamBody({ name, namespace }: StreamName): object {
  return { streamName: name, ...(namespace === undefined ? {} : { streamNamespace: namespace }) };
}
