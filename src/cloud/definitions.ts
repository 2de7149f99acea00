/** Low-code connectors of a workspace, and their drafts in the connector builder. */
import { anything, builderDraft, builderProject, definition, listOf } from './answers.ts';
import { type Ask, change, changeByConfig, create, type Path, read, readConfig, remove } from './requests.ts';
import type { Cloud, Draft } from './types.ts';

export function createDefinitions(ask: Ask): Cloud['definitions'] {
  return {
    list: (workspaceId, signal) => ask(read(pathOf(workspaceId), listOf(definition), signal)),
    get: (workspaceId, id, signal) => ask(read(pathOf(workspaceId, id), definition, signal)),
    create: (workspaceId, { name, manifest }) => ask(create(pathOf(workspaceId), { name, manifest }, definition)),
    update: (workspaceId, id, manifest) => ask(change('PUT', pathOf(workspaceId, id), { manifest }, definition)),
    delete: async (workspaceId, id) => {
      await ask(remove(pathOf(workspaceId, id), anything));
    },
    async setTestingValues(workspaceId, builderProjectId, spec, testingValues) {
      const body = { workspaceId, builderProjectId, spec, testingValues };
      await ask(changeByConfig('connector_builder_projects/update_testing_values', body, anything));
    },
    draft: (workspaceId, id, signal) => draftOf(ask, workspaceId, id, signal),
  };
}

function pathOf(workspaceId: string, ...id: string[]): Path {
  return ['workspaces', workspaceId, 'definitions', 'declarative_sources', ...id];
}

async function draftOf(ask: Ask, workspaceId: string, id: string, signal: AbortSignal): Promise<Draft | undefined> {
  const lookup = { actorDefinitionId: id, workspaceId };
  const projectId = await ask(
    readConfig('connector_builder_projects/get_for_definition_id', lookup, builderProject, signal),
  );
  if (projectId === undefined) return undefined;
  const body = { workspaceId, builderProjectId: projectId };
  const { declarativeManifest, testingValues } = await ask(
    readConfig('connector_builder_projects/get_with_manifest', body, builderDraft, signal),
  );
  const { manifest, isDraft = false } = declarativeManifest ?? {};
  return manifest && { manifest, isDraft, projectId, testingValues };
}
