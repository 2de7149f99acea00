import { describe, expect, it } from 'vitest';
import type { PreparedStream, StateText } from '../cache/index.ts';
import type { SyncMode } from '../protocol/index.ts';
import { type LoadPlan, planLoad, type Waiting } from './load-plan.ts';
import type { SharedState } from './shared-state.ts';
import { loseLoaded, markCommitted, markComplete } from './stream-progress.ts';
import {
  addLines,
  confirmRecords,
  newStreamRun,
  type StreamRun,
  setRowsPending,
  setStateToCommit,
} from './stream-run.ts';

const LIMITS = { rows: 100, bytes: 1_000 };
const NONE: Waiting = { rows: 0, bytes: 0, confirmedRows: 0, confirmedBytes: 0 };
const GLOBAL: StateText = { kind: 'GLOBAL', text: '{"global":1}' };
const APPEND = { mode: 'incremental_append', writeMode: 'append' } as const;
const REBUILD = { mode: 'incremental_append', writeMode: 'replace' } as const;
const OVERWRITE = { mode: 'full_refresh_overwrite', writeMode: 'replace' } as const;

interface Options {
  readonly mode: SyncMode;
  readonly writeMode: 'append' | 'replace';
  readonly newTable?: boolean;
  readonly resumable?: boolean;
}

function runOf(name: string, { mode, writeMode, newTable = false, resumable = false }: Options): StreamRun {
  const stream = { name, resumable, incremental: mode.startsWith('incremental') };
  const run = newStreamRun(0, name, { stream, mode, writeMode, newTable } as unknown as PreparedStream);
  addLines(run, 10, 100);
  return run;
}

function stateOf(name: string): StateText {
  return { kind: 'STREAM', stream: { name }, text: `{"of":"${name}"}` };
}

function waitingOf(rows: number, confirmedRows = 0): Waiting {
  return { rows, bytes: rows * 10, confirmedRows, confirmedBytes: confirmedRows * 10 };
}

function plan(streams: readonly [StreamRun, Waiting?][], shared: SharedState = { isUsed: false }): LoadPlan {
  const runs = streams.map(([run]) => run);
  return planLoad({ runs, waiting: streams.map(([, waiting = NONE]) => waiting), shared, limits: LIMITS });
}

/** What a plan does, by the labels of its streams. */
function shown({ loads, states, withState, deleteStatesOf, completed, shared }: LoadPlan) {
  const labels = (runs: readonly StreamRun[]): string[] => runs.map(({ label }) => label);
  return {
    loads: loads.map(({ run, into, lines, movePending, swap }) =>
      [run.label, into, lines, ...(movePending ? ['movePending'] : []), ...(swap ? ['swap'] : [])].join(' '),
    ),
    states: states.map(({ text }) => text),
    withState: labels(withState),
    deleteStatesOf: labels(deleteStatesOf),
    completed: labels(completed),
    shared,
  };
}

const NOTHING = { loads: [], states: [], withState: [], deleteStatesOf: [], completed: [], shared: { isUsed: false } };

