/** What is settled before the first byte of a sync into a destination: which streams go on, and what to warn of. */
import { isIncrementalMode } from '../modes.ts';
import { addWarning } from '../sync-record.ts';
import type { DeliveryTarget, SyncRequest } from '../types.ts';
import type { DeliveryOptions } from './deliver.ts';
import { newDeliveryRun } from './delivery-run.ts';
import { type KeptStates, openKeptStates, othersWith } from './kept-states.ts';

type Parts = Pick<DeliveryOptions, 'request' | 'target' | 'record' | 'project'>;

export async function prepareDelivery({ request, target, record, project }: Parts): Promise<KeptStates> {
  const { source, streams, restart = false } = request;
  const where = { source, destination: target.name, place: target.place };
  const kept = await openKeptStates(project, where, streams, restart);
  record.deliveries = streams.map((configured, index) => {
    const { goesOn = false } = kept.streams[index] ?? {};
    const replaces = isReplaced(request, target, index);
    return newDeliveryRun(record.labels[index] ?? '', configured, { goesOn, replaces });
  });
  if (kept.moved) {
    addWarning(
      record,
      `"${target.name}" was saved with another configuration since the last sync into it: all streams begin anew.`,
    );
  }
  const twins = await othersWith(
    project,
    where,
    streams.map(({ stream }) => stream),
  );
  for (const { source: other, stream } of twins) {
    addWarning(
      record,
      `The source "${other}" writes a stream "${stream}" to "${target.name}" too, into the same place.`,
    );
  }
  for (const { label, configured, replaces } of record.deliveries) {
    const repeats = restart && !replaces && !target.supportsRefreshes && configured.mode === 'incremental_append';
    if (repeats) addWarning(record, `"${label}" is read anew and appended: what is there already will be there twice.`);
  }
  return kept;
}

/** An incremental stream that is read anew takes the place of what is there; a destination that knows generations sees to it itself. */
function isReplaced({ streams, restart }: SyncRequest, target: DeliveryTarget, index: number): boolean {
  if (restart !== true || target.supportsRefreshes || !target.modes?.includes('overwrite')) return false;
  const mode = streams[index]?.mode;
  return mode !== undefined && isIncrementalMode(mode);
}
