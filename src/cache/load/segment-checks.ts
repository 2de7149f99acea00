/** Checks the segments of a batch before they are loaded: adds columns for new fields, widens narrow ones, repairs broken files. */

import { holdsDeep } from '../convert/depth.ts';
import { examineSegment, type Findings } from '../convert/examine.ts';
import { keepDigits } from '../convert/long-numbers.ts';
import { repairSegment } from '../convert/repair.ts';
import { isDataError } from '../convert/segment-failure.ts';
import type { LoadStore, StoreOptions } from '../sql.ts';
import { exactColumns } from './columns.ts';
import { growForData, widenColumns } from './grow.ts';
import type { BatchLoad, PreparedStream, ReadableSegment, SegmentFile } from './types.ts';

/** Records of a batch are lost, and none of the batch is loaded: its states must not move past the lost records. */
export class LostRecords extends Error {
  /** One count for each of the batch's streams. */
  readonly counts: readonly number[];
  /** Lost records of unknown streams. */
  readonly strays: number;
  /** The changes that were made to the columns of each stream all the same. */
  readonly grown: readonly (readonly string[])[];

  constructor(counts: readonly number[], strays: number, grown: readonly (readonly string[])[]) {
    super('records are lost');
    this.counts = counts;
    this.strays = strays;
    this.grown = grown;
  }
}

/** What a check found in a segment, and the file to read instead. */
export interface CheckedSegment {
  readonly readable: ReadableSegment;
  readonly dropped: number;
  readonly strays: number;
  readonly changed: Findings['changed'];
}

/** What is known so far of the segments of one batch. */
export interface BatchChecks {
  readonly store: LoadStore;
  readonly batch: BatchLoad;
  readonly options: StoreOptions;
  /** By path of the segment. */
  readonly checked: Map<string, CheckedSegment>;
  /** Paths of segments that the database must not read as they are. */
  readonly unreadable: Set<string>;
  /** Changes to columns, a sentence each. */
  readonly grown: Map<PreparedStream, string[]>;
}

export function startChecks(store: LoadStore, batch: BatchLoad, options: StoreOptions): BatchChecks {
  return { store, batch, options, checked: new Map(), unreadable: new Set(), grown: new Map() };
}

/** Fits the stream's columns to every segment, and checks the segments that the database must not read as they are. */
export async function prepareSegments(checks: BatchChecks): Promise<void> {
  for (const { prepared, segments } of checks.batch.streams) {
    for (const segment of segments) await prepareSegment(checks, prepared, segment);
  }
}

async function prepareSegment(checks: BatchChecks, prepared: PreparedStream, segment: SegmentFile): Promise<void> {
  const { store, checked, unreadable, options } = checks;
  if (await isMisread(prepared, segment)) unreadable.add(segment.path);
  try {
    const readable = unreadable.has(segment.path) ? await checkSegment(checks, prepared, segment) : unchecked(segment);
    noteGrowth(checks, prepared, await growForData(store, prepared, readable, options));
  } catch (error) {
    if (!isDataError(error)) throw error;
    const notes = await growForData(store, prepared, await checkSegment(checks, prepared, segment), options);
    noteGrowth(checks, prepared, notes);
    // The types of the new columns are guessed and may be too narrow, so check again.
    if (notes.length > 0) await checkSegment(checks, prepared, segment);
  }
  if (prepared.target.needsValidation && !checked.has(segment.path)) await checkSegment(checks, prepared, segment);
}

/** Whether the database would misread the segment: it would round long numbers, and overflow its stack on deep nesting. */
async function isMisread(prepared: PreparedStream, segment: SegmentFile): Promise<boolean> {
  return (segment.longNumbers && keepDigits(exactColumns(prepared))) || holdsDeep(segment);
}

/** Examines a segment, repairs it where it cannot be read, and widens the columns that its values do not fit. */
export async function checkSegment(
  checks: BatchChecks,
  prepared: PreparedStream,
  segment: SegmentFile,
): Promise<ReadableSegment> {
  const { store, checked, options } = checks;
  const { readable, lost, findings } = await examineOrRepair(checks, prepared, segment);
  const notes = await widenColumns(store, prepared, findings.widen, options);
  // Values that fit after the widening are not changed by the load.
  const { changed } = findings.widen.size > 0 ? await examine(checks, prepared, readable) : findings;
  if (notes.length > 0) await recheckOthers(checks, prepared);
  checked.set(segment.path, { readable, ...lost, changed });
  prepared.target.needsValidation = true;
  noteGrowth(checks, prepared, notes);
  return readable;
}

interface Examined {
  readonly readable: ReadableSegment;
  readonly lost: Pick<CheckedSegment, 'dropped' | 'strays'>;
  readonly findings: Findings;
}

async function examineOrRepair(checks: BatchChecks, prepared: PreparedStream, segment: SegmentFile): Promise<Examined> {
  const readRepaired = async (): Promise<Examined> => {
    const target = { stream: prepared.stream, columns: exactColumns(prepared) };
    const { segment: readable, ...lost } = await repairSegment(segment, target);
    return { readable, lost, findings: await examine(checks, prepared, readable) };
  };
  if (checks.unreadable.has(segment.path)) return readRepaired();
  const readable: ReadableSegment = { ...unchecked(segment), careful: true };
  try {
    return { readable, lost: { dropped: 0, strays: 0 }, findings: await examine(checks, prepared, readable) };
  } catch (error) {
    if (!isDataError(error)) throw error;
    return readRepaired();
  }
}

function examine(
  { store, options }: BatchChecks,
  prepared: PreparedStream,
  readable: ReadableSegment,
): Promise<Findings> {
  return store.reader(
    'looking at records',
    (reader) => examineSegment(reader, readable, exactColumns(prepared)),
    options,
  );
}

/** Values of earlier segments may fit the columns now. */
async function recheckOthers(checks: BatchChecks, prepared: PreparedStream): Promise<void> {
  const streams = checks.batch.streams.filter((entry) => entry.prepared === prepared);
  for (const { path } of streams.flatMap(({ segments }) => segments)) {
    const before = checks.checked.get(path);
    if (!before) continue;
    const { changed } = await examine(checks, prepared, before.readable);
    checks.checked.set(path, { ...before, changed });
  }
}

function noteGrowth({ grown }: BatchChecks, prepared: PreparedStream, notes: readonly string[]): void {
  grown.set(prepared, [...(grown.get(prepared) ?? []), ...notes]);
}

/** @throws LostRecords if checks found losses that the caller does not know of yet */
export function throwIfLost({ batch, checked, grown }: BatchChecks): void {
  const sum = (segments: readonly SegmentFile[], kind: 'dropped' | 'strays'): number =>
    segments.reduce((total, { path }) => total + (checked.get(path)?.[kind] ?? 0), 0);
  const counts = batch.streams.map(({ segments, mayLose }) => (mayLose ? 0 : sum(segments, 'dropped')));
  const unconfirmed = batch.streams.filter(({ mayLose }) => !mayLose);
  const strays = unconfirmed.reduce((total, { segments }) => total + sum(segments, 'strays'), 0);
  if (counts.every((count) => count === 0) && strays === 0) return;
  const grownByStream = batch.streams.map(({ prepared }) => grown.get(prepared) ?? []);
  throw new LostRecords(counts, strays, grownByStream);
}

/** The segment as the router wrote it, for the fast reading. */
export function unchecked(segment: SegmentFile): ReadableSegment {
  return { ...segment, origin: segment.path, careful: false, repaired: false };
}
