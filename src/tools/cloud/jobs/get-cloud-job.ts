import * as z from 'zod';
import type { Connection, Job } from '../../../cloud/index.ts';
import { InputError } from '../../../errors.ts';
import { type Call, defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { workspaceId } from '../fields.ts';
import { findConnection } from '../found-object.ts';
import { jobData, jobOutput, jobText } from './job-answer.ts';
import { addAttempts, addLog, chosenAttempt } from './job-attempts.ts';
import { findJob, jobName, waitForJob } from './jobs.ts';

const USUAL_LINES = 100;

export const getCloudJob = defineTool({
  name: 'get_cloud_job',
  title: 'Progress of a job',
  description: 'Report state, attempts, counts, errors and log of a job, or of the latest of a connection.',
  input: z.strictObject({
    job_id: z.number().optional(),
    connection_id: z.string().optional(),
    wait_seconds: z.int().min(0).max(45).default(0),
    attempt: z.number().optional().describe('0 is the first; default the last'),
    log_lines: z.int().min(0).max(4000).default(0),
    log_offset: z.number().optional().describe('first line; default the end'),
    workspace_id: workspaceId,
  }),
  output: jobOutput,
  realm: 'cloud',
  effect: 'read',
  async run(input, call) {
    const since = Date.now();
    const { about } = call;
    const { log_offset: offset } = input;
    if (offset !== undefined && (!Number.isSafeInteger(offset) || offset < 0)) throw badOffset();
    const found = await find(input, call);
    const { connection } = found;
    about({ kind: 'job', id: String(found.job.id), name: jobName(found.job, connection) });
    const { job, warning } = await waitForJob(found.job, { seconds: input.wait_seconds, since }, call);
    const data = jobData(job, connection, call);
    if (warning) data.warnings.push(warning);
    const report = await addAttempts(job, data, call);
    if (report) {
      const most = input.log_lines || (offset === undefined ? 0 : USUAL_LINES);
      const chosen = chosenAttempt(report, input.attempt, job.id);
      if (most > 0 && chosen) await addLog(data, chosen, { most, offset }, call);
      if (most > 0 && !chosen) data.warnings.push('There is no log: no attempt has begun, or the job is too old.');
    }
    return { text: jobText(data), data };
  },
});

async function find(
  { job_id: id, connection_id: of, workspace_id: requested }: z.output<typeof getCloudJob.input>,
  { services, signal }: Call,
): Promise<{ readonly job: Job; readonly connection: Connection | undefined }> {
  const { cloud } = services;
  if (id !== undefined) {
    const found = await findJob(id, requested, services, signal);
    if (of === undefined) return found;
    const named = await findConnection({ id: of, workspaceId: requested }, services, signal);
    if (named.id.toLowerCase() === found.job.connectionId.toLowerCase()) return found;
    throw new InputError(
      'job_of_other_connection',
      `Job ${id} ran on the connection ${found.job.connectionId}.`,
      'Give only one of job_id and connection_id.',
    );
  }
  if (of === undefined) {
    throw new InputError(
      'job_or_connection',
      'Neither job_id nor connection_id is given.',
      'Give the job_id, or the connection_id for its latest job; list_cloud_objects with kind job lists them.',
    );
  }
  const connection = await findConnection({ id: of, workspaceId: requested }, services, signal);
  const { items } = await cloud.jobs.list({ connectionId: connection.id }, { offset: 0, limit: 1 }, signal);
  if (items[0]) return { job: items[0], connection };
  throw new InputError(
    'no_job',
    `Nothing has run on the connection "${shortName(connection.name)}" so far.`,
    'run_cloud_sync starts its first job.',
  );
}

function badOffset(): InputError {
  return new InputError(
    'bad_log_offset',
    'log_offset must be an integer of at least 0.',
    'Give next_log_offset of the previous answer, or leave out log_offset for the last lines.',
  );
}
