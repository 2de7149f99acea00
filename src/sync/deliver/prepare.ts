/** Decides, before a sync into a destination starts, which streams resume, and adds the warnings. */
import type { Project } from '../../project/index.ts';
import { addWarning, type SyncRecord } from '../sync-record.ts';
import type { DeliveryTarget, SyncRequest } from '../types.ts';
import { authorizeDelivery } from './authorize.ts';
import { newDeliveryRun } from './delivery-run.ts';
import { type DeliveryStates, openDeliveryStates } from './delivery-states.ts';
import { othersWith } from './stored-states.ts';

interface Parts {
  readonly request: SyncRequest;
  readonly target: DeliveryTarget;
  readonly record: SyncRecord;
  readonly project: Project;
}

export async function prepareDelivery({ request, target, record, project }: Parts): Promise<DeliveryStates> {
  const { source, streams, restart = false } = request;
  const where = { source, destination: target.name, locationKey: target.locationKey, location: target.location };
  await authorizeDelivery(project, request);
  const stored = await openDeliveryStates(project, where, streams, restart, request);
  // A destination that supports generations overwrites by itself.
  const overwrites = !target.supportsRefreshes && (target.modes?.includes('overwrite') ?? false);
  record.deliveries = streams.map((configured, index) => {
    const { resumes = false, replaces: asked = false } = stored.streams[index] ?? {};
    const replaces = asked && overwrites;
    return newDeliveryRun(record.labels[index] ?? '', configured, { resumes, replaces });
  });
  if (stored.moved) {
    addWarning(
      record,
      `"${target.name}" was saved with another configuration since the last sync into it: all streams start over.`,
    );
  }
  const twins = await othersWith(
    project,
    where,
    streams.map(({ stream }) => stream),
  );
  for (const { source: other, destination: into, stream } of twins) {
    addWarning(record, `The source "${other}" writes a stream "${stream.name}" to "${into}" too, into the same place.`);
  }
  for (const [index, { label, configured, resumes, replaces }] of record.deliveries.entries()) {
    const { written = false, replaces: asked = false, behind = false } = stored.streams[index] ?? {};
    if (behind) {
      addWarning(
        record,
        `"${label}" was not read while the position that its source shares over all streams moved on: it is read from its beginning.`,
      );
    }
    const isReplaced = replaces || (asked && target.supportsRefreshes);
    if (!written || resumes || isReplaced || configured.mode !== 'incremental_append') continue;
    addWarning(
      record,
      `"${label}" is read from its beginning and appended: what is there already will be there twice.`,
    );
  }
  return stored;
}
