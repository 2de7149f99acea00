/** Arguments and words that all cloud tools share. */
import * as z from 'zod';
import type { CloudAddresses } from '../../cloud/index.ts';
import { InputError, UpstreamError } from '../../errors.ts';

export const workspaceId = z.string().optional();

/** Of something new: as long as names are shown whole. */
export const objectName = z.string().min(1).max(200);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** @throws InputError `bad_id`: names are often given where an id belongs */
export function checkId(field: string, id: string): string {
  if (isUuid(id)) return id;
  throw new InputError(
    'bad_id',
    `${field} is no id: ${JSON.stringify(id.slice(0, 80))}.`,
    'An id is a UUID such as 3f0c…-…; list_cloud_objects with search finds it by name.',
  );
}

/**
 * Holds an answer against the id that was asked for: the gate judges by the one, and what follows must be of the same.
 * @throws UpstreamError `cloud_bad_answer`
 */
export function checkSame<T extends { readonly id: string | number }>(asked: string | number, found: T): T {
  if (String(found.id).toLowerCase() === String(asked).toLowerCase()) return found;
  throw new UpstreamError(
    'cloud_bad_answer',
    `Airbyte answered with another object than ${asked}, which was asked for: nothing was done.`,
    'Ask the person whether AIRBYTE_CLOUD_API_URL is the right address and what stands before it; do not call again.',
  );
}

/**
 * Holds an object against the workspace that the call names.
 * @param what the object in words, such as `the connection "people"`
 * @throws InputError `other_workspace`
 */
export function checkWorkspace(
  wanted: string | undefined,
  found: { readonly workspaceId: string },
  what: string,
): void {
  if (wanted === undefined || checkId('workspace_id', wanted).toLowerCase() === found.workspaceId.toLowerCase()) return;
  throw new InputError(
    'other_workspace',
    `${what} lies in another workspace (${found.workspaceId}).`,
    'Leave workspace_id out, or look with list_cloud_objects for what lies in the workspace that is meant.',
  );
}

type Shown = 'source' | 'destination' | 'connection' | 'workspace' | 'definition' | 'job';

/** Where a person sees the thing. A job stands on its connection's page. */
export function webAddress({ web }: CloudAddresses, workspace: string, kind: Shown, id = ''): string {
  const root = `${web}/workspaces/${workspace}`;
  if (kind === 'workspace') return root;
  if (kind === 'definition') return `${root}/connector-builder`;
  if (kind === 'job' || kind === 'connection')
    return `${root}/connections/${id}${kind === 'job' ? '/timeline' : '/status'}`;
  return `${root}/${kind}/${id}`;
}
