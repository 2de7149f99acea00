/** Airbyte accepts a name twice; afterwards the two cannot be distinguished by name. */
import { InputError } from '../../../errors.ts';
import { redactName } from '../../../secrets/index.ts';
import type { Call } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import type { ObjectKind } from '../found-object.ts';
import { allItems } from '../scan.ts';
import type { CreateInput } from './creator.ts';

/** @throws InputError `name_taken` unless a duplicate is allowed */
export async function refuseTakenName(
  { kind, name, allow_duplicate: isAllowed }: CreateInput,
  workspaceId: string,
  call: Call,
): Promise<void> {
  if (isAllowed) return;
  const requested = redactName(name.trim(), call.services.vault.redactor).toLowerCase();
  const ids = (await named(kind, workspaceId, call)).filter((each) => each.name.trim().toLowerCase() === requested);
  if (ids.length === 0) return;
  throw new InputError(
    'name_taken',
    `There is a ${kind} called ${JSON.stringify(shortName(name))} already (${ids[0]?.id}).`,
    'Use that one, choose another name, or call again with allow_duplicate to create a second one.',
    { details: { ids: ids.slice(0, 20).map(({ id }) => id) } },
  );
}

async function named(
  kind: ObjectKind,
  workspaceId: string,
  { services, signal }: Call,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const { cloud } = services;
  if (kind === 'definition') return cloud.definitions.list(workspaceId, signal);
  if (kind === 'connection') return allItems((page) => cloud.connections.list(workspaceId, page, signal));
  return allItems((page) => cloud.actors.list(kind, workspaceId, page, signal));
}
