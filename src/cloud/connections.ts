/** Connections: a source joined to a destination. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { anObject, anything, connection, connectionCatalog, tags } from './answers.ts';
import {
  type Ask,
  CONNECTOR_MS,
  change,
  changeByConfig,
  create,
  listPage,
  read,
  readConfig,
  remove,
} from './requests.ts';
import type { Cloud, ConnectionChanges, ConnectionStream } from './types.ts';

/** Airbyte reads a large catalog, or writes one, for these. */
const CATALOG_MS = 120_000;

export function createConnections(ask: Ask): Cloud['connections'] {
  return {
    list: (workspaceId, page, signal) =>
      listPage(ask, ['connections'], connection, page, signal, { workspaceIds: workspaceId }),
    get: (id, signal) => ask(read(['connections', id], connection, signal)),
    // Airbyte asks the source for its streams when a connection is created or changed.
    create: ({ sourceId, destinationId, ...changes }) =>
      ask(create(['connections'], { sourceId, destinationId, ...bodyOf(changes) }, connection, CONNECTOR_MS)),
    update: (id, changes) => ask(change('PATCH', ['connections', id], bodyOf(changes), connection, CONNECTOR_MS)),
    setCron: async (id, cronExpression, cronTimeZone) => {
      const scheduleData = { cron: { cronExpression, cronTimeZone } };
      const body = { connectionId: id, scheduleType: 'cron', scheduleData };
      await ask(changeByConfig('connections/update', body, anything, CATALOG_MS));
    },
    delete: async (id) => {
      await ask(remove(['connections', id], anything));
    },
    tags: (workspaceId, signal) => ask(read(['tags'], tags, signal, { workspaceIds: workspaceId })),
    state: (id, signal) => ask(readConfig('state/get', { connectionId: id }, anObject, signal)),
    catalog: (id, signal) => {
      const body = { connectionId: id, withRefreshedCatalog: false };
      return ask(readConfig('web_backend/connections/get', body, connectionCatalog, signal, CATALOG_MS));
    },
  };
}

function bodyOf(changes: ConnectionChanges): object {
  const { name, enabled, schedule, prefix, namespace, schemaChanges, tags: newTags, streams } = changes;
  return {
    ...(name === undefined ? {} : { name }),
    ...(enabled === undefined ? {} : { status: enabled ? 'active' : 'inactive' }),
    ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(namespace === undefined ? {} : namespaceOf(namespace)),
    ...(schemaChanges === undefined ? {} : { nonBreakingSchemaUpdatesBehavior: schemaChanges }),
    ...(newTags === undefined ? {} : { tags: newTags.map(({ id: tagId, ...rest }) => ({ tagId, ...rest })) }),
    ...(streams === undefined ? {} : { configurations: { streams: streams.map(streamOf) } }),
  };
}

function namespaceOf(namespace: string): object {
  if (namespace === 'source' || namespace === 'destination') return { namespaceDefinition: namespace };
  return { namespaceDefinition: 'custom_format', namespaceFormat: namespace };
}

function scheduleOf(schedule: string): object {
  return schedule === 'manual' ? { scheduleType: 'manual' } : { scheduleType: 'cron', cronExpression: schedule };
}

function streamOf(stream: ConnectionStream): JsonObject {
  const { name, namespace, mode, cursorField, primaryKey, fields, rest = {} } = stream;
  return {
    ...withoutEmpty(rest),
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(mode === undefined ? {} : { syncMode: mode }),
    ...(cursorField?.length ? { cursorField: [...cursorField] } : {}),
    ...(primaryKey?.length ? { primaryKey: primaryKey.map((path) => [...path]) } : {}),
    ...(fields?.length ? { selectedFields: fields.map((path) => ({ fieldPath: [...path] })) } : {}),
  };
}

/** Airbyte returns an empty list for each setting that a stream does not have, and rejects `selectedFields: []` when it is sent back. */
function withoutEmpty(rest: JsonObject): JsonObject {
  const isEmpty = (value: JsonValue): boolean => Array.isArray(value) && value.length === 0;
  return Object.fromEntries(
    Object.entries(rest).flatMap(([key, value]) =>
      value === null || isEmpty(value) ? [] : [[key, withoutNull(value)]],
    ),
  );
}

function withoutNull(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isObject(value)) return value;
  const present = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(present.map(([key, item]) => [key, withoutNull(item)]));
}
