/** Deletes what a plan names, one by one; whatever happens in between, what is gone already is said. */
import { abortError, messageOf, SluiceError, UpstreamError } from '../../../errors.ts';
import type { Services } from '../../services.ts';
import type { Call } from '../../tool.ts';
import { ledgerEntry } from '../found-object.ts';
import { allOf, type DeletionPlan, type DeletionTarget, dependentsOf, textOf } from './deletion-plan.ts';

/**
 * @param onGone is told what is gone so far, in words, after each deletion
 * @returns the same at the end
 * @throws RefusedError `safe_mode`; UpstreamError `partly_deleted`, `new_dependents`; what the first deed throws
 */
export async function carryOut(
  plan: DeletionPlan,
  call: Call,
  onGone: (gone: readonly string[]) => void,
): Promise<string[]> {
  const all = allOf(plan);
  const gone: DeletionTarget[] = [];
  for (const target of all) {
    try {
      if (call.signal.aborted) throw abortError(call.signal);
      call.progress(`deleting ${textOf(target)}`, gone.length, all.length);
      await refuseNewDependents(target, call);
      await remove(target, call.services);
    } catch (error) {
      throw gone.length === 0 ? error : partly(error, gone, all);
    }
    gone.push(target);
    call.services.ledger.forget(ledgerEntry(target));
    onGone(gone.map(textOf));
  }
  return gone.map(textOf);
}

/** All that stood on it when the plan was made is gone by now. */
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
    // Somebody else was faster: it is gone, as was wanted.
    if (!(error instanceof SluiceError) || error.code !== 'cloud_not_found') throw error;
  }
}

function partly(error: unknown, gone: readonly DeletionTarget[], all: readonly DeletionTarget[]): UpstreamError {
  const left = all.filter((target) => !gone.includes(target));
  return new UpstreamError(
    'partly_deleted',
    `Only a part was deleted: ${messageOf(error)}`,
    error instanceof SluiceError ? error.next : 'Look with list_cloud_objects at what is left, and call again.',
    {
      details: {
        ...(error instanceof SluiceError ? { failure: error.code, ...error.details } : {}),
        gone: gone.map(textOf),
        not_deleted: left.map(textOf),
      },
      cause: error,
    },
  );
}
