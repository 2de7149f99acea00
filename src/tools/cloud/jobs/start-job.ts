/** Starts a job for run_cloud_sync, after checking whose job is returned and which would be cancelled. */
import type { Connection, ConnectionStream, Job, StreamName } from '../../../cloud/index.ts';
import { InputError, RefusedError, SluiceError } from '../../../errors.ts';
import { findStreams, nearest, streamLabel } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { alone } from '../alone.ts';
import { shortName } from '../bounds.ts';
import { findConnection } from '../found-object.ts';
import { clearedTargets } from './cleared.ts';
import { isActive } from './job-answer.ts';

export const RUN_TYPES = ['sync', 'clear', 'reset', 'refresh', 'refresh_replace'] as const;
export type RunType = (typeof RUN_TYPES)[number];

export interface Started {
  readonly job: Job;
  /** Made by this call, and so this session's own. */
  readonly isNew: boolean;
  readonly warnings: readonly string[];
}

export interface Start {
  readonly type: RunType;
  /** As a person writes them; all by default. */
  readonly streams: readonly string[];
  /** Whether a running job may be cancelled. */
  readonly cancelRunning: boolean;
}

/** @throws InputError `job_would_be_cancelled`, `refresh_not_started`, `unknown_stream`; RefusedError; what the cloud throws */
export function startJob(connection: Connection, start: Start, call: Call): Promise<Started> {
  const streams = start.streams.map((name) => chosenStream(connection.streams, name));
  if (start.type === 'sync') {
    if (streams.length > 0) throw streamsOfSync();
    return startSync(connection, call);
  }
  return startDestroying(connection, start, streams, call);
}

async function startSync({ id }: Connection, { services, signal }: Call): Promise<Started> {
  const { jobs } = services.cloud;
  const { newest } = await lately(id, { services, signal });
  try {
    const job = await jobs.create(id, 'sync');
    return { job, isNew: isLater(job, newest), warnings: [] };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'cloud_conflict') throw error;
    const { running } = await lately(id, { services, signal });
    if (!running) throw error;
    return { job: running, isNew: false, warnings: [] };
  }
}

/** Runs without concurrent changes to the connection by this session: removing a prefix would affect other tables. */
function startDestroying(
  { id }: Connection,
  { type, cancelRunning }: Start,
  streams: readonly StreamName[],
  call: Call,
): Promise<Started> {
  return alone(id, async () => {
    const { services, signal } = call;
    const { jobs } = services.cloud;
    const connection = await findConnection({ id }, services, signal);
    if (services.settings.modes.cloud.safe.on) {
      call.authorize('destroy', await clearedTargets(connection, services, signal));
    }
    const { newest, running } = await lately(id, call);
    if (type === 'refresh' || type === 'refresh_replace') {
      const job = await jobs.refresh(id, type === 'refresh' ? 'Merge' : 'Truncate', streams);
      if (job) return { job, isNew: isLater(job, newest), warnings: [] };
      if (running) return { job: running, isNew: false, warnings: [REFRESH_LATER] };
      throw notRefreshed(connection);
    }
    if (running) refuseToCancel(running, type, cancelRunning, call);
    const job = await (streams.length > 0 ? jobs.clearStreams(id, streams) : jobs.create(id, type));
    return {
      job,
      isNew: isLater(job, newest),
      warnings: running ? [`Airbyte cancelled job ${running.id} (${running.type}) for it.`] : [],
    };
  });
}

const REFRESH_LATER = 'Airbyte has noted the refresh: the next run of this connection, after this job, will be it.';

/** The newest job of a connection, and the one that runs. */
async function lately(
  connectionId: string,
  { services, signal }: Pick<Call, 'services' | 'signal'>,
): Promise<{ readonly newest?: Job | undefined; readonly running?: Job | undefined }> {
  const { items } = await services.cloud.jobs.list({ connectionId }, { offset: 0, limit: 20 }, signal);
  return { newest: items[0], running: items.find(isActive) };
}

/** If a job is already queued, Airbyte returns it as if it were new. */
function isLater(job: Job, newest: Job | undefined): boolean {
  return newest === undefined || job.id > newest.id;
}

/** Airbyte would cancel the running job silently. */
function refuseToCancel(running: Job, type: RunType, cancelsRunning: boolean, { services }: Call): void {
  const what = `A ${running.type} runs on this connection (job ${running.id}, ${running.state}), and ${type} would cancel it.`;
  const wait = `Wait for its end (get_cloud_job with job_id ${running.id} and wait_seconds)`;
  const details = { job_id: running.id, type: running.type, state: running.state };
  if (services.settings.modes.cloud.safe.on) {
    throw new RefusedError('job_would_be_cancelled', what, `${wait}, then call again.`, { details });
  }
  if (cancelsRunning) return;
  const next = `${wait}; or ask the person, and call again with cancel_running.`;
  throw new InputError('job_would_be_cancelled', what, next, { details });
}

function notRefreshed({ name, destinationId }: Connection): InputError {
  return new InputError(
    'refresh_not_started',
    `Airbyte started no refresh of "${shortName(name)}": its destination (${destinationId}) cannot refresh.`,
    'Use job_type clear and then sync, which delete the data and read it again; or a newer version of the destination.',
  );
}

function chosenStream(all: readonly ConnectionStream[], name: string): StreamName {
  const [found, second] = findStreams({ streams: all }, name);
  if (found && !second) return { name: found.name, namespace: found.namespace };
  const labels = all.map((stream) => streamLabel({ streams: all }, stream));
  throw new InputError(
    found ? 'ambiguous_stream' : 'unknown_stream',
    `The connection reads ${found ? 'several streams' : 'no stream'} called ${JSON.stringify(name.slice(0, 80))}.`,
    `Its streams: ${nearest(name, labels).join(', ') || 'none'}.`,
  );
}

function streamsOfSync(): InputError {
  return new InputError(
    'argument_does_not_fit',
    'A sync reads all streams of its connection.',
    'Leave streams out, or give it with clear or refresh; update_cloud_object changes which streams are read.',
  );
}
