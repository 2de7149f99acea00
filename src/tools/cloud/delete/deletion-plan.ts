/** Plans a deletion in Airbyte: what is deleted, in which order, and what is kept. */
import type { Actor, ActorKind, Connection } from '../../../cloud/index.ts';
import { InputError } from '../../../errors.ts';
import type { JsonObject } from '../../../protocol/index.ts';
import { redactName } from '../../../secrets/index.ts';
import type { Services } from '../../services.ts';
import { shortName } from '../bounds.ts';
import { type FoundObject, findObject, type ObjectKind, type ObjectLookup } from '../found-object.ts';
import { allItems } from '../scan.ts';
import { scheduleValue } from '../schedule.ts';

export interface DeletionTarget {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
}

export interface DeletionPlan {
  readonly object: FoundObject;
  /** What Airbyte would delete with it: deleted before it, one by one. */
  readonly first: readonly DeletionTarget[];
  /** What only `cascade` deletes, after it. */
  readonly afterwards: readonly DeletionTarget[];
  readonly kept: readonly string[];
}

export interface DeletionRequest extends ObjectLookup {
  /** The exact current name. */
  readonly name: string;
  readonly cascade?: boolean | undefined;
}

/** @throws InputError `name_mismatch`, and as `findObject` */
export async function planDeletion(
  request: DeletionRequest,
  services: Services,
  signal: AbortSignal,
): Promise<DeletionPlan> {
  const object = await findObject(request, services, signal);
  // What looks like a secret is redacted in both names.
  if (object.name !== redactName(request.name, services.vault.redactor)) {
    throw new InputError(
      'name_mismatch',
      `This ${object.kind} is called ${JSON.stringify(object.name)}, not ${JSON.stringify(request.name.slice(0, 200))}.`,
      'Check that this is the right object, and give its exact name.',
    );
  }
  const first = await dependentsOf(object, services, signal);
  if (object.kind !== 'connection') return { object, first, afterwards: [], kept: [] };
  return { object, first, ...(await endsOf(object.connection, request.cascade ?? false, services, signal)) };
}

export function allOf({ object, first, afterwards }: DeletionPlan): DeletionTarget[] {
  return [...first, object, ...afterwards];
}

/** What Airbyte would delete with it, in the order in which it must be deleted. */
export async function dependentsOf(
  { kind, id, workspaceId }: DeletionTarget,
  { cloud }: Services,
  signal: AbortSignal,
): Promise<DeletionTarget[]> {
  if (kind === 'connection') return [];
  const connections = await allItems((page) => cloud.connections.list(workspaceId, page, signal));
  const target = (kind: ObjectKind, { id, name }: { id: string; name: string }): DeletionTarget => ({
    kind,
    id,
    name,
    workspaceId,
  });
  if (kind !== 'definition') {
    return connections
      .filter((connection) => isUsedBy(connection, kind, id))
      .map((found) => target('connection', found));
  }
  const all = await allItems((page) => cloud.actors.list('source', workspaceId, page, signal));
  const sources = all.filter(({ definitionId }) => definitionId === id);
  const theirs = connections.filter(({ sourceId }) => sources.some((source) => source.id === sourceId));
  return [...theirs.map((found) => target('connection', found)), ...sources.map((found) => target('source', found))];
}

function isUsedBy({ sourceId, destinationId }: Connection, kind: ActorKind, id: string): boolean {
  return (kind === 'source' ? sourceId : destinationId) === id;
}

/** A connection's source and destination: deleted with `cascade` unless another connection uses them. */
async function endsOf(
  connection: Connection,
  cascade: boolean,
  services: Services,
  signal: AbortSignal,
): Promise<Pick<DeletionPlan, 'afterwards' | 'kept'>> {
  const { cloud } = services;
  const ends = await Promise.all([
    cloud.actors.get('source', connection.sourceId, signal),
    cloud.actors.get('destination', connection.destinationId, signal),
  ]);
  const afterwards: DeletionTarget[] = [];
  const kept: string[] = [];
  for (const end of ends) {
    const users = (await dependentsOf(end, services, signal)).filter(({ id }) => id !== connection.id);
    if (cascade && users.length === 0) afterwards.push(end);
    else if (users.length === 0) kept.push(textOf(end));
    else kept.push(`${textOf(end)}, which ${users.length} other connection(s) use`);
  }
  return { afterwards, kept };
}

export function textOf({ kind, id, name }: Pick<DeletionTarget, 'kind' | 'id' | 'name'>): string {
  return `${kind} "${shortName(name)}" (${id})`;
}

/** What the audit records of the object before its deletion. */
export function audited(object: FoundObject): JsonObject {
  if (object.kind === 'definition') return { version: object.definition.version ?? '' };
  if (object.kind !== 'connection') return typeAndFields(object.actor);
  const { sourceId, destinationId, schedule, streams } = object.connection;
  return {
    source_id: sourceId,
    destination_id: destinationId,
    schedule: scheduleValue(schedule),
    streams: streams.map(({ name }) => name),
  };
}

/** The audit writes only the keys of a configuration. */
function typeAndFields({ type, configuration }: Actor): JsonObject {
  return { ...(type ? { type } : {}), configuration };
}
