/** From kind and id to the object that is meant. */
import type { Actor, ActorKind, Connection, Definition, Workspace } from '../../cloud/index.ts';
import type { LedgerEntry } from '../../safety/index.ts';
import type { Services } from '../services.ts';
import { shortName } from './bounds.ts';
import { checkId, checkSame, checkWorkspace } from './fields.ts';

export const OBJECT_KINDS = ['source', 'destination', 'connection', 'definition'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

interface Named {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
}

export type FoundObject = Named &
  (
    | { readonly kind: ActorKind; readonly actor: Actor }
    | { readonly kind: 'connection'; readonly connection: Connection }
    | { readonly kind: 'definition'; readonly definition: Definition }
  );

export interface Sought {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly workspace_id?: string | undefined;
}

/** @throws InputError `bad_id`, `other_workspace`; what the cloud throws, `cloud_not_found` first of all */
export async function findObject(sought: Sought, services: Services, signal: AbortSignal): Promise<FoundObject> {
  const found = await find(sought, services, signal);
  checkWorkspace(sought.workspace_id, found, `The ${found.kind} ${JSON.stringify(found.name)}`);
  return found;
}

async function find({ kind, id, workspace_id: wanted }: Sought, services: Services, signal: AbortSignal) {
  const { cloud } = services;
  checkId('id', id);
  if (kind === 'connection') {
    const connection = checkSame(id, await cloud.connections.get(id, signal));
    return { kind, ...named(connection), connection };
  }
  if (kind === 'definition') {
    // Airbyte finds a definition only by its workspace.
    const { id: workspaceId } = await chosenWorkspace(wanted, services, signal);
    const definition = checkSame(id, await cloud.definitions.get(workspaceId, id, signal));
    return { kind, ...named({ ...definition, workspaceId }), definition };
  }
  const actor = checkSame(id, await cloud.actors.get(kind, id, signal));
  return { kind, ...named(actor), actor };
}

/** The wanted one, else the default. @throws InputError `bad_id`, `several_workspaces` */
export async function chosenWorkspace(
  wanted: string | undefined,
  { cloud }: Services,
  signal: AbortSignal,
): Promise<Workspace> {
  if (wanted !== undefined) checkId('workspace_id', wanted);
  return cloud.workspaces.choose(wanted, signal);
}

export function named({ id, name, workspaceId }: Named): Named {
  return { id, name, workspaceId };
}

export function ledgerEntry({ kind, id, name }: { kind: ObjectKind; id: string; name: string }): LedgerEntry {
  return { realm: 'cloud', kind, id, name: shortName(name) };
}
