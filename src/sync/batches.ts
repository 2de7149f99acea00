/** Gathers what the connector sends into batches, so that only confirmed rows enter a table, each with its state. */
import type { LoadedStream, StateText, StreamLoad } from '../cache/index.ts';
import { BATCH_LIMITS, type Batch, type BatchLimits } from './batch.ts';
import { type LoadPlan, type PlannedLoad, planLoad } from './load-plan.ts';
import type { RecordForm } from './router/index.ts';
import type { Segments } from './segments.ts';
import { receive, type SharedState } from './shared-state.ts';
import { isLossy, markCommitted, markComplete, markStateCommitted } from './stream-progress.ts';
import {
  addLines,
  confirmRecords,
  countLoad,
  holdBack,
  isIncremental,
  isMerged,
  isPlainReplacement,
  isResumable,
  noteState,
  type StreamRun,
  setRowsPending,
  setStateToCommit,
  startBatch,
} from './stream-run.ts';

/** Without confirmation, rows go to the pending tables at this many batches. */
const OVERFLOW_BATCHES = 2;
/** Airbyte's Python sources send this key for a stream without a state to continue from. */
const NO_STATE = /"__ab_no_cursor_state_message"/;

export interface Batches {
  /** `read` is the bytes that the lines had before they were cut. */
  records(
    run: StreamRun,
    lines: Buffer,
    piece: { rows: number; longest: number; form: RecordForm; read: number },
  ): void;
  /** A STREAM state, or a GLOBAL or LEGACY one, that covers everything so far. */
  state(state: StateText, run: StreamRun | undefined): void;
  /** The stream is complete: everything of it is confirmed. */
  complete(run: StreamRun): void;
  /** Whether a batch should be cut now; `atBoundary` when something has just been confirmed. */
  isDue(now: number, atBoundary: boolean): boolean;
  /** @returns undefined where there is nothing to load */
  cut(): Promise<Batch | undefined>;
}

interface Gathering {
  readonly syncId: string;
  readonly source: string;
  readonly runs: readonly StreamRun[];
  readonly segments: Segments;
  readonly limits: BatchLimits;
  /** What was read since the last batch. */
  rows: number;
  bytes: number;
  /** When something was first confirmed since then, in milliseconds. */
  confirmedSince: number | undefined;
  shared: SharedState;
}

export function createBatches(
  sync: { readonly syncId: string; readonly source: string; readonly sharedStates: boolean },
  runs: readonly StreamRun[],
  segments: Segments,
  limits: BatchLimits = BATCH_LIMITS,
): Batches {
  const { syncId, source, sharedStates } = sync;
  const shared: SharedState = { isUsed: sharedStates };
  const all: Gathering = {
    syncId,
    source,
    runs,
    segments,
    limits,
    rows: 0,
    bytes: 0,
    confirmedSince: undefined,
    shared,
  };
  return {
    records(run, lines, { rows, longest, form, read }) {
      segments.append(run.index, lines, rows, longest, form);
      addLines(run, rows, read);
      all.rows += rows;
      all.bytes += lines.length;
    },
    state(state, run) {
      if (state.kind !== 'STREAM') takeSharedState(all, state);
      else if (run) takeStreamState(all, state, run);
    },
    complete(run) {
      markComplete(run);
      if (repeatsAfterLoss(all, run)) holdBack(run);
      else confirm(all, run);
    },
    isDue: (now, atBoundary) => isDue(all, now, atBoundary),
    cut: () => cut(all),
  };
}

function confirm(all: Gathering, run: StreamRun): void {
  all.segments.confirm(run.index);
  confirmRecords(run);
  all.confirmedSince ??= Date.now();
}

function takeStreamState(all: Gathering, state: StateText, run: StreamRun): void {
  if (!isIncremental(run) && (!isResumable(run) || NO_STATE.test(state.text))) return;
  noteState(run);
  if (isLossy(run)) {
    confirmMerged(all, [run]);
    return;
  }
  // Connectors drop and rewrite namespaces: the state is stored for the stream as it was requested.
  const { name, namespace } = run.prepared.stream;
  const own = { ...state, stream: { name, ...(namespace ? { namespace } : {}) } };
  // The table's columns are stored with the state: they may have grown by then.
  setStateToCommit(run, isIncremental(run) ? own : { ...own, refresh: run.prepared.target });
  if (run.writeMode === 'append' || isResumable(run)) confirm(all, run);
}

