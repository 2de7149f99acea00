/** Gathers what the connector sends into batches, so that only confirmed rows enter a table, each with its state. */
import type { BatchLoad, LoadedStream, StateText, StreamLoad } from '../cache/index.ts';
import type { Batch } from './batch.ts';
import { isLossy, isMerged } from './losses.ts';
import type { RecordForm } from './router/index.ts';
import type { Segments } from './segments.ts';
import { holdsGlobalState, isIncremental, isResumable, type StreamRun } from './stream-run.ts';

/** When a batch is cut. */
export interface BatchLimits {
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds after the first confirmation of a slow source. */
  readonly ms: number;
}

const BATCH_LIMITS: BatchLimits = { rows: 500_000, bytes: 256 * 1024 * 1024, ms: 10_000 };
/** With nothing confirmed, rows go to the pending tables at this many batches. */
const OVERFLOW = 2;
/** What Airbyte's Python sources say where a stream has no state to continue from. */
const NO_STATE = /"__ab_no_cursor_state_message"/;

export interface Batches {
  /** `read` is the bytes that the lines had before they were cut. */
  records(
    run: StreamRun,
    lines: Buffer,
    piece: { rows: number; longest: number; form: RecordForm; read: number },
  ): void;
  /** A STREAM state, or a GLOBAL or LEGACY one, that came after everything so far. */
  state(state: StateText, run: StreamRun | undefined): void;
  /** The stream is whole: everything of it is confirmed. */
  complete(run: StreamRun): void;
  /** Whether a batch is to be cut now; `atBoundary` when something has just been confirmed. */
  isDue(now: number, atBoundary: boolean): boolean;
  /** @returns undefined where there is nothing to load */
  cut(): Promise<Batch | undefined>;
}

export function createBatches(
  sync: { readonly syncId: string; readonly source: string; readonly sharedStates: boolean },
  runs: readonly StreamRun[],
  segments: Segments,
  limits: BatchLimits = BATCH_LIMITS,
): Batches {
  let rows = 0;
  let bytes = 0;
  let since: number | undefined;
  let global: StateText | undefined;
  /** A GLOBAL state that came while a table was being replaced: good only when everything is confirmed. */
  let held: StateText | undefined;
  /** Whether the source has states of all streams: then tables that were replaced enter together, with one of them. */
  let { sharedStates } = sync;

  const confirm = (run: StreamRun): void => {
    segments.confirm(run.index);
    run.heldBack = false;
    run.confirmed = true;
    since ??= Date.now();
  };
  /** Without a state, where records are lost: what is merged may come again. */
  const confirmMerged = (some: readonly StreamRun[]): void => {
    for (const run of some) if (run.writeMode === 'append' && isMerged(run)) confirm(run);
  };
  /** Whether rows would be there twice after the next reading, for the state does not move past what was lost. */
  const holdsBack = (run: StreamRun): boolean => {
    const isHit = isLossy(run) || (sharedStates && isIncremental(run) && runs.some(isLossy));
    if (!isHit || isMerged(run)) return false;
    // Without any state it all comes again anyhow.
    return run.writeMode === 'append' ? run.stateSeen : isResumable(run) && !run.prepared.newTable;
  };
  const isGlobalHeld = (): boolean => runs.some((run) => holdsGlobalState(run) && !run.complete);
  /** Rows that can be loaded without waiting for a state. */
  const onlyReplacements = (): boolean =>
    runs.every((run) => isPlainReplacement(run) || segments.waiting(run.index).rows === 0);

  return {
    records(run, lines, { rows: count, longest, form, read }) {
      segments.append(run.index, lines, count, longest, form);
      run.recordsRead += count;
      run.recordsSinceState += count;
      run.bytesRead += read;
      // What comes after COMPLETE has to be confirmed again.
      run.complete = false;
      run.isCommitted = false;
      run.state = 'running';
      rows += count;
      bytes += lines.length;
    },
    state(state, run) {
      if (state.kind === 'STREAM') {
        if (!run || !(isIncremental(run) || (isResumable(run) && !NO_STATE.test(state.text)))) return;
        run.stateSeen = true;
        if (isLossy(run)) {
          confirmMerged([run]);
          return;
        }
        // Connectors drop and rewrite namespaces: a state belongs to the stream as it was asked for.
        const { name, namespace } = run.prepared.stream;
        const own = { ...state, stream: { name, ...(namespace ? { namespace } : {}) } };
        // The table's columns are taken down with the state: they may have grown by then.
        run.stateToCommit = isIncremental(run) ? own : { ...own, refresh: run.prepared.target };
        if (run.writeMode === 'append' || isResumable(run)) confirm(run);
        return;
      }
      sharedStates = true;
      for (const one of runs) one.stateSeen = true;
      if (runs.some(isLossy)) {
        confirmMerged(runs);
        return;
      }
      // A state of all streams would say of a table under way that it is in place.
      if (isGlobalHeld()) {
        held = state;
        return;
      }
      global = state;
      held = undefined;
      for (const one of runs) if (one.writeMode === 'append' && isIncremental(one)) confirm(one);
    },
    complete(run) {
      run.complete = true;
      run.state = 'complete';
      if (holdsBack(run)) run.heldBack = true;
      else confirm(run);
    },
    isDue(now, atBoundary) {
      const large = rows >= limits.rows || bytes >= limits.bytes;
      if (large && (atBoundary || onlyReplacements())) return true;
      if (rows >= limits.rows * OVERFLOW || bytes >= limits.bytes * OVERFLOW) return true;
      return since !== undefined && now - since >= limits.ms;
    },
    async cut() {
      rows = 0;
      bytes = 0;
      since = undefined;
      const entries: { run: StreamRun; load: StreamLoad }[] = [];
      const states: StateText[] = [];
      const withState: StreamRun[] = [];
      const forget: StreamRun[] = [];
      if (global && isGlobalHeld()) {
        held = global;
        global = undefined;
      }
      const allWhole = runs.every((run) => run.complete);
      const ofAll = held && allWhole ? held : global;
      const swaps = (run: StreamRun): boolean =>
        run.complete &&
        // What became whole but for some records is better than nothing, and no better than what was there.
        (!isLossy(run) || run.prepared.newTable) &&
        (!sharedStates || !holdsGlobalState(run) || ofAll !== undefined || allWhole);
      const whole = runs.filter((run) => !run.isCommitted && (run.writeMode === 'replace' ? swaps(run) : run.complete));
      for (const run of runs) {
        const swap = run.writeMode === 'replace' && swaps(run);
        const load = isPlainReplacement(run) ? await cutReplacement(run, swap) : await cutConfirmed(run, swap);
        const isWhole = whole.includes(run);
        if (!isIncremental(run)) {
          // The next full refresh begins at the beginning.
          if (isWhole) forget.push(run);
          else if (run.stateToCommit) {
            states.push(run.stateToCommit);
            withState.push(run);
          }
          run.stateToCommit = undefined;
        } else if (run.writeMode === 'append' || load?.swap) {
          if (run.stateToCommit) {
            states.push(run.stateToCommit);
            withState.push(run);
            // A table that was replaced is no longer what an older state describes.
          } else if (load?.swap) forget.push(run);
          run.stateToCommit = undefined;
        }
        if (load) entries.push({ run, load });
        if (load?.swap) run.writeMode = 'append';
        run.confirmed = false;
      }
      entries.push(...(await overflow()));
      if (ofAll) {
        states.push(ofAll);
        withState.push(...runs.filter(isIncremental));
        global = undefined;
        held = undefined;
      }
      if (entries.length === 0 && states.length === 0 && forget.length === 0) {
        for (const run of whole) run.isCommitted = true;
        return undefined;
      }
      const load: BatchLoad = {
        syncId: sync.syncId,
        source: sync.source,
        streams: entries.map((entry) => entry.load),
        states,
        forget: forget.map(({ prepared }) => prepared.stream),
      };
      return { load, runs: entries.map(({ run }) => run), withState, whole };
    },
  };

  async function cutReplacement(run: StreamRun, swap: boolean): Promise<StreamLoad | undefined> {
    const files = await segments.takeAll(run.index);
    if (files.length === 0 && !swap) return undefined;
    return { prepared: run.prepared, movePending: false, into: 'replacement', segments: files, swap };
  }

  async function cutConfirmed(run: StreamRun, swap: boolean): Promise<StreamLoad | undefined> {
    if (!run.confirmed) return undefined;
    const files = await segments.takeConfirmed(run.index);
    const movePending = run.rowsPending > 0;
    run.rowsPending = 0;
    if (files.length === 0 && !movePending && !swap) return undefined;
    const into = run.writeMode === 'replace' ? 'replacement' : 'table';
    return { prepared: run.prepared, movePending, into, segments: files, swap };
  }

  /** When too much waits for a state, it waits in the database instead: staging stays bounded. */
  async function overflow(): Promise<{ run: StreamRun; load: StreamLoad }[]> {
    const waiting = runs.map((run) => ({ run, ...segments.waiting(run.index) })).filter((one) => one.rows > 0);
    const sum = (of: (one: (typeof waiting)[number]) => number): number =>
      waiting.reduce((total, one) => total + of(one), 0);
    if (sum((one) => one.rows) < limits.rows && sum((one) => one.bytes) < limits.bytes) return [];
    const entries: { run: StreamRun; load: StreamLoad }[] = [];
    for (const { run, rows: count } of waiting) {
      const files = await segments.takeAll(run.index);
      run.rowsPending += count;
      const load: StreamLoad = {
        prepared: run.prepared,
        movePending: false,
        into: 'pending',
        segments: files,
        swap: false,
      };
      entries.push({ run, load });
    }
    return entries;
  }
}

