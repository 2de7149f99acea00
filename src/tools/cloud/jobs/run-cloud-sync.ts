import * as z from 'zod';
import { type Connection, JOB_TYPES, type Job, type JobType } from '../../../cloud/index.ts';
import { InputError, SluiceError } from '../../../errors.ts';
import { type Call, defineTool } from '../../tool.ts';
import { alone } from '../alone.ts';
import { shortName } from '../bounds.ts';
import { workspaceId } from '../fields.ts';
import { findConnection } from '../found-object.ts';
import { isAsAsked, NOT_OWN } from '../made-now.ts';
import { clearedTargets } from './cleared.ts';
import { isActive, jobData, jobOutput, jobText } from './job-answer.ts';
import { waitForJob } from './jobs.ts';

export const runCloudSync = defineTool({
  name: 'run_cloud_sync',
  title: 'Run a connection',
  description: 'Starts a job and waits. clear and reset delete the synced data, refresh reads all anew.',
  input: z.strictObject({
    connection_id: z.string(),
    job_type: z.enum(JOB_TYPES).default('sync'),
    wait_seconds: z.int().min(0).max(45).default(20),
    workspace_id: workspaceId,
  }),
  output: jobOutput,
  realm: 'cloud',
  effect: {
    shown: 'destroy',
    possible: ['run', 'destroy'],
    of: ({ job_type: type }) => (type === 'sync' ? 'run' : 'destroy'),
  },
  async targets({ connection_id: id, workspace_id: workspaceId }, services, signal) {
    return clearedTargets(await findConnection({ id, workspaceId }, services, signal), services, signal);
  },
  byHand: () =>
    "Or do it by hand in Airbyte's own pages. A connection of this session needs a destination of this session, or a prefix of its own.",
  async run({ connection_id: id, job_type: type, wait_seconds: seconds, workspace_id: wanted }, call) {
    const since = Date.now();
    const { services, signal, about, progress } = call;
    const connection = await findConnection({ id, workspaceId: wanted }, services, signal);
    about({ kind: 'connection', id: connection.id, name: connection.name });
    if (connection.status !== 'active') throw notActive(connection);
    progress(`starting a ${type} of "${shortName(connection.name)}"`);
    const { started, isNew } =
      type === 'sync' ? await start(connection, type, call) : await startDestroying(connection, type, call);
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
    if (warning) data.warnings.push(warning);
    if (isNew && !isOwn) data.warnings.push(NOT_OWN);
    if (!isNew) data.already_running = true;
    const head = isNew ? '' : `Nothing was started: a ${started.type} of this connection runs already.\n`;
    return { text: `${head}${jobText(data)}`, data };
  },
});

/** No change of the connection by this session comes in between: a prefix that is taken away leads to other tables. */
function startDestroying({ id }: Connection, type: JobType, call: Call): ReturnType<typeof start> {
  return alone(id, async () => {
    const { services, signal } = call;
    const connection = await findConnection({ id }, services, signal);
    if (services.settings.modes.cloud.safe.on) {
      call.authorize('destroy', await clearedTargets(connection, services, signal));
    }
    return start(connection, type, call);
  });
}

async function start(
  { id }: Connection,
  type: JobType,
  { services, signal }: Call,
): Promise<{ readonly started: Job; readonly isNew: boolean }> {
  const { jobs } = services.cloud;
  try {
    return { started: await jobs.create(id, type), isNew: true };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'cloud_conflict') throw error;
    const { items } = await jobs.list({ connectionId: id }, { offset: 0, limit: 20 }, signal);
    const running = items.find(isActive);
    if (!running) throw error;
    return { started: running, isNew: false };
  }
}

function notActive({ name, status, statusReason }: Connection): InputError {
  const next: Record<string, string> = {
    inactive: 'Switch it on with update_cloud_object (kind connection, changes {"enabled": true}), then call again.',
    deprecated: 'It is deleted in Airbyte. list_cloud_objects with kind connection shows the others.',
  };
  return new InputError(
    'connection_not_active',
    `The connection "${shortName(name)}" is ${status}${statusReason ? ` (${statusReason.slice(0, 200)})` : ''}: nothing runs on it.`,
    next[status] ?? "A person must look at it in Airbyte's own pages.",
  );
}
