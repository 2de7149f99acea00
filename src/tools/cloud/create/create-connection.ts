/** Creates a connection between a source and a destination. */
import type { Connection, ConnectionStream, OfferedStream } from '../../../cloud/index.ts';
import { abortError, InputError, SluiceError } from '../../../errors.ts';
import type { Call } from '../../tool.ts';
import { chosenTags } from '../connection-options.ts';
import { isAsAsked, NOT_OWN } from '../created-as-asked.ts';
import { type FoundObject, findObject } from '../found-object.ts';
import { missing } from '../kind-arguments.ts';
import { chosenOfOffered } from '../offered-streams.ts';
import { checkSchedule, type GivenSchedule, nextRun, publicSchedule } from '../schedule.ts';
import { chooseStreams, noStreams, type StreamRequest } from '../stream-choice.ts';
import type { CreateInput, Creator } from './creator.ts';
import { refuseTakenName } from './taken-name.ts';

export const createConnection: Creator = async (input, call, enter) => {
  const { services, signal, progress } = call;
  const timed = checkSchedule(input.schedule ?? 'manual');
  const requests = await requested(input, call);
  const { source, destination } = await findEnds(input, call);
  await refuseTakenName(input, source.workspaceId, call);
  const tags = await chosenTags(input.tags, source.workspaceId, call);
  const ends = { sourceId: source.id, destinationId: destination.id };
  const choose = (offered: readonly OfferedStream[]): ConnectionStream[] => {
    if (requests === undefined) throw noStreams(offered);
    return chooseStreams(offered, requests);
  };
  const streams = await chosenOfOffered(ends, input.discover ?? false, choose, call);
  if (signal.aborted) throw abortError(signal);
  progress('creating the connection in Airbyte');
  // The public API knows UTC only: another time zone is set afterwards.
  const isElsewhere = timed.timeZone !== undefined && timed.timeZone !== 'UTC';
  const made = await services.cloud.connections.create({
    name: input.name,
    ...ends,
    schedule: isElsewhere ? 'manual' : publicSchedule(timed),
    prefix: input.prefix,
    namespace: input.namespace,
    schemaChanges: input.schema_changes,
    tags,
    streams,
  });
  const isOwn = isAsAsked(made, ends);
  if (isOwn) enter(made);
  const warnings = [
    ...(isOwn ? [] : [NOT_OWN]),
    ...(isElsewhere && isOwn ? await inTimeZone(made.id, timed, call) : []),
  ];
  const shown = shownStreams(made.streams.length > 0 ? made.streams : streams);
  return {
    ...(await answerOf(made, timed, shown, warnings)),
    after: {
      source: source.name,
      destination: destination.name,
      streams: shown,
      schedule: timed,
      prefix: input.prefix,
    },
  };
};

/** @throws InputError `argument_missing`, `other_workspace`, and as `findObject` */
async function findEnds(
  { source_id: sourceId, destination_id: destinationId, workspace_id }: CreateInput,
  { services, signal }: Call,
): Promise<{ readonly source: FoundObject; readonly destination: FoundObject }> {
  if (sourceId === undefined || destinationId === undefined) {
    throw missing('connection', 'source_id and destination_id', 'list_cloud_objects shows the ids of both kinds.');
  }
  const [source, destination] = await Promise.all([
    findObject({ kind: 'source', id: sourceId, workspace_id, field: 'source_id' }, services, signal),
    findObject({ kind: 'destination', id: destinationId, workspace_id, field: 'destination_id' }, services, signal),
  ]);
  if (source.workspaceId === destination.workspaceId) return { source, destination };
  throw new InputError(
    'other_workspace',
    `The source is in workspace ${source.workspaceId}, the destination in ${destination.workspaceId}.`,
    'Choose a source and a destination in the same workspace.',
  );
}

interface ShownStream {
  readonly stream: string;
  readonly mode: ConnectionStream['mode'];
}

function shownStreams(streams: readonly ConnectionStream[]): ShownStream[] {
  return streams.map(({ name, namespace, mode }) => ({
    stream: namespace === undefined ? name : `${namespace}.${name}`,
    mode,
  }));
}

async function answerOf(
  made: Connection,
  timed: GivenSchedule,
  streams: readonly ShownStream[],
  warnings: readonly string[],
): Promise<Omit<Awaited<ReturnType<Creator>>, 'after'>> {
  const { expression, timeZone } = timed;
  const next = warnings.length === 0 ? await nextRun(timed) : undefined;
  return {
    kind: 'connection',
    id: made.id,
    name: made.name,
    workspaceId: made.workspaceId,
    more: {
      streams: [...streams],
      schedule: expression,
      time_zone: timeZone,
      next_run: next,
      ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
    },
    lines: [
      `Streams: ${streams.map(({ stream, mode }) => `${stream} (${mode ?? 'default mode'})`).join(', ')}`,
      `Schedule: ${[expression, timeZone].filter(Boolean).join(' ')}${next ? `; next run ${next}` : ''}`,
    ],
    next: `run_cloud_sync with connection_id ${made.id}.`,
  };
}

/** The connection exists by now: a schedule that cannot be set is a warning, with the way to set it. */
async function inTimeZone(
  id: string,
  { expression, timeZone = '' }: GivenSchedule,
  { services }: Call,
): Promise<string[]> {
  try {
    await services.cloud.connections.setCron(id, expression, timeZone);
    return [];
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return [
      `It has no schedule: ${error.message} ${error.next} Then update_cloud_object with changes {"schedule": "${expression} ${timeZone}"}.`,
    ];
  }
}

/** Undefined if the call names no streams at all. */
async function requested(
  { streams, from_source: source }: CreateInput,
  call: Call,
): Promise<StreamRequest[] | undefined> {
  if (source === undefined) return streams;
  if (streams === undefined) return syncedLast(source, call);
  throw new InputError(
    'argument_does_not_fit',
    'streams and from_source do not go together: the one names streams, the other takes those of the last local sync.',
    'Give one of them.',
  );
}

async function syncedLast(name: string, { services }: Call): Promise<StreamRequest[]> {
  const { sources, syncs } = services;
  await sources.get(name);
  const last = (await syncs.recent(Number.POSITIVE_INFINITY)).find(({ source }) => source === name);
  if (!last || last.streams.length === 0) {
    throw new InputError(
      'never_synced',
      `"${name}" was never synced on this machine.`,
      'Name streams instead of from_source, or start_sync first.',
    );
  }
  const options = await syncs.lastOptions(name, last.destination);
  return last.streams.map(({ stream, mode }) => {
    const option = options.find((candidate) => candidate.stream === stream);
    return {
      stream,
      mode,
      cursor_field: mode.startsWith('incremental') ? option?.cursorField : undefined,
      primary_key: option?.primaryKey && [...option.primaryKey],
    };
  });
}
