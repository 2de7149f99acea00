import * as z from 'zod';
import type { Connection } from '../../../cloud/index.ts';
import { InputError } from '../../../errors.ts';
import { defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { isAsAsked, NOT_OWN } from '../created-as-asked.ts';
import { workspaceId } from '../fields.ts';
import { findConnection } from '../found-object.ts';
import { clearedTargets } from './cleared.ts';
import { isActive, jobData, jobOutput, jobText } from './job-answer.ts';
import { addAttempts } from './job-attempts.ts';
import { waitForJob } from './jobs.ts';
import { RUN_TYPES, startJob } from './start-job.ts';

export const runCloudSync = defineTool({
  name: 'run_cloud_sync',
  title: 'Run a connection',
  description:
    'Start a job, wait and return its streams. clear and reset delete the synced data; refresh re-reads all, refresh_replace then removes the old rows.',
  input: z.strictObject({
    connection_id: z.string(),
    job_type: z.enum(RUN_TYPES).default('sync'),
    streams: z.array(z.string()).optional().describe('to clear or refresh; default all'),
    cancel_running: z.boolean().optional().describe('what clear would cancel'),
    wait_seconds: z.int().min(0).max(45).default(20),
    workspace_id: workspaceId,
  }),
  output: jobOutput,
  realm: 'cloud',
  effect: {
    shown: 'destroy',
    possible: ['run', 'destroy'],
  },
  async plan({ connection_id: id, job_type: type, workspace_id: workspaceId }, { services, signal }) {
    const connection = await findConnection({ id, workspaceId }, services, signal);
    if (type === 'sync') return { effect: 'run', targets: [], connection };
    return { effect: 'destroy', targets: await clearedTargets(connection, services, signal), connection };
  },
  byHand: () =>
    "Or do it by hand in Airbyte's web interface. A connection of this session needs a destination of this session, or a prefix of its own.",
  async run({ job_type: type, wait_seconds: seconds, ...input }, call, { connection }) {
    const since = Date.now();
    const { services, about, progress } = call;
    about({ kind: 'connection', id: connection.id, name: connection.name });
    if (connection.status !== 'active') throw notActive(connection);
    progress(`starting a ${type} of "${shortName(connection.name)}"`);
    const start = { type, streams: input.streams ?? [], cancelRunning: input.cancel_running ?? false };
    const { job: started, isNew, warnings } = await startJob(connection, start, call);
    about({
      kind: 'connection',
      id: connection.id,
      name: connection.name,
      after: { job_id: started.id, type: started.type },
    });
    const isOwn = isNew && isAsAsked(started, { connectionId: connection.id });
    if (isOwn) services.ledger.enter({ realm: 'cloud', kind: 'job', id: String(started.id) });
    const { job, warning } = await waitForJob(started, { seconds, since }, call);
    const data = jobData(job, connection, call);
    data.warnings.push(...warnings, ...(warning ? [warning] : []));
    if (!isActive(job)) await addAttempts(job, data, call);
    if (isNew && !isOwn) data.warnings.push(NOT_OWN);
    if (!isNew) data.already_running = true;
    const head = isNew ? '' : `Nothing was started: a ${started.type} of this connection runs already.\n`;
    return { text: `${head}${jobText(data)}`, data };
  },
});

function notActive({ name, status, statusReason }: Connection): InputError {
  const next: Record<string, string> = {
    inactive: 'Switch it on with update_cloud_object (kind connection, changes {"enabled": true}), then call again.',
  };
  return new InputError(
    'connection_not_active',
    `The connection "${shortName(name)}" is ${status}${statusReason ? ` (${statusReason.slice(0, 200)})` : ''}: nothing runs on it.`,
    next[status] ?? "A person must look at it in Airbyte's web interface.",
  );
}
