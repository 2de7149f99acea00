/** Arguments and words that all cloud tools share. */
import * as z from 'zod';
import type { CloudAddresses } from '../../cloud/index.ts';
import { isUuid } from '../../config/index.ts';
import { InputError } from '../../errors.ts';

export const workspaceId = z.string().optional();

/** For new objects: names up to this length are shown in full. */
export const objectName = z.string().min(1).max(200);

/** @throws InputError `bad_id`: names are often given where an id belongs */
export function checkId(field: string, id: string): string {
  if (isUuid(id)) return id;
  throw new InputError(
    'bad_id',
    `${field} is not an id: ${JSON.stringify(id.slice(0, 80))}.`,
    'An id is a UUID such as 3f0c…-…; list_cloud_objects with search finds it by name.',
  );
}

/** The answer with the requested id, whatever id it contains: the gate judged the requested one, so later steps must use it. */
export function asAsked<Id extends string | number, T extends { readonly id: Id }>(asked: Id, found: T): T {
  return { ...found, id: asked };
}

/**
 * Checks that an object is in the workspace that the call names.
 * @param what a description of the object, such as `the connection "people"`
 * @throws InputError `other_workspace`
 */
export function checkWorkspace(
  requestedId: string | undefined,
  found: { readonly workspaceId: string },
  what: string,
): void {
  if (
    requestedId === undefined ||
    checkId('workspace_id', requestedId).toLowerCase() === found.workspaceId.toLowerCase()
  )
    return;
  throw new InputError(
    'other_workspace',
    `${what} is in another workspace (${found.workspaceId}).`,
    'Leave out workspace_id, or find the object of the intended workspace with list_cloud_objects.',
  );
}

type Shown = 'source' | 'destination' | 'connection' | 'workspace' | 'definition' | 'job';

/** The web page of the object. A job is on its connection's page. */
export function webAddress({ web }: CloudAddresses, workspace: string, kind: Shown, id = ''): string {
  const root = `${web}/workspaces/${workspace}`;
  if (kind === 'workspace') return root;
  if (kind === 'definition') return `${root}/connector-builder`;
  if (kind === 'job' || kind === 'connection')
    return `${root}/connections/${id}${kind === 'job' ? '/timeline' : '/status'}`;
  return `${root}/${kind}/${id}`;
}
