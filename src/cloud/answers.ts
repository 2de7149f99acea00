/** The shapes of Airbyte's answers, only the fields in use: https://reference.airbyte.com and the platform's OpenAPI documents. Unknown fields are ignored. */
import * as z from 'zod';
import type { JsonObject } from '../protocol/index.ts';

/** Servers send null for an absent value. */
export const maybe = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);

export const anObject = z.record(z.string(), z.unknown()).transform((value) => value as JsonObject);
const text = maybe(z.string());
const number = maybe(z.number());
const words = maybe(z.array(z.string()));
/** Ids become parts of URLs and of messages, so anything that could break out of either is refused. */
export const anId = z.string().regex(/^[\w-]{1,80}$/);
/** A word of the server's vocabulary, which may grow. */
export const aWord = z.string().regex(/^[^\p{Cc}]{1,100}$/u);
const key = maybe(z.array(z.array(z.string())));

/** The answer to a request whose body is not used. */
export const anything = z.unknown();

/** Airbyte omits an empty list. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: maybe(z.array(item)) }).transform(({ data }) => data ?? []);

export const workspace = z
  .object({ workspaceId: anId, name: z.string(), dataResidency: text })
  .transform(({ workspaceId: id, ...rest }) => ({ id, ...rest }));

export const organizationWorkspaces = z
  .object({ workspaces: maybe(z.array(workspace)) })
  .transform((answer) => answer.workspaces ?? []);

export const organization = z
  .object({ organizationId: anId, organizationName: z.string(), email: text })
  .transform(({ organizationId: id, organizationName: name, email }) => ({ id, name, email }));

export const organizationInfo = z
  .object({
    organizationId: anId,
    organizationName: z.string(),
    billing: maybe(
      z.object({
        paymentStatus: text,
        subscriptionStatus: text,
        accountType: text,
        gracePeriodEndsAt: number,
      }),
    ),
  })
  .transform(({ organizationId: id, organizationName: name, billing }) => ({ id, name, billing }));

const actor = {
  name: z.string(),
  definitionId: anId,
  workspaceId: anId,
  configuration: anObject.nullish().transform((value) => value ?? {}),
  createdAt: number,
};

/** Empty or absent for more than half of the connectors, and for every custom one. */
const typeName = maybe(z.union([aWord, z.literal('')])).transform((name) => name || undefined);

export const source = z
  .object({ sourceId: anId, sourceType: typeName, ...actor })
  .transform(({ sourceId: id, sourceType: type, ...rest }) => ({ kind: 'source' as const, id, type, ...rest }));

export const destination = z
  .object({ destinationId: anId, destinationType: typeName, ...actor })
  .transform(({ destinationId: id, destinationType: type, ...rest }) => ({
    kind: 'destination' as const,
    id,
    type,
    ...rest,
  }));

export const check = z
  .object({
    status: text,
    message: text,
    jobInfo: z.object({ failureReason: maybe(z.object({ externalMessage: text })) }),
  })
  .transform(({ status, message, jobInfo }) => ({
    succeeded: status === 'succeeded',
    message: message || jobInfo.failureReason?.externalMessage,
  }));

export const specification = z
  .object({ connectionSpecification: anObject.nullish() })
  .transform(({ connectionSpecification: spec }) => spec ?? {});

export const offeredStreams = z.array(
  z
    .object({
      streamName: text,
      streamnamespace: text,
      syncModes: words,
      defaultCursorField: words,
      sourceDefinedCursorField: maybe(z.boolean()),
      sourceDefinedPrimaryKey: key,
      propertyFields: key,
    })
    .transform((stream) => ({
      name: stream.streamName ?? '',
      namespace: stream.streamnamespace || undefined,
      modes: stream.syncModes ?? [],
      defaultCursorField: stream.defaultCursorField ?? [],
      sourceDefinedCursor: stream.sourceDefinedCursorField ?? false,
      primaryKey: stream.sourceDefinedPrimaryKey ?? [],
      fields: stream.propertyFields ?? [],
    })),
);

/** Fields of a stream that Sluice does not know, such as mappers, must survive a change. */
const connectionStream = z
  .looseObject({
    name: z.string(),
    namespace: text,
    syncMode: text,
    cursorField: words,
    primaryKey: key,
    selectedFields: maybe(z.array(z.object({ fieldPath: words }))),
  })
  .transform(({ name, namespace, syncMode: mode, cursorField, primaryKey, selectedFields, ...rest }) => ({
    name,
    namespace: namespace || undefined,
    mode,
    cursorField,
    primaryKey,
    // Airbyte sends an empty list where all fields are selected.
    fields: selectedFields?.length ? selectedFields.map(({ fieldPath }) => fieldPath ?? []) : undefined,
    rest: rest as JsonObject,
  }));

const tag = z
  .object({ tagId: anId, name: z.string(), workspaceId: anId, color: z.string() })
  .transform(({ tagId: id, ...rest }) => ({ id, ...rest }));

export const tags = listOf(tag);

export const connection = z
  .object({
    connectionId: anId,
    name: z.string(),
    sourceId: anId,
    destinationId: anId,
    workspaceId: anId,
    status: aWord,
    statusReason: text,
    schedule: maybe(z.object({ scheduleType: aWord, cronExpression: text, basicTiming: text })),
    prefix: text,
    namespaceDefinition: text,
    namespaceFormat: text,
    nonBreakingSchemaUpdatesBehavior: text,
    tags: maybe(z.array(tag)),
    configurations: maybe(z.object({ streams: maybe(z.array(connectionStream)) })),
    createdAt: number,
  })
  .transform(
    ({ connectionId: id, schedule, configurations, nonBreakingSchemaUpdatesBehavior, tags: own, ...rest }) => ({
      id,
      ...rest,
      schemaChanges: nonBreakingSchemaUpdatesBehavior,
      tags: own ?? [],
      schedule: schedule
        ? { type: schedule.scheduleType, cron: schedule.cronExpression, timing: schedule.basicTiming }
        : { type: 'manual' },
      streams: configurations?.streams ?? [],
    }),
  );

export const connectionCatalog = z.object({ syncCatalog: anObject }).transform(({ syncCatalog }) => syncCatalog);

export const definition = z
  .object({ id: anId, name: z.string(), manifest: anObject, version: maybe(z.union([z.string(), z.number()])) })
  .transform(({ version, ...rest }) => ({ ...rest, version: version === undefined ? undefined : String(version) }));

export const builderProject = z
  .object({ builderProjectId: text })
  .transform(({ builderProjectId }) => builderProjectId);

export const builderDraft = z.object({
  declarativeManifest: maybe(z.object({ manifest: maybe(anObject), isDraft: maybe(z.boolean()) })),
  testingValues: maybe(anObject),
});

export const applications = z.object({
  applications: maybe(z.array(z.object({ name: text, clientId: text }))),
});
