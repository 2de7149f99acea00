/** From kind and id to the object that is meant. */
import type { Actor, ActorKind, Connection, Definition, Page, Workspace } from '../../cloud/index.ts';
import { InputError } from '../../errors.ts';
import type { LedgerEntry } from '../../safety/index.ts';
import type { Services } from '../services.ts';
import { shortName } from './bounds.ts';
import { asAsked, checkWorkspace } from './fields.ts';
import { asPage } from './list/walk.ts';
import { idOf } from './object-name.ts';
import { everyItem } from './scan.ts';

export const OBJECT_KINDS = ['source', 'destination', 'connection', 'definition'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

interface CloudObjectName {
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
}

export type FoundObject = CloudObjectName &
  (
    | { readonly kind: ActorKind; readonly actor: Actor }
    | { readonly kind: 'connection'; readonly connection: Connection }
    | { readonly kind: 'definition'; readonly definition: Definition }
  );

export interface ObjectLookup {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly workspace_id?: string | undefined;
  /** The argument that names it; `id` if none is given. */
  readonly field?: string | undefined;
}

/** What a call names: an id or a unique name, and optionally the workspace that it must be in. */
export interface ObjectReference {
  readonly id: string;
  readonly workspaceId?: string | undefined;
}

/** @throws InputError as `idOf`, `other_workspace`, `cloud_deleted`; what the cloud throws, `cloud_not_found` first of all */
export async function findActor(
  kind: ActorKind,
  requested: ObjectReference,
  services: Services,
  signal: AbortSignal,
  field = 'id',
): Promise<Actor> {
  const { cloud } = services;
  const workspaceId = await workspaceIdOf(requested.workspaceId, services, signal);
  const list = async (page: Page) =>
    cloud.actors.list(kind, (await chosenWorkspace(workspaceId, services, signal)).id, page, signal);
  const id = await idOf(requested.id, { kind, field }, list, services);
  const actor = asAsked(id, await cloud.actors.get(kind, id, signal));
  checkWorkspace(workspaceId, actor, `The ${kind} "${shortName(actor.name)}"`);
  // Airbyte keeps everything of a deleted object except its configuration; some connectors need none.
  if (Object.keys(actor.configuration).length > 0) return actor;
  for await (const { item } of everyItem((page) => cloud.actors.list(kind, actor.workspaceId, page, signal))) {
    if (item.id.toLowerCase() === actor.id.toLowerCase()) return actor;
  }
  throw deleted(kind, actor.name);
}

function deleted(kind: ObjectKind, name: string): InputError {
  return new InputError(
    'cloud_deleted',
    `The ${kind} "${shortName(name)}" is deleted in Airbyte.`,
    `Use list_cloud_objects with kind ${kind} to see the existing ones.`,
  );
}

/** @param field the argument that holds the id. @throws as `findActor` */
export async function findConnection(
  requested: ObjectReference,
  services: Services,
  signal: AbortSignal,
  field = 'connection_id',
): Promise<Connection> {
  const { cloud } = services;
  const workspaceId = await workspaceIdOf(requested.workspaceId, services, signal);
  const list = async (page: Page) =>
    cloud.connections.list((await chosenWorkspace(workspaceId, services, signal)).id, page, signal);
  const id = await idOf(requested.id, { kind: 'connection', field }, list, services);
  const connection = asAsked(id, await cloud.connections.get(id, signal));
  checkWorkspace(workspaceId, connection, `The connection "${shortName(connection.name)}"`);
  if (connection.status === 'deprecated') throw deleted('connection', connection.name);
  return connection;
}

/** Airbyte finds a definition only by its workspace. @throws as `findActor` */
export async function findDefinition(
  requested: ObjectReference,
  services: Services,
  signal: AbortSignal,
): Promise<{ readonly definition: Definition; readonly workspace: Workspace }> {
  const workspace = await chosenWorkspace(requested.workspaceId, services, signal);
  const list = async (page: Page) => asPage(await services.cloud.definitions.list(workspace.id, signal), page);
  const id = await idOf(requested.id, { kind: 'definition', field: 'id' }, list, services);
  const definition = asAsked(id, await services.cloud.definitions.get(workspace.id, id, signal));
  return { definition, workspace };
}

/** @throws as `findActor` */
export async function findObject(lookup: ObjectLookup, services: Services, signal: AbortSignal): Promise<FoundObject> {
  const { kind, workspace_id: workspaceId } = lookup;
  const requested = { id: lookup.id, workspaceId };
  const { field = 'id' } = lookup;
  if (kind === 'connection') {
    const connection = await findConnection(requested, services, signal, field);
    return { kind, ...named(connection), connection };
  }
  if (kind === 'definition') {
    const { definition, workspace } = await findDefinition(requested, services, signal);
    return { kind, ...named({ ...definition, workspaceId: workspace.id }), definition };
  }
  const actor = await findActor(kind, requested, services, signal, field);
  return { kind, ...named(actor), actor };
}

/** The requested workspace by id or name, else the default. @throws InputError as `idOf`, `several_workspaces` */
export async function chosenWorkspace(
  requested: string | undefined,
  services: Services,
  signal: AbortSignal,
): Promise<Workspace> {
  return services.cloud.workspaces.choose(await workspaceIdOf(requested, services, signal), signal);
}

/** @throws InputError as `idOf` */
export async function workspaceIdOf(
  requested: string | undefined,
  services: Services,
  signal: AbortSignal,
  field = 'workspace_id',
): Promise<string | undefined> {
  if (requested === undefined) return undefined;
  const list = (page: Page) => services.cloud.workspaces.list(page, signal);
  return idOf(requested, { kind: 'workspace', field }, list, services);
}

export function named({ id, name, workspaceId }: CloudObjectName): CloudObjectName {
  return { id, name, workspaceId };
}

export function ledgerEntry({ kind, id, name }: { kind: ObjectKind; id: string; name: string }): LedgerEntry {
  return { realm: 'cloud', kind, id, name: shortName(name) };
}
