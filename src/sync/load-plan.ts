/** Decides what the next batch loads and commits: a pure function of the streams' progress and of the rows that wait. */
import type { StateText, StreamLoad } from '../cache/index.ts';
import type { BatchLimits } from './batch.ts';
import { type SharedState, takeReady } from './shared-state.ts';
import { isCommitted, isComplete, isLossy } from './stream-progress.ts';
import { blocksSharedState, isIncremental, isPlainReplacement, type StreamRun } from './stream-run.ts';

/** What waits in the segments of one stream: in total, and up to its last confirmation. */
export interface Waiting {
  readonly rows: number;
  readonly bytes: number;
  readonly confirmedRows: number;
  readonly confirmedBytes: number;
}

/** One entry of the batch; a stream may have two: its confirmed lines, and those that overflow into its pending table. */
export interface PlannedLoad extends Pick<StreamLoad, 'into' | 'movePending' | 'swap'> {
  readonly run: StreamRun;
  readonly lines: 'confirmed' | 'all';
  /** Rows of its pending table after this load. */
  readonly rowsPending: number;
}

export interface LoadPlan {
  readonly loads: readonly PlannedLoad[];
  readonly states: readonly StateText[];
  /** Streams that those states cover. */
  readonly withState: readonly StreamRun[];
  /** Streams whose stored state no longer describes their table. */
  readonly deleteStatesOf: readonly StreamRun[];
  /** Streams that are committed with this batch. */
  readonly completed: readonly StreamRun[];
  /** States of all streams that are left for later batches. */
  readonly shared: SharedState;
}

export interface LoadSituation {
  readonly runs: readonly StreamRun[];
  /** In the order of `runs`. */
  readonly waiting: readonly Waiting[];
  readonly shared: SharedState;
  readonly limits: Pick<BatchLimits, 'rows' | 'bytes'>;
}

const NOTHING: Waiting = { rows: 0, bytes: 0, confirmedRows: 0, confirmedBytes: 0 };

export function planLoad({ runs, waiting, shared, limits }: LoadSituation): LoadPlan {
  const { state: sharedState, rest } = takeReady(shared, runs);
  const mayShare = sharedState !== undefined || runs.every(isComplete);
  const swaps = (run: StreamRun): boolean => isSwapDue(run, !shared.isUsed || mayShare);
  const completed = runs.filter(
    (run) => isComplete(run) && !isCommitted(run) && (run.writeMode === 'append' || swaps(run)),
  );
  const own = runs.map((run, index) => planOwnLoad(run, waiting[index] ?? NOTHING, swaps(run)));
  const stateActions = runs.map((run, index) => {
    const isSwapped = own[index]?.swap === true;
    return planState(run, { isSwapped, isCompleted: completed.includes(run) });
  });
  const committing = runs.filter((_run, index) => stateActions[index] === 'commit');
  return {
    loads: [...own.filter((load) => load !== undefined), ...planOverflow(runs, waiting, own, limits)],
    states: [...committing.flatMap(({ stateToCommit }) => stateToCommit ?? []), ...(sharedState ? [sharedState] : [])],
    withState: sharedState ? [...committing, ...runs.filter(isIncremental)] : committing,
    deleteStatesOf: runs.filter((_run, index) => stateActions[index] === 'delete'),
    completed,
    shared: rest,
  };
}

/** Whether the replacement is swapped in for the table. @param mayShare whether the state of all streams allows it */
function isSwapDue(run: StreamRun, mayShare: boolean): boolean {
  if (run.writeMode !== 'replace' || !isComplete(run)) return false;
  // A replacement that has lost records is better than no table, but not better than the previous one.
  return (!isLossy(run) || run.prepared.newTable) && (mayShare || !blocksSharedState(run));
}

function planOwnLoad(run: StreamRun, waiting: Waiting, swap: boolean): PlannedLoad | undefined {
  if (isPlainReplacement(run)) {
    if (waiting.rows === 0 && !swap) return undefined;
    return { run, into: 'replacement', lines: 'all', movePending: false, swap, rowsPending: run.rowsPending };
  }
  const movePending = run.rowsPending > 0;
  if (!run.hasConfirmed || (waiting.confirmedRows === 0 && !movePending && !swap)) return undefined;
  const into = run.writeMode === 'replace' ? 'replacement' : 'table';
  return { run, into, lines: 'confirmed', movePending, swap, rowsPending: 0 };
}

function planState(
  run: StreamRun,
  { isSwapped, isCompleted }: { readonly isSwapped: boolean; readonly isCompleted: boolean },
): 'commit' | 'delete' | undefined {
  const hasState = run.stateToCommit !== undefined;
  if (!isIncremental(run)) {
    // The next full refresh starts from the beginning.
    if (isCompleted) return 'delete';
    return hasState ? 'commit' : undefined;
  }
  if (run.writeMode === 'replace' && !isSwapped) return undefined;
  if (hasState) return 'commit';
  // An older state does not describe the table that was swapped in.
  return isSwapped ? 'delete' : undefined;
}

/** Moves rows that wait for a state into the database when there are too many, so that staging stays bounded. */
function planOverflow(
  runs: readonly StreamRun[],
  waiting: readonly Waiting[],
  own: readonly (PlannedLoad | undefined)[],
  limits: LoadSituation['limits'],
): PlannedLoad[] {
  const rest = runs.map((_run, index) => unloaded(waiting[index] ?? NOTHING, own[index]));
  const rows = rest.reduce((sum, one) => sum + one.rows, 0);
  const bytes = rest.reduce((sum, one) => sum + one.bytes, 0);
  if (rows < limits.rows && bytes < limits.bytes) return [];
  return runs.flatMap((run, index): PlannedLoad[] => {
    const count = rest[index]?.rows ?? 0;
    if (count === 0) return [];
    const rowsPending = (own[index]?.rowsPending ?? run.rowsPending) + count;
    return [{ run, into: 'pending', lines: 'all', movePending: false, swap: false, rowsPending }];
  });
}

/** What remains in the segments after a load. */
function unloaded(waiting: Waiting, load: PlannedLoad | undefined): Pick<Waiting, 'rows' | 'bytes'> {
  if (!load) return waiting;
  if (load.lines === 'all') return NOTHING;
  return { rows: waiting.rows - waiting.confirmedRows, bytes: waiting.bytes - waiting.confirmedBytes };
}