function takeSharedState(all: Gathering, state: StateText): void {
  all.shared = { ...all.shared, isUsed: true };
  for (const run of all.runs) noteState(run);
  if (all.runs.some(isLossy)) {
    confirmMerged(all, all.runs);
    return;
  }
  all.shared = receive(all.shared, state, all.runs);
  if (all.shared.ready !== state) return;
  for (const run of all.runs) if (run.writeMode === 'append' && isIncremental(run)) confirm(all, run);
}

/** Without a state, where records are lost: rows that are merged may be read again. */
function confirmMerged(all: Gathering, runs: readonly StreamRun[]): void {
  for (const run of runs) if (run.writeMode === 'append' && isMerged(run)) confirm(all, run);
}

/** Whether rows would be there twice after the next sync, because the state does not move past what was lost. */
function repeatsAfterLoss({ shared, runs }: Gathering, run: StreamRun): boolean {
  const isAffected = isLossy(run) || (shared.isUsed && isIncremental(run) && runs.some(isLossy));
  if (!isAffected || isMerged(run)) return false;
  // Without any state all of it is read again anyhow.
  return run.writeMode === 'append' ? run.stateSeen : isResumable(run) && !run.prepared.newTable;
}

function isDue(all: Gathering, now: number, atBoundary: boolean): boolean {
  const { rows, bytes, limits, confirmedSince } = all;
  const isLarge = rows >= limits.rows || bytes >= limits.bytes;
  if (isLarge && (atBoundary || hasOnlyReplacements(all))) return true;
  if (rows >= limits.rows * OVERFLOW_BATCHES || bytes >= limits.bytes * OVERFLOW_BATCHES) return true;
  return confirmedSince !== undefined && now - confirmedSince >= limits.ms;
}

/** Whether all that waits can be loaded without a state. */
function hasOnlyReplacements({ runs, segments }: Gathering): boolean {
  return runs.every((run) => isPlainReplacement(run) || segments.waiting(run.index).rows === 0);
}

async function cut(all: Gathering): Promise<Batch | undefined> {
  const { runs, segments, shared, limits } = all;
  const waiting = runs.map(({ index }) => segments.waiting(index));
  const plan = planLoad({ runs, waiting, shared, limits });
  apply(all, plan);
  const { loads, states, withState, deleteStatesOf, completed } = plan;
  if (loads.length === 0 && states.length === 0 && deleteStatesOf.length === 0) {
    for (const run of completed) markCommitted(run);
    return undefined;
  }
  const streams: StreamLoad[] = [];
  for (const load of loads) streams.push(await takeLines(segments, load));
  const { syncId, source } = all;
  return {
    load: { syncId, source, streams, states, deleteStatesOf: deleteStatesOf.map(({ prepared }) => prepared.stream) },
    runs: loads.map(({ run }) => run),
    withState,
    completed,
  };
}

function apply(all: Gathering, { loads, shared }: LoadPlan): void {
  all.rows = 0;
  all.bytes = 0;
  all.confirmedSince = undefined;
  all.shared = shared;
  const swapped = new Set(loads.filter(({ swap }) => swap).map(({ run }) => run));
  for (const run of all.runs) startBatch(run, { isSwapped: swapped.has(run) });
  for (const { run, rowsPending } of loads) setRowsPending(run, rowsPending);
}

async function takeLines(
  segments: Segments,
  { run, lines, into, movePending, swap }: PlannedLoad,
): Promise<StreamLoad> {
  const files = lines === 'all' ? await segments.takeAll(run.index) : await segments.takeConfirmed(run.index);
  return { prepared: run.prepared, movePending, into, segments: files, swap };
}

/** Counts what a loaded batch has committed. */
export function countLoaded({ load, runs, withState, completed }: Batch, loaded: readonly LoadedStream[]): void {
  for (const [index, run] of runs.entries()) {
    const entry = load.streams[index];
    const result = loaded[index];
    if (entry && result) countLoad(run, entry, result);
  }
  for (const run of withState) markStateCommitted(run);
  for (const run of completed) markCommitted(run);
}
