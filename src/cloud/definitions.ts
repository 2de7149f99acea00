/** Low-code connectors of a workspace, and their drafts in the connector builder. */
import { anything, builderDraft, builderProject, definition, listOf } from './answers.ts';
import type { Ask } from './ask.ts';
import type { Cloud } from './types.ts';
import type { Endpoint } from './urls.ts';

export function createDefinitions(ask: Ask): Cloud['definitions'] {
  const path = (workspaceId: string, ...id: string[]): Endpoint => ({
    api: ['workspaces', workspaceId, 'definitions', 'declarative_sources', ...id],
  });
  return {
    list: (workspaceId, signal) =>
      ask({ method: 'GET', endpoint: path(workspaceId), retry: 'read', answer: listOf(definition), signal }),
    get: (workspaceId, id, signal) =>
      ask({ method: 'GET', endpoint: path(workspaceId, id), retry: 'read', answer: definition, signal }),
    create: (workspaceId, { name, manifest }) =>
      ask({
        method: 'POST',
        endpoint: path(workspaceId),
        body: { name, manifest },
        retry: 'create',
        answer: definition,
        timeoutMs: 60_000,
      }),
    update: (workspaceId, id, manifest) =>
      ask({
        method: 'PUT',
        endpoint: path(workspaceId, id),
        body: { manifest },
        retry: 'change',
        answer: definition,
        timeoutMs: 60_000,
      }),
    delete: async (workspaceId, id) => {
      await ask({ method: 'DELETE', endpoint: path(workspaceId, id), retry: 'change', answer: anything });
    },
    async setTestingValues(workspaceId, builderProjectId, spec, testingValues) {
      await ask({
        method: 'POST',
        endpoint: { config: 'connector_builder_projects/update_testing_values' },
        body: { workspaceId, builderProjectId, spec, testingValues },
        retry: 'change',
        answer: anything,
        timeoutMs: 60_000,
      });
    },
    async draft(workspaceId, id, signal) {
      const projectId = await ask({
        method: 'POST',
        endpoint: { config: 'connector_builder_projects/get_for_definition_id' },
        body: { actorDefinitionId: id, workspaceId },
        retry: 'read',
        answer: builderProject,
        signal,
      });
      if (projectId === undefined) return undefined;
      const { declarativeManifest, testingValues } = await ask({
        method: 'POST',
        endpoint: { config: 'connector_builder_projects/get_with_manifest' },
        body: { workspaceId, builderProjectId: projectId },
        retry: 'read',
        answer: builderDraft,
        signal,
      });
      const { manifest, isDraft = false } = declarativeManifest ?? {};
      return manifest && { manifest, isDraft, projectId, testingValues };
    },
  };
}
