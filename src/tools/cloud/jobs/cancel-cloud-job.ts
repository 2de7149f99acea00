import * as z from 'zod';
import type { Job } from '../../../cloud/index.ts';
import { SluiceError } from '../../../errors.ts';
import type { LedgerEntry } from '../../../safety/index.ts';
import { type Call, defineTool } from '../../tool.ts';
import { workspaceId } from '../fields.ts';
import { isActive, jobData, jobOutput, jobText } from './job-answer.ts';
import { findJob, jobName } from './jobs.ts';

export const cancelCloudJob = defineTool({
  name: 'cancel_cloud_job',
  title: 'Cancel a job',
  description: 'Cancel a running job. Data in the destination is kept.',
  input: z.strictObject({ job_id: z.number(), workspace_id: workspaceId }),
  output: jobOutput.extend({ cancelled: z.boolean() }),
  realm: 'cloud',
  effect: 'change',
  async plan({ job_id: id, workspace_id: workspaceId }, { services, signal }) {
    const { job, connection } = await findJob(id, workspaceId, services, signal);
    const target: LedgerEntry = { realm: 'cloud', kind: 'job', id: String(job.id), name: jobName(job, connection) };
    return { effect: 'change', targets: [target], job, connection };
  },
  async run(_, call, { job: before, connection }) {
    const { services, signal, about, progress } = call;
    const { jobs } = services.cloud;
    const object = { kind: 'job', id: String(before.id), name: jobName(before, connection) };
    // The audit masks a key named state, because it takes it for a connector state.
    about({ ...object, before: { status: before.state } });
    let after: Job = before;
    if (isActive(before)) {
      progress(`cancelling job ${before.id}`);
      after = await jobs.cancel(before.id).catch(async (error: unknown) => {
        // It ended a moment before.
        if (!(error instanceof SluiceError) || error.code !== 'cloud_conflict') throw error;
        const now = await jobs.get(before.id, signal);
        if (isActive(now)) throw error;
        return now;
      });
    }
    about({ ...object, before: { status: before.state }, after: { status: after.state } });
    const cancelled = isActive(before) && !/^(succeeded|failed)$/.test(after.state);
    const data = { ...jobData(after, connection, call), cancelled };
    if (isActive(before) && !cancelled) data.warnings.push(...(await othersCancelled(after, call)));
    const head = cancelled
      ? isActive(after)
        ? 'Airbyte is cancelling it.'
        : 'Cancelled.'
      : `The job had already finished (${after.state}), and stays as it is.`;
    return { text: `${head}\n${jobText(data)}`, data };
  },
});

/** Airbyte cancels whatever runs on the connection: if the job had just ended, that was another one. */
async function othersCancelled(ended: Job, { services, signal }: Call): Promise<string[]> {
  const { items } = await services.cloud.jobs.list(
    { connectionId: ended.connectionId },
    { offset: 0, limit: 5 },
    signal,
  );
  const others = items.filter(({ id, state }) => id > ended.id && state === 'cancelled');
  return others.map(({ id, type }) => `Job ${id} (${type}), which had begun meanwhile, is cancelled.`);
}
