/** Workspaces and organizations: found from the credentials alone. */
import type { CloudSettings } from '../config/index.ts';
import { InputError, SetupError, SluiceError } from '../errors.ts';
import { listOf, organization, organizationInfo, organizationWorkspaces, workspace } from './answers.ts';
import type { Ask } from './ask.ts';
import type { Cloud, Paged } from './types.ts';
import { pageOf } from './urls.ts';
import type { Workspace } from './workspace-types.ts';

const MAX_LISTED = 20;

export function createWorkspaces(ask: Ask, settings: CloudSettings): Pick<Cloud, 'workspaces' | 'organizations'> {
  /** The only one of the credentials, once it was found: it does not become another one. */
  let only: Workspace | undefined;

  const organizationOf = (body: object, path: string, signal: AbortSignal) =>
    ask({ method: 'POST', endpoint: { config: path }, body, retry: 'read', answer: organizationInfo, signal });

  const inOrganization = async (organizationId: string, signal: AbortSignal): Promise<Paged<Workspace>> => ({
    items: await ask({
      method: 'POST',
      endpoint: { config: 'workspaces/list_by_organization_id' },
      body: { organizationId, pagination: { pageSize: 100, rowOffset: 0 } },
      retry: 'read',
      answer: organizationWorkspaces,
      signal,
    }),
  });

  const workspaces: Cloud['workspaces'] = {
    list: async (page, signal) =>
      pageOf(
        page,
        await ask({
          method: 'GET',
          endpoint: { api: ['workspaces'], query: { limit: page.limit, offset: page.offset } },
          retry: 'read',
          answer: listOf(workspace),
          signal,
        }),
      ),
    get: (id, signal) =>
      ask({ method: 'GET', endpoint: { api: ['workspaces', id] }, retry: 'read', answer: workspace, signal }),
    organization: (id, signal) => organizationOf({ workspaceId: id }, 'workspaces/get_organization_info', signal),
    async choose(wanted, signal) {
      if (wanted !== undefined) return workspaces.get(wanted, signal);
      if (settings.workspaceId !== undefined) {
        return workspaces.get(settings.workspaceId, signal).catch((error: unknown) => {
          throw error instanceof SluiceError && error.code === 'cloud_not_found' ? unknownWorkspace(error) : error;
        });
      }
      if (only) return only;
      const { organizationId } = settings;
      const { items, nextOffset } = organizationId
        ? await inOrganization(organizationId, signal)
        : await workspaces.list({ offset: 0, limit: 100 }, signal);
      const [first] = items;
      if (!first) {
        throw new SetupError(
          'no_workspace',
          `These credentials see no workspace${organizationId ? ' of the organization in AIRBYTE_CLOUD_ORGANIZATION_ID' : ''}.`,
          'A person must give the application access to a workspace in Airbyte.',
        );
      }
      if (items.length > 1 || nextOffset !== undefined) throw severalWorkspaces(items, nextOffset === undefined);
      only = first;
      return first;
    },
  };
  return {
    workspaces,
    organizations: {
      info: (id, signal) => organizationOf({ organizationId: id }, 'organizations/get_organization_info', signal),
      list: (signal) =>
        ask({
          method: 'GET',
          endpoint: { api: ['organizations'] },
          retry: 'read',
          answer: listOf(organization),
          signal,
        }),
    },
  };
}

function unknownWorkspace(cause: SluiceError): SetupError {
  return new SetupError(
    'unknown_workspace',
    'AIRBYTE_CLOUD_WORKSPACE_ID names no workspace that these credentials see.',
    'list_cloud_objects with kind workspace shows them: ask the person which one is meant, give it as workspace_id, and let them correct the setting.',
    { details: cause.details, cause },
  );
}

function severalWorkspaces(items: readonly Workspace[], isAll: boolean): InputError {
  const shown = items.slice(0, MAX_LISTED).map(({ id, name }) => ({ workspace_id: id, name }));
  const more = items.length > shown.length ? ' (list_cloud_objects with kind workspace lists all)' : '';
  return new InputError(
    'several_workspaces',
    `These credentials see ${isAll ? items.length : `more than ${items.length}`} workspaces${more}.`,
    'Ask the person which one is meant and give its workspace_id, or let them set AIRBYTE_CLOUD_WORKSPACE_ID.',
    { details: { workspaces: shown } },
  );
}