describe('planLoad', () => {
  it('loads nothing that is not confirmed', () => {
    expect(shown(plan([[runOf('a', APPEND), waitingOf(10)]]))).toEqual(NOTHING);
  });

  it('loads confirmed rows together with their state', () => {
    const run = runOf('a', APPEND);
    setStateToCommit(run, stateOf('a'));
    confirmRecords(run);
    const states = { states: ['{"of":"a"}'], withState: ['a'] };
    expect(shown(plan([[run, waitingOf(10, 6)]]))).toEqual({ ...NOTHING, loads: ['a table confirmed'], ...states });
    // A state without rows is committed on its own.
    expect(shown(plan([[run]]))).toEqual({ ...NOTHING, ...states });
  });

  it('moves rows that overflowed into the pending table once they are confirmed', () => {
    const run = runOf('a', APPEND);
    setRowsPending(run, 50);
    confirmRecords(run);
    expect(shown(plan([[run]])).loads).toEqual(['a table confirmed movePending']);
  });

  it('puts what waits for a state into pending tables where it is too much, and adds it up', () => {
    const waiting = runOf('a', APPEND);
    setRowsPending(waiting, 7);
    const confirmed = runOf('b', APPEND);
    confirmRecords(confirmed);
    const small = plan([
      [waiting, waitingOf(50)],
      [confirmed, waitingOf(90, 60)],
    ]);
    expect(shown(small).loads).toEqual(['b table confirmed']);
    const large = plan([
      [waiting, waitingOf(80)],
      [confirmed, waitingOf(90, 60)],
    ]);
    expect(shown(large).loads).toEqual(['b table confirmed', 'a pending all', 'b pending all']);
    expect(large.loads.map(({ rowsPending }) => rowsPending)).toEqual([0, 87, 30]);
  });

  it('builds a replacement from all rows, swaps it in when the stream is complete, and deletes its state', () => {
    const run = runOf('a', OVERWRITE);
    expect(shown(plan([[run, waitingOf(10)]]))).toEqual({ ...NOTHING, loads: ['a replacement all'] });
    markComplete(run);
    const end = { loads: ['a replacement all swap'], deleteStatesOf: ['a'], completed: ['a'] };
    expect(shown(plan([[run]]))).toEqual({ ...NOTHING, ...end });
  });

  it('does not swap in a replacement that has lost records, except where there is no table', () => {
    const lossy = (newTable: boolean): StreamRun => {
      const run = runOf('a', { ...OVERWRITE, newTable });
      loseLoaded(run, 1);
      markComplete(run);
      return run;
    };
    expect(shown(plan([[lossy(false), waitingOf(5)]]))).toEqual({ ...NOTHING, loads: ['a replacement all'] });
    expect(shown(plan([[lossy(true), waitingOf(5)]])).loads).toEqual(['a replacement all swap']);
  });

  it('commits the progress of a refresh that can be resumed', () => {
    const run = runOf('a', { ...OVERWRITE, resumable: true });
    setStateToCommit(run, stateOf('a'));
    confirmRecords(run);
    const expected = { loads: ['a replacement confirmed'], states: ['{"of":"a"}'], withState: ['a'] };
    expect(shown(plan([[run, waitingOf(10, 10)]]))).toEqual({ ...NOTHING, ...expected });
  });

  it('commits the state of an incremental stream that is rebuilt only with its swap', () => {
    const run = runOf('a', REBUILD);
    setStateToCommit(run, stateOf('a'));
    expect(shown(plan([[run, waitingOf(10)]]))).toEqual({ ...NOTHING, loads: ['a replacement all'] });
    markComplete(run);
    const end = { loads: ['a replacement all swap'], states: ['{"of":"a"}'], withState: ['a'], completed: ['a'] };
    expect(shown(plan([[run]]))).toEqual({ ...NOTHING, ...end });
  });

  it('deletes the old state of a stream that was rebuilt without a new one', () => {
    const run = runOf('a', REBUILD);
    markComplete(run);
    expect(shown(plan([[run]]))).toMatchObject({
      loads: ['a replacement all swap'],
      states: [],
      deleteStatesOf: ['a'],
    });
  });

  it('commits a state of all streams, of those that are incremental', () => {
    const run = runOf('a', APPEND);
    confirmRecords(run);
    const result = plan(
      [
        [run, waitingOf(10, 10)],
        [runOf('b', OVERWRITE), waitingOf(3)],
      ],
      { isUsed: true, ready: GLOBAL },
    );
    const loads = ['a table confirmed', 'b replacement all'];
    const expected = { loads, states: [GLOBAL.text], withState: ['a'], shared: { isUsed: true } };
    expect(shown(result)).toEqual({ ...NOTHING, ...expected });
  });

  it('holds a state of all streams while one of them is rebuilt, and commits it when all are complete', () => {
    const added = runOf('a', APPEND);
    const rebuilt = runOf('b', REBUILD);
    const held = plan([[added], [rebuilt]], { isUsed: true, ready: GLOBAL });
    expect(shown(held)).toEqual({ ...NOTHING, shared: { isUsed: true, held: GLOBAL } });
    markComplete(rebuilt);
    // The swap waits for a state that covers the others, too.
    expect(shown(plan([[added], [rebuilt, waitingOf(4)]], held.shared))).toMatchObject({
      loads: ['b replacement all'],
      states: [],
      completed: [],
    });
    markComplete(added);
    confirmRecords(added);
    expect(shown(plan([[added], [rebuilt]], held.shared))).toMatchObject({
      loads: ['b replacement all swap'],
      states: [GLOBAL.text],
      withState: ['a', 'b'],
      completed: ['a', 'b'],
      shared: { isUsed: true },
    });
  });

  it('completes a stream once', () => {
    const run = runOf('a', APPEND);
    markComplete(run);
    expect(shown(plan([[run]])).completed).toEqual(['a']);
    markCommitted(run);
    expect(shown(plan([[run]]))).toEqual(NOTHING);
  });
});
