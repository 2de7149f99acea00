/** Workspaces and organizations: found from the credentials alone. */
import type { CloudSettings } from '../config/index.ts';
import { InputError, SetupError } from '../errors.ts';
import { organization, organizationInfo, paged, workspace } from './answers.ts';
import type { Ask } from './ask.ts';
import type { Cloud, Workspace } from './types.ts';
import type { Urls } from './urls.ts';

const MOST_LISTED = 20;

export function createWorkspaces(
  ask: Ask,
  urls: Urls,
  settings: CloudSettings,
): Pick<Cloud, 'workspaces' | 'organizations'> {
  /** The only one of the credentials, once it was found: it does not become another one. */
  let only: Workspace | undefined;

  const organizationOf = (body: object, path: string, signal: AbortSignal) =>
    ask({ method: 'POST', address: urls.config(path), body, deed: 'read', answer: organizationInfo, signal });

  const workspaces: Cloud['workspaces'] = {
    list: async (page, signal) =>
      urls.page(
        page,
        await ask({
          method: 'GET',
          address: urls.api(['workspaces'], { limit: page.limit, offset: page.offset }),
          deed: 'read',
          answer: paged(workspace),
          signal,
        }),
      ),
    get: (id, signal) =>
      ask({ method: 'GET', address: urls.api(['workspaces', id]), deed: 'read', answer: workspace, signal }),
    organization: (id, signal) => organizationOf({ workspaceId: id }, 'workspaces/get_organization_info', signal),
    async choose(wanted, signal) {
      const id = wanted ?? settings.workspaceId;
      if (id !== undefined) return workspaces.get(id, signal);
      if (only) return only;
      const { items, nextOffset } = await workspaces.list({ offset: 0, limit: 100 }, signal);
      const [first] = items;
      if (!first) {
        throw new SetupError(
          'no_workspace',
          'These credentials see no workspace.',
          'A person must give the application access to a workspace in Airbyte.',
        );
      }
      if (items.length > 1 || nextOffset !== undefined) throw severalWorkspaces(items);
      only = first;
      return first;
    },
  };
  return {
    workspaces,
    organizations: {
      list: async (signal) =>
        (
          await ask({
            method: 'GET',
            address: urls.api(['organizations']),
            deed: 'read',
            answer: paged(organization),
            signal,
          })
        ).items,
    },
  };
}

function severalWorkspaces(items: readonly Workspace[]): InputError {
  const shown = items.slice(0, MOST_LISTED).map(({ id, name }) => ({ workspace_id: id, name }));
  const more = items.length > shown.length ? ' (list_cloud_objects with kind workspace lists all)' : '';
  return new InputError(
    'several_workspaces',
    `These credentials see ${items.length} workspaces${more}.`,
    'Ask the person which one is meant and give its workspace_id, or let them set AIRBYTE_CLOUD_WORKSPACE_ID.',
    { details: { workspaces: shown } },
  );
}
