/** Sources and destinations of an Airbyte: the same operations under two names. */
import * as z from 'zod';
import { anything, check, destination, offeredStreams, source, specification } from './answers.ts';
import { discoveryFailed, type Refusal } from './errors.ts';
import { type Ask, CONNECTOR_MS, change, create, listPage, type Path, read, readConfig, remove } from './requests.ts';
import type { Actor, ActorKind, Cloud } from './types.ts';

const nameOnly = z.object({ name: z.string() });
const ANSWERS: Record<ActorKind, z.ZodType<Actor>> = { source, destination };

export function createActors(ask: Ask): Cloud['actors'] {
  return {
    list: (kind, workspaceId, page, signal) =>
      listPage(ask, pathOf(kind), ANSWERS[kind], page, signal, { workspaceIds: workspaceId }),
    get: (kind, id, signal) => ask(read(pathOf(kind, id), ANSWERS[kind], signal)),
    create: (kind, body) => ask(create(pathOf(kind), body, ANSWERS[kind])),
    update: (kind, id, body) => ask(change('PATCH', pathOf(kind, id), body, ANSWERS[kind])),
    async replace(kind, id, { name, configuration }) {
      // The name as Airbyte has it: the one that is shown elsewhere may have a secret redacted in it.
      const sentName = name ?? (await ask(read(pathOf(kind, id), nameOnly, undefined))).name;
      return ask(change('PUT', pathOf(kind, id), { name: sentName, configuration }, ANSWERS[kind]));
    },
    delete: async (kind, id) => {
      await ask(remove(pathOf(kind, id), anything));
    },
    check: (kind, id, signal) =>
      ask(readConfig(`${kind}s/check_connection`, { [`${kind}Id`]: id }, check, signal, CONNECTOR_MS)),
    spec: (kind, definitionId, workspaceId, signal) => {
      const body = { [`${kind}DefinitionId`]: definitionId, workspaceId };
      return ask(readConfig(`${kind}_definition_specifications/get`, body, specification, signal));
    },
    streams: (sourceId, { destinationId, ignoreCache }, signal) => {
      const query = { sourceId, destinationId, ignoreCache: ignoreCache ? 'true' : undefined };
      const request = read(['streams'], offeredStreams, signal, query);
      return ask({ ...request, refusedAs: failedDiscovery, timeoutMs: CONNECTOR_MS });
    },
  };
}

function pathOf(kind: ActorKind, ...id: string[]): Path {
  return [`${kind}s`, ...id];
}

/** With this status and title the source's own connector has failed: a retry would fail the same way. */
function failedDiscovery({ status, title }: Refusal): typeof discoveryFailed | undefined {
  return status === 500 && title === 'unexpected-problem' ? discoveryFailed : undefined;
}
