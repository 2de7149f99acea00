/** Deletes what a plan names, one by one; an error half-way names what was deleted and what was not. */
import { abortError, messageOf, SluiceError, UpstreamError } from '../../../errors.ts';
import type { Services } from '../../services.ts';
import type { Call } from '../../tool.ts';
import { ledgerEntry } from '../found-object.ts';
import { allOf, type DeletionPlan, type DeletionTarget, dependentsOf, textOf } from './deletion-plan.ts';

/**
 * @param onDeleted called after each deletion with what was deleted so far, as text
 * @returns the same at the end
 * @throws RefusedError `safe_mode`; UpstreamError `partly_deleted`, `new_dependents`; whatever the first deletion throws
 */
export async function deletePlanned(
  plan: DeletionPlan,
  call: Call,
  onDeleted: (deleted: readonly string[]) => void,
): Promise<string[]> {
  const all = allOf(plan);
  const deleted: DeletionTarget[] = [];
  for (const target of all) {
    try {
      if (call.signal.aborted) throw abortError(call.signal);
      call.progress(`deleting ${textOf(target)}`, deleted.length, all.length);
      await refuseNewDependents(target, call);
      await remove(target, call.services);
    } catch (error) {
      throw deleted.length === 0 ? error : partly(error, deleted, all);
    }
    deleted.push(target);
    call.services.ledger.remove(ledgerEntry(target));
    onDeleted(deleted.map(textOf));
  }
  return deleted.map(textOf);
}

/** Everything that depended on it when the plan was made has been deleted by now. */
async function refuseNewDependents(target: DeletionTarget, { services, signal }: Call): Promise<void> {
  const others = await dependentsOf(target, services, signal);
  if (others.length === 0) return;
  throw new UpstreamError(
    'new_dependents',
    `Something new uses the ${textOf(target)}: it was not deleted.`,
    'Look at it with describe_cloud_object, ask the person, and call again.',
    { details: { dependents: others.slice(0, 50).map(textOf) } },
  );
}

async function remove({ kind, id, workspaceId }: DeletionTarget, { cloud }: Services): Promise<void> {
  try {
    if (kind === 'connection') await cloud.connections.delete(id);
    else if (kind === 'definition') await cloud.definitions.delete(workspaceId, id);
    else await cloud.actors.delete(kind, id);
  } catch (error) {
    // Somebody else deleted it first, which is the requested result.
    if (!(error instanceof SluiceError) || error.code !== 'cloud_not_found') throw error;
  }
}

function partly(error: unknown, deleted: readonly DeletionTarget[], all: readonly DeletionTarget[]): UpstreamError {
  const left = all.filter((target) => !deleted.includes(target));
  return new UpstreamError(
    'partly_deleted',
    `Only a part was deleted: ${messageOf(error)}`,
    error instanceof SluiceError ? error.next : 'Look with list_cloud_objects at what is left, and call again.',
    {
      details: {
        ...(error instanceof SluiceError ? { failure: error.code, ...error.details } : {}),
        deleted: deleted.map(textOf),
        not_deleted: left.map(textOf),
      },
      cause: error,
    },
  );
}
