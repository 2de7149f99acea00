/** States that cover every stream (GLOBAL and LEGACY): when they may be committed. Plain data and pure functions. */
import type { StateText } from '../cache/index.ts';
import { isComplete } from './stream-progress.ts';
import { blocksSharedState, type StreamRun } from './stream-run.ts';

export interface SharedState {
  /** Whether the source has such states: then tables that were rebuilt are swapped in together, with one of them. */
  readonly isUsed: boolean;
  /** The last one, ready to commit. */
  readonly ready?: StateText | undefined;
  /** One that arrived while a table was being rebuilt: it is committed when every stream is complete. */
  readonly held?: StateText | undefined;
}

/** Such a state would claim that a table is complete while it is being rebuilt. */
export function isBlocked(runs: readonly StreamRun[]): boolean {
  return runs.some((run) => blocksSharedState(run) && !isComplete(run));
}

export function receive(shared: SharedState, state: StateText, runs: readonly StreamRun[]): SharedState {
  return isBlocked(runs) ? { ...shared, isUsed: true, held: state } : { isUsed: true, ready: state };
}

/** @returns the state that the next batch commits, and what is left for later ones */
export function takeReady(
  shared: SharedState,
  runs: readonly StreamRun[],
): { readonly state: StateText | undefined; readonly rest: SharedState } {
  const { isUsed } = shared;
  const mustWait = shared.ready !== undefined && isBlocked(runs);
  const ready = mustWait ? undefined : shared.ready;
  const held = mustWait ? shared.ready : shared.held;
  const state = held && runs.every(isComplete) ? held : ready;
  return { state, rest: state ? { isUsed } : { isUsed, held } };
}
