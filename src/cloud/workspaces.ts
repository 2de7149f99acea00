/** Workspaces and organizations: found from the credentials alone. */
import type { CloudSettings } from '../config/index.ts';
import { InputError, SetupError, SluiceError } from '../errors.ts';
import { listOf, organization, organizationInfo, organizationWorkspaces, workspace } from './answers.ts';
import { type Ask, listPage, read, readConfig } from './requests.ts';
import type { Cloud, Paged } from './types.ts';
import type { Workspace } from './workspace-types.ts';

const MAX_LISTED = 20;

export function createWorkspaces(ask: Ask, settings: CloudSettings): Pick<Cloud, 'workspaces' | 'organizations'> {
  /** The only workspace of these credentials, once it is found: it stays the same. */
  let onlyWorkspace: Workspace | undefined;
  const get = (id: string, signal: AbortSignal): Promise<Workspace> => ask(read(['workspaces', id], workspace, signal));
  return {
    workspaces: {
      list: (page, signal) => listPage(ask, ['workspaces'], workspace, page, signal),
      get,
      organization: (id, signal) =>
        ask(readConfig('workspaces/get_organization_info', { workspaceId: id }, organizationInfo, signal)),
      async choose(id, signal) {
        if (id !== undefined) return get(id, signal);
        if (settings.workspaceId !== undefined) {
          return get(settings.workspaceId, signal).catch((error: unknown) => {
            throw error instanceof SluiceError && error.code === 'cloud_not_found' ? unknownWorkspace(error) : error;
          });
        }
        onlyWorkspace ??= await findOnlyWorkspace(ask, settings.organizationId, signal);
        return onlyWorkspace;
      },
    },
    organizations: {
      info: (id, signal) =>
        ask(readConfig('organizations/get_organization_info', { organizationId: id }, organizationInfo, signal)),
      list: (signal) => ask(read(['organizations'], listOf(organization), signal)),
    },
  };
}

/** @throws SetupError `no_workspace`; InputError `several_workspaces` */
async function findOnlyWorkspace(
  ask: Ask,
  organizationId: string | undefined,
  signal: AbortSignal,
): Promise<Workspace> {
  const { items, nextOffset } = organizationId
    ? await workspacesOf(ask, organizationId, signal)
    : await listPage(ask, ['workspaces'], workspace, { offset: 0, limit: 100 }, signal);
  const [first] = items;
  if (!first) throw noWorkspace(organizationId);
  if (items.length > 1 || nextOffset !== undefined) throw severalWorkspaces(items, nextOffset === undefined);
  return first;
}

async function workspacesOf(ask: Ask, organizationId: string, signal: AbortSignal): Promise<Paged<Workspace>> {
  const body = { organizationId, pagination: { pageSize: 100, rowOffset: 0 } };
  return { items: await ask(readConfig('workspaces/list_by_organization_id', body, organizationWorkspaces, signal)) };
}

function noWorkspace(organizationId: string | undefined): SetupError {
  return new SetupError(
    'no_workspace',
    `These credentials see no workspace${organizationId ? ' of the organization in AIRBYTE_CLOUD_ORGANIZATION_ID' : ''}.`,
    'A person must give the application access to a workspace in Airbyte.',
  );
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
