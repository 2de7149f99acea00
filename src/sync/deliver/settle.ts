/** Settles how a sync into a destination and its streams ended: complete only if both connectors succeeded. */
import { count } from '../../count.ts';
import { endStream, syncOutcome } from '../outcome.ts';
import { isLossy, persistRecords } from '../stream-progress.ts';
import { addWarning, type SyncRecord, warnOfSecrets } from '../sync-record.ts';
import { confirmDelivered, type DeliveryRun } from './delivery-run.ts';

export interface DeliveryEnding {
  readonly cancelled: boolean;
  readonly destinationWell: boolean;
  /** Streams whose last state the destination has not returned. */
  readonly unreturned: ReadonlySet<number>;
}

export function settleDelivery(record: SyncRecord, { cancelled, destinationWell, unreturned }: DeliveryEnding): void {
  const { deliveries } = record;
  warnOfSecrets(record);
  for (const [index, run] of deliveries.entries()) {
    const isStored = destinationWell && !unreturned.has(index);
    if (isStored) confirmByEnd(run);
    const consequence = 'Its state stays before them: the next sync reads from there again.';
    endStream(record, run, { cancelled, isStored, hasSome: hasSome(run), consequence });
    if (destinationWell && !isStored) {
      const message = `The destination ended and did not return the last state of "${run.label}": what came after the state before is not confirmed.`;
      addWarning(record, message);
    }
    warnOfRest(record, run);
  }
  record.state = syncOutcome(record, deliveries, { cancelled, hasSome: deliveries.some(hasSome) });
}

/** A destination that ended well has everything that it was sent. */
function confirmByEnd(run: DeliveryRun): void {
  confirmDelivered(run, run.recordsRead);
  // A state sent several times may be returned once; it then counts as the last one too.
  if (run.committedState && !isLossy(run)) persistRecords(run, run.recordsRead - run.recordsSinceState);
}

function warnOfRest(record: SyncRecord, run: DeliveryRun): void {
  const { label, outcome, configured, recordsRead, recordsConfirmed, recordsPersisted, replaces } = run;
  const { mode } = configured;
  // Records after the last state are sent again, even if a destination that ended well has them.
  const again = recordsRead - (mode === 'incremental_append' ? recordsPersisted : recordsConfirmed);
  if (outcome === 'complete' && (mode !== 'incremental_append' || replaces)) return;
  if (mode === 'full_refresh_overwrite' && recordsRead > 0) {
    addWarning(
      record,
      `"${label}" was to be overwritten and was not completed: the destination may hold a part of it. The next sync writes all of it again.`,
    );
  } else if (again > 0) {
    const confirmed =
      recordsConfirmed === recordsRead
        ? 'came after the last state'
        : again === 1
          ? 'was not confirmed'
          : 'were not confirmed';
    const repeats = mode.endsWith('append') && !replaces ? ' and may be there twice then' : '';
    addWarning(
      record,
      `${count(again, 'record')} of "${label}" went to the destination and ${confirmed}: the next sync sends ${again === 1 ? 'it' : 'them'} again${repeats}.`,
    );
  }
}

function hasSome(run: DeliveryRun): boolean {
  return run.recordsConfirmed > 0 || run.committedState || isLossy(run);
}
