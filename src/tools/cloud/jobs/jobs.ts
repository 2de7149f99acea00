/** What the tools for jobs have in common: finding one, and waiting for its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Job } from '../../../cloud/index.ts';
import { abortError, InputError, SluiceError } from '../../../errors.ts';
import type { Services } from '../../services.ts';
import { bytesText, count } from '../../text.ts';
import type { Call } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { asAsked, checkWorkspace } from '../fields.ts';
import { workspaceIdOf } from '../found-object.ts';
import { isActive } from './job-answer.ts';

/** A call is answered within 45 s, which includes the work after the wait. */
const MAX_WAIT_SECONDS_LENGTH = 38;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;

/** @throws InputError `bad_job_id`, `cloud_not_found`, `other_workspace` */
export async function findJob(
  id: number,
  workspace: string | undefined,
  services: Services,
  signal: AbortSignal,
): Promise<{ readonly job: Job; readonly connection: Connection | undefined }> {
  if (!Number.isSafeInteger(id) || id < 1) {
    throw new InputError('bad_job_id', `${id} is not a job number.`, 'list_cloud_objects with kind job shows them.');
  }
  const { cloud } = services;
  const job = asAsked(id, await cloud.jobs.get(id, signal));
  const workspaceId = await workspaceIdOf(workspace, services, signal);
  return { job, connection: await connectionOf(job, workspaceId, cloud, signal) };
}

/** Undefined if the connection was deleted; the job's workspace is unknown then. */
async function connectionOf(
  job: Job,
  workspaceId: string | undefined,
  cloud: Services['cloud'],
  signal: AbortSignal,
): Promise<Connection | undefined> {
  try {
    const connection = await cloud.connections.get(job.connectionId, signal);
    checkWorkspace(workspaceId, connection, `Job ${job.id}`);
    return connection;
  } catch (error) {
    if (workspaceId === undefined && error instanceof SluiceError && error.code === 'cloud_not_found') return undefined;
    throw error;
  }
}

/** As the audit and refusals name a job. */
export function jobName(job: Job, connection: Connection | undefined): string {
  return `${job.type} of ${connection ? shortName(connection.name) : job.connectionId}`;
}

/**
 * Waits for the end of a job, for a limited time. A failed status request does not end the wait,
 * because the job continues.
 * @param since when the call began, in milliseconds since 1970
 */
export async function waitForJob(
  first: Job,
  { seconds, since }: { readonly seconds: number; readonly since: number },
  { services, signal, progress }: Call,
): Promise<{ readonly job: Job; readonly warning?: string }> {
  const until = since + Math.min(seconds, MAX_WAIT_SECONDS_LENGTH) * 1000;
  let job = first;
  for (let pause = FIRST_PAUSE_MS; isActive(job) && Date.now() < until; pause = Math.min(pause * 1.5, MAX_PAUSE_MS)) {
    progress(`job ${job.id} is ${job.state}: ${count(job.records ?? 0, 'record')}, ${bytesText(job.bytes ?? 0)}`);
    await sleep(Math.min(pause, until - Date.now()), undefined, { signal }).catch(() => {});
    if (signal.aborted) throw abortError(signal);
    try {
      job = await services.cloud.jobs.get(job.id, signal);
    } catch (error) {
      if (signal.aborted || !(error instanceof SluiceError)) throw error;
      return { job, warning: `Its progress is unknown: ${error.message}` };
    }
  }
  return { job };
}
