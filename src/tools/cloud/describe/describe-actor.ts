import type { ActorKind } from '../../../cloud/index.ts';
import type { Call } from '../../tool.ts';
import { typeOf } from '../actor-type.ts';
import { shortName } from '../bounds.ts';
import { webAddress } from '../fields.ts';
import { findActor } from '../found-object.ts';
import { shownConfiguration } from '../masking.ts';
import { dateOf, named, newReport, type ObjectReport, put, type Question, usersOf } from './object-report.ts';

export async function describeActor(kind: ActorKind, question: Question, call: Call): Promise<ObjectReport> {
  const { services, signal, about } = call;
  const { cloud } = services;
  const actor = await findActor(kind, question, services, signal);
  const name = shortName(actor.name);
  about({ kind, id: actor.id, name: actor.name });
  const [type, masked, workspace, users] = await Promise.all([
    typeOf(actor, services, signal),
    shownConfiguration(actor, services, signal),
    named(actor.workspaceId, cloud.workspaces.get, call),
    usersOf(
      (page) => cloud.connections.list(actor.workspaceId, page, signal),
      (connection) => connection[`${kind}Id`] === actor.id,
    ),
  ]);
  const report = newReport({
    id: actor.id,
    name,
    web_address: webAddress(cloud.addresses(), actor.workspaceId, kind, actor.id),
    workspace,
    created_at: dateOf(actor.createdAt),
    type,
    definition_id: actor.definitionId,
    connections: users.found.map(({ id: of, name: called, status }) => ({ id: of, name: shortName(called), status })),
  });
  if (users.note) report.notes.push(`connections: ${users.note}`);
  put(report, 'configuration', masked, call);
  return report;
}
