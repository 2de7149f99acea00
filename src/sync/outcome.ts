/** How a sync and its streams ended: the same for the cache and for destinations. */
import { type Exit, exitWords } from '../connectors/index.ts';
import { lossWarning } from './losses.ts';
import { isComplete, isLossy, type StreamProgress, setOutcome } from './stream-progress.ts';
import { addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncFailure, SyncState } from './types.ts';

const TAIL_CHARACTERS = 1_500;

/** The error of a connector that ended badly without reporting one. */
export function badEnd(exit: Exit, who: string): SyncFailure {
  const tail = exit.stderrTail.trim().slice(-TAIL_CHARACTERS);
  return {
    message: `${who} ${exitWords(exit)}${tail === '' ? ' and said nothing.' : `: ${tail}`}`,
    failure_type: 'system_error',
  };
}

export interface StreamEnd {
  readonly cancelled: boolean;
  /** Whether everything that was read is stored. */
  readonly isStored: boolean;
  /** Whether the sync has changed anything for this stream. */
  readonly hasSome: boolean;
  /** What follows from records that were lost; a sentence. */
  readonly consequence: string;
}

/** Settles the state of one stream, and warns of what was lost or not completed. */
export function endStream(record: SyncRecord, run: StreamProgress, end: StreamEnd): void {
  const { cancelled, isStored, hasSome, consequence } = end;
  if (isStored && isComplete(run) && !isLossy(run) && run.error === undefined) setOutcome(run, 'complete');
  else if (cancelled) setOutcome(run, 'cancelled');
  else if (run.error !== undefined) setOutcome(run, 'failed');
  else setOutcome(run, hasSome ? 'incomplete' : 'failed');
  if (isLossy(run)) addWarning(record, lossWarning(run, consequence));
  else if (!cancelled) warnOfNoEnd(record, run);
}

/** Explains why a stream is not complete, if no error does. */
function warnOfNoEnd(record: SyncRecord, run: StreamProgress): void {
  if (isComplete(run) || run.error !== undefined || record.errors.length > 0) return;
  const reason = run.incompleteReported
    ? `The connector said that "${run.label}" is incomplete, without a reason.`
    : `The connector ended without saying that "${run.label}" is complete.`;
  addWarning(record, `${reason} Its log may tell why: get_sync with log_lines.`);
}

/** The state of the sync whose streams have ended. @param hasSome whether the sync has changed anything */
export function syncOutcome(
  { errors }: SyncRecord,
  runs: readonly StreamProgress[],
  { cancelled, hasSome }: { readonly cancelled: boolean; readonly hasSome: boolean },
): SyncState {
  if (cancelled) return 'cancelled';
  const complete = runs.filter(({ outcome }) => outcome === 'complete').length;
  if (runs.length > 0 && complete === runs.length && errors.length === 0) return 'complete';
  return complete > 0 || hasSome ? 'incomplete' : 'failed';
}
