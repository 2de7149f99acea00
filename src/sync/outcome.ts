/** How a sync and its streams ended. */
import { type Exit, exitWords } from '../connectors/index.ts';
import { count } from '../count.ts';
import type { Batches } from './batches.ts';
import { isLossy, lossWarning, warnOfNoEnd } from './losses.ts';
import { isIncremental, type StreamRun } from './stream-run.ts';
import { addError, addWarning, type SyncRecord, warnOfSecrets } from './sync-record.ts';
import type { SyncFailure, SyncState } from './types.ts';

/** How the reading ended; `exit` is absent where the connector was ended by us, or never ran. */
export interface ReadEnding {
  readonly exit?: Exit;
  readonly cancelled: boolean;
  readonly endSeen: boolean;
}

const TAIL_CHARACTERS = 1_500;

/** A good end confirms the streams of a connector that never tells their status. */
export function confirmByEnd(record: SyncRecord, batches: Batches, ending: ReadEnding): void {
  const { exit, cancelled, endSeen } = ending;
  if (exit && exit.code !== 0 && !cancelled && (record.errors.length === 0 || exit.outOfMemory))
    addError(record, badEnd(exit, 'The connector'));
  const good = exit?.code === 0 && !cancelled && record.errors.every(({ stream }) => stream !== undefined);
  if (!good || endSeen) return;
  for (const run of record.runs) if (run.error === undefined && !run.complete) batches.complete(run);
}

/** What is said of a connector that ended badly without a word of its own. */
export function badEnd(exit: Exit, who: string): SyncFailure {
  const tail = exit.stderrTail.trim().slice(-TAIL_CHARACTERS);
  return {
    message: `${who} ${exitWords(exit)}${tail === '' ? ' and said nothing.' : `: ${tail}`}`,
    failure_type: 'system_error',
  };
}

/** Settles the states of all streams; call it when nothing more will be loaded. @returns the sync's own state */
export function settle(record: SyncRecord, ending: ReadEnding): SyncState {
  warnOfSecrets(record);
  for (const run of record.runs) {
    const isWhole = run.complete && run.isCommitted && !isLossy(run) && !run.heldBack;
    if (isWhole && run.error === undefined) run.state = 'complete';
    else if (ending.cancelled) run.state = 'cancelled';
    else if (run.error !== undefined) run.state = 'failed';
    else run.state = hasSome(run) ? 'incomplete' : 'failed';
    if (isLossy(run)) addWarning(record, lossWarning(run, consequenceOf(run)));
    else if (!ending.cancelled) warnOfNoEnd(record, run);
    const repeats = run.prepared.mode === 'incremental_append' && !run.committedState && run.rowsCommitted > 0;
    if (repeats && run.state === 'complete') {
      addWarning(
        record,
        `The connector sent no state for "${run.label}": the next sync reads all of it again, and its rows will repeat. Use full_refresh_overwrite for it.`,
      );
    }
    const waiting = run.recordsRead - run.recordsPersisted;
    if (run.state !== 'complete' && waiting > 0)
      addWarning(record, `${count(waiting, 'record')} of "${run.label}" ${notCommitted(run, waiting === 1)}`);
  }
  return syncState(record, ending);
}

function hasSome(run: StreamRun): boolean {
  return run.rowsCommitted > 0 || run.committedState || isLossy(run) || run.heldBack;
}

function consequenceOf(run: StreamRun): string {
  if (!isIncremental(run))
    return run.isCommitted ? 'The table holds what could be read.' : 'The next sync reads it again.';
  return 'Its state stays before them: the next sync reads from there again.';
}

function notCommitted({ writeMode, heldBack }: StreamRun, isOne: boolean): string {
  const [were, they, them] = isOne ? ['was', 'it is', 'it'] : ['were', 'they are', 'them'];
  if (writeMode === 'replace')
    return `${were} read for a table that is rebuilt and was not completed; ${they} not kept, the table stays as it was, and the next sync reads ${them} again.`;
  if (heldBack)
    return `${were} read after records that were lost; ${they} not added, for the next sync reads ${them} again with those.`;
  return `${were} read and not confirmed by the connector; ${they} not kept, and the next sync reads ${them} again.`;
}

function syncState({ runs, errors }: SyncRecord, { cancelled }: ReadEnding): SyncState {
  if (cancelled) return 'cancelled';
  const whole = runs.filter(({ state }) => state === 'complete').length;
  if (runs.length > 0 && whole === runs.length && errors.length === 0) return 'complete';
  const some = runs.some(hasSome);
  return whole > 0 || some ? 'incomplete' : 'failed';
}
