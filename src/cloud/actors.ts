/** Sources and destinations of an Airbyte: the same deeds under two names. */
import * as z from 'zod';
import { anything, check, destination, listOf, offeredStreams, source, specification } from './answers.ts';
import type { Ask } from './ask.ts';
import { discoveryFailed } from './errors.ts';
import type { Actor, ActorKind, Cloud } from './types.ts';
import { type Endpoint, pageOf } from './urls.ts';

const nameOnly = z.object({ name: z.string() });
const ANSWERS: Record<ActorKind, z.ZodType<Actor>> = { source, destination };
/** Connectors are started for these. */
const SLOW_MS = 290_000;

export function createActors(ask: Ask): Cloud['actors'] {
  const path = (kind: ActorKind, ...id: string[]): Endpoint => ({ api: [`${kind}s`, ...id] });
  return {
    list: async (kind, workspaceId, page, signal) =>
      pageOf(
        page,
        await ask({
          method: 'GET',
          endpoint: { api: [`${kind}s`], query: { workspaceIds: workspaceId, limit: page.limit, offset: page.offset } },
          retry: 'read',
          answer: listOf(ANSWERS[kind]),
          signal,
        }),
      ),
    get: (kind, id, signal) =>
      ask({ method: 'GET', endpoint: path(kind, id), retry: 'read', answer: ANSWERS[kind], signal }),
    create: (kind, body) =>
      ask({ method: 'POST', endpoint: path(kind), body, retry: 'create', answer: ANSWERS[kind], timeoutMs: 60_000 }),
    update: (kind, id, body) =>
      ask({
        method: 'PATCH',
        endpoint: path(kind, id),
        body,
        retry: 'change',
        answer: ANSWERS[kind],
        timeoutMs: 60_000,
      }),
    async replace(kind, id, { name, configuration }) {
      // As Airbyte has it: the name that is shown elsewhere may have something hidden in it.
      const own =
        name ??
        (await ask({ method: 'GET', endpoint: path(kind, id), retry: 'read', answer: nameOnly, signal: undefined }))
          .name;
      return ask({
        method: 'PUT',
        endpoint: path(kind, id),
        body: { name: own, configuration },
        retry: 'change',
        answer: ANSWERS[kind],
        timeoutMs: 60_000,
      });
    },
    delete: async (kind, id) => {
      await ask({ method: 'DELETE', endpoint: path(kind, id), retry: 'change', answer: anything });
    },
    check: (kind, id, signal) =>
      ask({
        method: 'POST',
        endpoint: { config: `${kind}s/check_connection` },
        body: { [`${kind}Id`]: id },
        retry: 'read',
        answer: check,
        timeoutMs: SLOW_MS,
        signal,
      }),
    spec: (kind, definitionId, workspaceId, signal) =>
      ask({
        method: 'POST',
        endpoint: { config: `${kind}_definition_specifications/get` },
        body: { [`${kind}DefinitionId`]: definitionId, workspaceId },
        retry: 'read',
        answer: specification,
        signal,
      }),
    streams: (sourceId, { destinationId, ignoreCache }, signal) =>
      ask({
        method: 'GET',
        endpoint: {
          api: ['streams'],
          query: { sourceId, destinationId, ignoreCache: ignoreCache ? 'true' : undefined },
        },
        // The source itself failed, and says why: it would fail again.
        refusedAs: ({ status, title }) =>
          status === 500 && title === 'unexpected-problem' ? discoveryFailed : undefined,
        retry: 'read',
        answer: offeredStreams,
        timeoutMs: SLOW_MS,
        signal,
      }),
  };
}
