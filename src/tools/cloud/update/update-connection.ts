import type { Connection, ConnectionStream, OfferedStream } from '../../../cloud/index.ts';
import { abortError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/index.ts';
import type { Call } from '../../tool.ts';
import { alone } from '../alone.ts';
import { chosenTags, namespaceText } from '../connection-options.ts';
import { chosenOfOffered } from '../offered-streams.ts';
import { checkSchedule, publicSchedule, scheduleValue } from '../schedule.ts';
import { chooseStreams } from '../stream-choice.ts';
import type { Changed, Changes } from './changes.ts';

export async function updateConnection(connection: Connection, changes: Changes, call: Call): Promise<Changed> {
  const { services, signal, progress } = call;
  const { cloud } = services;
  const { name, enabled, prefix, schedule, streams: requests } = changes;
  const timed = schedule === undefined ? undefined : checkSchedule(schedule);
  const choose = (offered: readonly OfferedStream[]): ConnectionStream[] =>
    chooseStreams(offered, requests ?? [], connection.streams);
  const streams = requests && (await chosenOfOffered(connection, changes.discover ?? false, choose, call));
  const tags = await chosenTags(changes.tags, connection.workspaceId, call);
  if (signal.aborted) throw abortError(signal);
  progress('changing the connection in Airbyte');
  const zone = timed?.timeZone;
  const isElsewhere = timed !== undefined && zone !== undefined && zone !== 'UTC';
  const rest = {
    name,
    enabled,
    prefix,
    schedule: isElsewhere ? undefined : timed && publicSchedule(timed),
    namespace: changes.namespace,
    schemaChanges: changes.schema_changes,
    tags,
    streams,
  };
  const changed = await alone(connection.id, async () => {
    // First: where it is refused, nothing has been changed.
    if (isElsewhere) await cloud.connections.setCron(connection.id, timed.expression, zone);
    const isAll = Object.values(rest).every((value) => value === undefined);
    return isAll ? cloud.connections.get(connection.id, signal) : cloud.connections.update(connection.id, rest);
  });
  return { name: changed.name, before: partly(connection, changes), after: partly(changed, changes) };
}

function partly(connection: Connection, changes: Changes): JsonObject {
  const { name, status, schedule, prefix, schemaChanges, tags, streams } = connection;
  const all: JsonObject = {
    name,
    enabled: status === 'active',
    schedule: scheduleValue(schedule),
    prefix: prefix ?? '',
    namespace: namespaceText(connection) ?? '',
    schema_changes: schemaChanges ?? '',
    tags: tags.map((tag) => tag.name),
    streams: streams.map(shownStream),
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => changes[key as keyof Changes] !== undefined));
}

function shownStream({ name, namespace, mode, cursorField, primaryKey, fields }: ConnectionStream): JsonObject {
  return {
    stream: namespace === undefined ? name : `${namespace}.${name}`,
    ...(mode === undefined ? {} : { mode }),
    ...(cursorField?.length ? { cursor_field: cursorField.join('.') } : {}),
    ...(primaryKey?.length ? { primary_key: primaryKey.map((path) => path.join('.')) } : {}),
    ...(fields?.length ? { fields: fields.map((path) => path.join('.')) } : {}),
  };
}