/** A table that is built beside the old one, and is nothing before it is whole. */
function isPlainReplacement(run: StreamRun): boolean {
  return run.writeMode === 'replace' && !isResumable(run);
}

/** Counts what a loaded batch has committed. */
export function countLoaded({ load, runs, withState, whole }: Batch, loaded: readonly LoadedStream[]): void {
  for (const [index, run] of runs.entries()) {
    const entry = load.streams[index];
    const result = loaded[index];
    if (!entry || !result) continue;
    const { rows, moved, written, updated, deleted, late, dropped, replaced } = result;
    if (entry.into !== 'pending') run.rowsStaged += written;
    run.recordsStaged += rows - (entry.into === 'pending' ? rows : 0) + moved + dropped;
    run.rowsDeleted += deleted;
    run.recordsLate += late;
    // What a replacement has merged into itself was never in the table.
    if (entry.into === 'table') run.rowsUpdated += updated;
    else run.rowsStaged -= updated;
    if (replaced !== undefined) run.rowsReplaced = (run.rowsReplaced ?? 0) + replaced;
    for (const [field, count] of Object.entries(result.changed)) {
      run.changed.set(field, (run.changed.get(field) ?? 0) + count);
    }
    if (entry.into === 'table' || entry.swap) {
      run.rowsCommitted += run.rowsStaged;
      run.rowsStaged = 0;
    }
    // What a refresh has read so far is kept with its state, though nobody sees it yet.
    if (entry.into === 'table' || entry.swap || (entry.into === 'replacement' && isResumable(run))) {
      run.recordsPersisted += run.recordsStaged;
      run.recordsStaged = 0;
    }
  }
  for (const run of withState) run.committedState = true;
  for (const run of whole) run.isCommitted = run.complete;
}
