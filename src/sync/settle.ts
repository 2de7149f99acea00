/** How a sync into the cache and its streams ended. */
import type { Exit } from '../connectors/index.ts';
import { count } from '../count.ts';
import type { Batches } from './batches.ts';
import { badEnd, endStream, syncOutcome } from './outcome.ts';
import { isCommitted, isComplete, isLossy } from './stream-progress.ts';
import { isIncremental, type StreamRun } from './stream-run.ts';
import { addError, addWarning, type SyncRecord, warnOfSecrets } from './sync-record.ts';
import type { SyncState } from './types.ts';

/** How the reading ended; `exit` is absent where Sluice ended the connector, or it never ran. */
export interface ReadEnding {
  readonly exit?: Exit;
  readonly cancelled: boolean;
  /** Whether the connector has reported the end of any stream. */
  readonly endSeen: boolean;
}

/** A good end confirms the streams of a connector that never reports their status. */
export function confirmByEnd(record: SyncRecord, batches: Batches, { exit, cancelled, endSeen }: ReadEnding): void {
  if (exit && exit.code !== 0 && !cancelled && (record.errors.length === 0 || exit.outOfMemory))
    addError(record, badEnd(exit, 'The connector'));
  const isGood = exit?.code === 0 && !cancelled && record.errors.every(({ stream }) => stream !== undefined);
  if (!isGood || endSeen) return;
  for (const run of record.runs) if (run.error === undefined && !isComplete(run)) batches.complete(run);
}

/** Settles the states of all streams; call it when nothing more will be loaded. @returns the sync's own state */
export function settle(record: SyncRecord, { cancelled }: ReadEnding): SyncState {
  const { runs } = record;
  warnOfSecrets(record);
  for (const run of runs) {
    const isStored = isCommitted(run) && !run.isHeldBack;
    endStream(record, run, { cancelled, isStored, hasSome: hasSome(run), consequence: consequenceOf(run) });
    warnOfRepeats(record, run);
    warnOfUncommitted(record, run);
  }
  return syncOutcome(record, runs, { cancelled, hasSome: runs.some(hasSome) });
}

function hasSome(run: StreamRun): boolean {
  return run.rowsCommitted > 0 || run.committedState || isLossy(run) || run.isHeldBack;
}

function consequenceOf(run: StreamRun): string {
  if (!isIncremental(run))
    return isCommitted(run) ? 'The table holds what could be read.' : 'The next sync reads it again.';
  return 'Its state stays before them: the next sync reads from there again.';
}

function warnOfRepeats(record: SyncRecord, run: StreamRun): void {
  const repeats = run.prepared.mode === 'incremental_append' && !run.committedState && run.rowsCommitted > 0;
  if (!repeats || run.outcome !== 'complete') return;
  addWarning(
    record,
    `The connector sent no state for "${run.label}": the next sync reads all of it again, and its rows will repeat. Use full_refresh_overwrite for it.`,
  );
}

function warnOfUncommitted(record: SyncRecord, run: StreamRun): void {
  const waiting = run.recordsRead - run.recordsPersisted;
  if (run.outcome === 'complete' || waiting <= 0) return;
  addWarning(record, `${count(waiting, 'record')} of "${run.label}" ${notCommitted(run, waiting === 1)}`);
}

function notCommitted({ writeMode, isHeldBack }: StreamRun, isOne: boolean): string {
  const [were, they, them] = isOne ? ['was', 'it is', 'it'] : ['were', 'they are', 'them'];
  if (writeMode === 'replace')
    return `${were} read for a table that is rebuilt and was not completed; ${they} not kept, the table stays as it was, and the next sync reads ${them} again.`;
  if (isHeldBack)
    return `${were} read after records that were lost; ${they} not added, for the next sync reads ${them} again with those.`;
  return `${were} read and not confirmed by the connector; ${they} not kept, and the next sync reads ${them} again.`;
}
