/** Connections: a source joined to a destination. */
import { isObject, type JsonObject, type JsonValue } from '../protocol/index.ts';
import { anObject, anything, connection, connectionCatalog, listOf, tags } from './answers.ts';
import type { Ask } from './ask.ts';
import type { Cloud, ConnectionChanges, ConnectionStream } from './types.ts';
import { type Endpoint, pageOf } from './urls.ts';

export function createConnections(ask: Ask): Cloud['connections'] {
  const path = (id: string): Endpoint => ({ api: ['connections', id] });
  return {
    list: async (workspaceId, page, signal) =>
      pageOf(
        page,
        await ask({
          method: 'GET',
          endpoint: {
            api: ['connections'],
            query: { workspaceIds: workspaceId, limit: page.limit, offset: page.offset },
          },
          retry: 'read',
          answer: listOf(connection),
          signal,
        }),
      ),
    get: (id, signal) => ask({ method: 'GET', endpoint: path(id), retry: 'read', answer: connection, signal }),
    create: ({ sourceId, destinationId, ...changes }) =>
      ask({
        method: 'POST',
        endpoint: { api: ['connections'] },
        body: { sourceId, destinationId, ...bodyOf(changes) },
        retry: 'create',
        answer: connection,
        // The source is asked for its streams.
        timeoutMs: 290_000,
      }),
    update: (id, changes) =>
      ask({
        method: 'PATCH',
        endpoint: path(id),
        body: bodyOf(changes),
        retry: 'change',
        answer: connection,
        timeoutMs: 290_000,
      }),
    setCron: async (id, cronExpression, cronTimeZone) => {
      await ask({
        method: 'POST',
        endpoint: { config: 'connections/update' },
        body: { connectionId: id, scheduleType: 'cron', scheduleData: { cron: { cronExpression, cronTimeZone } } },
        retry: 'change',
        answer: anything,
        timeoutMs: 120_000,
      });
    },
    delete: async (id) => {
      await ask({ method: 'DELETE', endpoint: path(id), retry: 'change', answer: anything });
    },
    tags: (workspaceId, signal) =>
      ask({
        method: 'GET',
        endpoint: { api: ['tags'], query: { workspaceIds: workspaceId } },
        retry: 'read',
        answer: tags,
        signal,
      }),
    state: (id, signal) =>
      ask({
        method: 'POST',
        endpoint: { config: 'state/get' },
        body: { connectionId: id },
        retry: 'read',
        answer: anObject,
        signal,
      }),
    catalog: (id, signal) =>
      ask({
        method: 'POST',
        endpoint: { config: 'web_backend/connections/get' },
        body: { connectionId: id, withRefreshedCatalog: false },
        retry: 'read',
        answer: connectionCatalog,
        timeoutMs: 120_000,
        signal,
      }),
  };
}

function bodyOf(changes: ConnectionChanges): object {
  const { name, enabled, schedule, prefix, namespace, schemaChanges, tags: own, streams } = changes;
  return {
    ...(name === undefined ? {} : { name }),
    ...(enabled === undefined ? {} : { status: enabled ? 'active' : 'inactive' }),
    ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(namespace === undefined ? {} : namespaceOf(namespace)),
    ...(schemaChanges === undefined ? {} : { nonBreakingSchemaUpdatesBehavior: schemaChanges }),
    ...(own === undefined ? {} : { tags: own.map(({ id: tagId, ...rest }) => ({ tagId, ...rest })) }),
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

/** Airbyte reads out an empty list for what a stream does not have, and refuses `selectedFields: []` when it is sent back. */
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
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNull(item)]));
}
