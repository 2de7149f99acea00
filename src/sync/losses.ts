/** Lost records: which stream they belong to, and what a batch may still load. */
import type { BatchLoad, StreamLoad } from '../cache/index.ts';
import { count } from '../count.ts';
import type { Batch } from './batch.ts';
import { type StreamName, streamKey } from './stream-keys.ts';
import { isComplete, loseRead, type StreamProgress } from './stream-progress.ts';
import { holdBack, isMerged, isResumable, type StreamRun, withdrawReplacement } from './stream-run.ts';
import { addNote, type SyncRecord } from './sync-record.ts';

/**
 * A record is lost while it is read.
 * @param stream -1 where it does not name its stream: then it may belong to any that is not complete
 */
export function loseRecord(
  record: SyncRecord,
  runs: readonly StreamProgress[],
  stream: number,
  why: 'broken' | 'long' = 'broken',
): void {
  const own = runs[stream];
  const open = runs.filter((run) => !isComplete(run));
  const losing = own ? [own] : open.length > 0 ? open : runs;
  for (const run of losing) loseRead(run);
  if (!own && losing.length > 1) {
    addNote(record, 'A truncated record does not name its stream, so it is counted as lost in every open stream.');
  }
  if (why === 'long') addNote(record, 'Records of more than 100 MB cannot be loaded: leave large fields out.');
}

export function lossWarning({ label, lost, missing }: StreamProgress, consequence: string): string {
  const records = (number: number): string => count(number, 'record');
  const reasons = [
    ...(lost > 0 ? [`${records(lost)} could not be read (truncated, malformed, or not a record)`] : []),
    ...(missing > 0 ? [`${records(missing)} that the source reported did not arrive`] : []),
    ...(missing < 0 ? [`${records(-missing)} more than the source reported arrived`] : []),
  ];
  return `"${label}": ${reasons.join('; ')}. ${consequence}`;
}

interface Entry {
  readonly run: StreamRun;
  readonly load: StreamLoad;
}

/** What a batch may still load and commit where these streams have lost records in it or before it. */
export function withoutLoss(batch: Batch, lossy: ReadonlySet<StreamRun>): Batch {
  const sharesState = batch.load.states.some(({ kind }) => kind !== 'STREAM');
  // A state of all streams does not move past the loss of one.
  const isAffected = (run: StreamRun): boolean => lossy.has(run) || (sharesState && batch.withState.includes(run));
  const entries = batch.load.streams.flatMap((load, index): Entry[] => {
    const run = batch.runs[index];
    if (!run) return [];
    if (isAffected(run) && wouldRepeat(run, load)) {
      holdBack(run);
      return [];
    }
    return run.isWithdrawn ? [] : [{ run, load: withoutLossySwap(run, load, lossy.has(run)) }];
  });
  return {
    load: { ...batch.load, streams: entries.map(({ load }) => load), ...statesWithoutLoss(batch.load, lossy) },
    runs: entries.map(({ run }) => run),
    withState: sharesState ? [] : batch.withState.filter((run) => !lossy.has(run)),
    completed: batch.completed.filter((run) => !run.isWithdrawn && entries.some((entry) => entry.run === run)),
  };
}

/** Whether the next sync would duplicate its rows, because their state is not committed. */
function wouldRepeat(run: StreamRun, { into }: StreamLoad): boolean {
  if (into === 'table') return !isMerged(run) && run.stateSeen;
  return into === 'replacement' && isResumable(run) && !run.prepared.newTable;
}

function withoutLossySwap(run: StreamRun, load: StreamLoad, isLossy: boolean): StreamLoad {
  const swap = load.swap && (!isLossy || run.prepared.newTable);
  if (load.swap && !swap) withdrawReplacement(run);
  return { ...load, swap, mayLose: isLossy };
}

function statesWithoutLoss(
  { states, deleteStatesOf }: BatchLoad,
  lossy: ReadonlySet<StreamRun>,
): Pick<BatchLoad, 'states' | 'deleteStatesOf'> {
  const byStream = new Map([...lossy].map((run) => [streamKey(run.prepared.stream), run]));
  const lossyRun = (stream: StreamName): StreamRun | undefined => byStream.get(streamKey(stream));
  return {
    states: states.filter(({ kind, stream }) => kind === 'STREAM' && !(stream && lossyRun(stream))),
    deleteStatesOf: deleteStatesOf.filter((stream) => lossyRun(stream)?.isWithdrawn !== true),
  };
}
