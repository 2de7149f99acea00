/** How a sync into a destination and its streams ended: complete only where both connectors ended well. */
import { count } from '../../count.ts';
import { isLossy, lossWarning, warnOfNoEnd } from '../losses.ts';
import { addWarning, type SyncRecord, warnOfSecrets } from '../sync-record.ts';
import type { SyncState } from '../types.ts';
import type { DeliveryRun } from './delivery-run.ts';

export interface DeliveryEnding {
  readonly cancelled: boolean;
  readonly destinationWell: boolean;
  /** Streams whose last state the destination has not returned. */
  readonly unreturned: ReadonlySet<number>;
}

export function settleDelivery(record: SyncRecord, ending: DeliveryEnding): void {
  warnOfSecrets(record);
  for (const [index, run] of record.deliveries.entries()) {
    const returned = !ending.unreturned.has(index);
    if (ending.destinationWell && returned) {
      run.recordsConfirmed = run.recordsRead;
      // A state that was sent several times may come back once: then it is the last one, too.
      if (run.committedState && !isLossy(run)) run.recordsPersisted = run.recordsRead - run.recordsSinceState;
    }
    const isWhole = run.complete && run.error === undefined && !isLossy(run);
    if (isWhole && ending.destinationWell && returned) run.state = 'complete';
    else if (ending.cancelled) run.state = 'cancelled';
    else if (run.error !== undefined) run.state = 'failed';
    else run.state = hasSome(run) ? 'incomplete' : 'failed';
    if (isLossy(run)) {
      addWarning(record, lossWarning(run, 'Its state stays before them: the next sync reads from there again.'));
    } else if (!ending.cancelled) warnOfNoEnd(record, run);
    if (ending.destinationWell && !returned) {
      const message = `The destination ended and did not return the last state of "${run.label}": what came after the state before is not confirmed.`;
      addWarning(record, message);
    }
    warnOfRest(record, run);
  }
  record.state = syncState(record, ending);
}

function warnOfRest(record: SyncRecord, run: SyncRecord['deliveries'][number]): void {
  const { label, state, configured, recordsRead, recordsConfirmed, recordsPersisted, replaces } = run;
  const { mode } = configured;
  // What stands behind the last state is sent again, also where a destination that ended well holds it.
  const again = recordsRead - (mode === 'incremental_append' ? recordsPersisted : recordsConfirmed);
  if (state === 'complete' && (mode !== 'incremental_append' || replaces)) return;
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

function syncState({ deliveries, errors }: SyncRecord, { cancelled }: DeliveryEnding): SyncState {
  if (cancelled) return 'cancelled';
  const whole = deliveries.filter(({ state }) => state === 'complete').length;
  if (deliveries.length > 0 && whole === deliveries.length && errors.length === 0) return 'complete';
  return whole > 0 || deliveries.some(hasSome) ? 'incomplete' : 'failed';
}

function hasSome(run: DeliveryRun): boolean {
  return run.recordsConfirmed > 0 || run.committedState || isLossy(run);
}
