/** Records that are lost: which stream they are of, and what a batch may still do then. */
import type { StreamLoad } from '../cache/index.ts';
import { count } from '../count.ts';
import type { Batch } from './batch.ts';
import { type StreamName, streamKey } from './stream-keys.ts';
import { isResumable, type StreamRun } from './stream-run.ts';
import { addNote, addWarning, type SyncRecord } from './sync-record.ts';

/** What is counted of losses, of a stream into the cache or into a destination. */
export interface Losing {
  readonly label: string;
  /** Records that could not be read or loaded. */
  lost: number;
  /** Records that the source counts up to its last state, less those that came. */
  missing: number;
  recordsSinceState: number;
  readonly complete: boolean;
}

export function isLossy({ lost, missing }: Pick<Losing, 'lost' | 'missing'>): boolean {
  return lost > 0 || missing !== 0;
}

/**
 * A record is lost on the way.
 * @param stream -1 where it does not say of which stream: then it may be of any that is not whole
 */
export function loseRecord(
  record: SyncRecord,
  runs: readonly Losing[],
  stream: number,
  why: 'broken' | 'long' = 'broken',
): void {
  const own = runs[stream];
  const open = runs.filter(({ complete }) => !complete);
  const losing = own ? [own] : open.length > 0 ? open : runs;
  for (const run of losing) {
    run.lost += 1;
    run.recordsSinceState += 1;
  }
  if (!own && losing.length > 1) {
    addNote(record, 'A record that is cut off does not say of which stream it is: it is counted as lost in each.');
  }
  if (why === 'long') addNote(record, 'Records of more than 100 MB cannot be loaded: leave large fields out.');
}

/** What is said of a stream that lost records. */
export function lossWarning({ label, lost, missing }: Losing, consequence: string): string {
  const records = (number: number): string => count(number, 'record');
  const reasons = [
    ...(lost > 0 ? [`${records(lost)} could not be read: cut off, broken or no records`] : []),
    ...(missing > 0 ? [`${records(missing)} that the source counts did not come`] : []),
    ...(missing < 0 ? [`${records(-missing)} more than the source counts came`] : []),
  ];
  return `"${label}": ${reasons.join('; ')}. ${consequence}`;
}

/** Says why a stream is not whole, where nothing else does. */
export function warnOfNoEnd(
  record: SyncRecord,
  run: {
    readonly label: string;
    readonly complete: boolean;
    readonly error: string | undefined;
    readonly saidIncomplete: boolean;
  },
): void {
  if (run.complete || run.error !== undefined || record.errors.length > 0) return;
  const said = run.saidIncomplete
    ? `The connector said that "${run.label}" is incomplete, without a reason.`
    : `The connector ended without saying that "${run.label}" is complete.`;
  addWarning(record, `${said} Its log may tell why: get_sync with log_lines.`);
}

/** Rows that come again do no harm: they are merged by their key. */
export function isMerged({ prepared }: StreamRun): boolean {
  return prepared.mode === 'incremental_deduped_history';
}

/** What a batch may still do where these streams have lost records that stand in it or before it. */
export function withoutLoss(batch: Batch, lossy: ReadonlySet<StreamRun>): Batch {
  const sharesState = batch.load.states.some(({ kind }) => kind !== 'STREAM');
  const kept: { run: StreamRun; load: StreamLoad }[] = [];
  for (const [index, load] of batch.load.streams.entries()) {
    const run = batch.runs[index];
    if (!run) continue;
    // Without its state what is only added would be there twice after the next reading. A state of all streams does not move
    // past the loss of one: then that holds for the others too.
    const repeats =
      (load.into === 'table' && !isMerged(run) && run.stateSeen) ||
      (load.into === 'replacement' && isResumable(run) && !run.prepared.newTable);
    if (repeats && (lossy.has(run) || (sharesState && batch.withState.includes(run)))) {
      run.heldBack = true;
      continue;
    }
    if (run.withdrawn) continue;
    const swap = load.swap && (!lossy.has(run) || run.prepared.newTable);
    if (load.swap && !swap) {
      run.writeMode = 'replace';
      run.withdrawn = true;
    }
    kept.push({ run, load: { ...load, swap, mayLose: lossy.has(run) } });
  }
  const byStream = new Map([...lossy].map((run) => [streamKey(run.prepared.stream), run]));
  const isLost = (stream: StreamName | undefined): boolean => stream !== undefined && byStream.has(streamKey(stream));
  return {
    load: {
      ...batch.load,
      streams: kept.map(({ load }) => load),
      states: batch.load.states.filter(({ kind, stream }) => kind === 'STREAM' && !isLost(stream)),
      forget: batch.load.forget.filter((stream) => byStream.get(streamKey(stream))?.withdrawn !== true),
    },
    runs: kept.map(({ run }) => run),
    withState: sharesState ? [] : batch.withState.filter((run) => !lossy.has(run)),
    whole: batch.whole.filter((run) => !run.withdrawn && kept.some((one) => one.run === run)),
  };
}
