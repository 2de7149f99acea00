/** Decides for each stream of a sync what becomes of its table and of its state. Pure. */
import type { KnownStream } from '../bookkeeping/index.ts';
import { foldName, INTERNAL_BYTES, replacementTable, tableName, uniqueName } from './names.ts';
import type { PrepareRequest } from './prepare-request.ts';
import type { ExistingTables } from './tables.ts';
import type { PreparedStream, StateText, StreamRequest, StreamTable } from './types.ts';

export interface StreamPlan extends Pick<PreparedStream, 'writeMode' | 'newTable' | 'resumes'> {
  readonly requested: StreamRequest;
  /** With the columns that are known of the table, or of the replacement that is resumed. */
  readonly target: StreamTable;
  /** What is kept as its state describes nothing that is there any more. */
  readonly forgets: boolean;
  /** Rows of the table may share a key, for it was only added to so far. */
  readonly merges: boolean;
}

interface Surroundings {
  readonly request: PrepareRequest;
  readonly known: readonly KnownStream[];
  readonly existing: ExistingTables;
  readonly states: readonly StateText[];
  /** The tables that a position shared by all streams speaks of; undefined where there is none. */
  readonly shared: ReadonlySet<string> | undefined;
  readonly nameBytes: number;
}

export function planStreams(surroundings: Surroundings): StreamPlan[] {
  const { request, known, existing, states } = surroundings;
  const taken = new Set([...existing.keys(), ...known.map(({ target }) => foldName(target.table))]);
  for (const { refresh } of states) if (refresh) taken.add(foldName(refresh.table));
  return request.streams.map((wanted) => planStream(wanted, taken, surroundings));
}

function planStream(
  wanted: StreamRequest,
  taken: Set<string>,
  { request, known, existing, states, shared, nameBytes }: Surroundings,
): StreamPlan {
  const { stream, mode, primaryKey } = wanted;
  const { source, dataset } = request.sync;
  const mapped = known.find(({ target }) => isSameStream({ name: target.stream, namespace: target.namespace }, stream));
  const refresh = states.find((state) => state.refresh && isStateOf(state, stream))?.refresh;
  const table =
    mapped?.target.table ??
    refresh?.table ??
    uniqueName(tableName(stream, request.severalNamespaces), taken, nameBytes - INTERNAL_BYTES);
  const newTable = !existing.has(foldName(table));
  const isReplacing = existing.has(foldName(replacementTable(table)));
  const isIncremental = mode.startsWith('incremental');
  const overwrites = mode === 'full_refresh_overwrite';
  // Rows of an overwrite have no state, and a refresh under way has put its own in the place of the table's.
  const stale =
    isIncremental &&
    (mapped?.mode === 'full_refresh_overwrite' ||
      refresh !== undefined ||
      isFiner(wanted, mapped) ||
      // What happened while it was not read lies behind the position that the others have reached.
      shared?.has(table) === false);
  const anew = request.restart || stale;
  // Beside a state of all streams the connector would not be given it.
  const isAlone = states.every(({ kind }) => kind === 'STREAM');
  const isThere = overwrites ? isReplacing : !isReplacing && !newTable;
  const resumes = refresh !== undefined && isAlone && isThere && !isIncremental && !anew;
  // A state of all streams would still speak of it if this sync ended early: the table enters together with the next one.
  const isSpokenOf = states.some(({ kind, text }) => kind !== 'STREAM' && text.includes(JSON.stringify(stream.name)));
  const writeMode =
    overwrites || (anew && !newTable) || (isIncremental && newTable && isSpokenOf) ? 'replace' : 'append';
  const columns = (resumes ? refresh.columns : mapped?.target.columns) ?? [];
  const namespace = stream.namespace ? { namespace: stream.namespace } : {};
  return {
    requested: wanted,
    target: { source, dataset, stream: stream.name, ...namespace, table, columns },
    writeMode,
    newTable,
    resumes: resumes || (isIncremental && writeMode === 'append' && !newTable),
    // A table that is gone cannot continue from its state.
    forgets: !resumes && (refresh !== undefined || (isIncremental && writeMode === 'append' && newTable)),
    merges:
      mode === 'incremental_deduped_history' &&
      (mapped?.mode !== mode || JSON.stringify(mapped.primaryKey) !== JSON.stringify(primaryKey)),
  };
}

/** The replacements that refreshes of these states fill. */
export function replacementsOf(states: readonly StateText[]): Set<string> {
  return new Set(states.flatMap(({ refresh }) => (refresh ? [replacementTable(refresh.table)] : [])));
}

/** Whether a state is of this stream alone. */
export function isStateOf({ stream }: StateText, other: StreamId): boolean {
  return stream !== undefined && isSameStream(stream, other);
}

/** Whether records that were one by the old key may be several by the new one: only the newest of them is in the table. */
function isFiner({ mode, primaryKey }: StreamRequest, mapped: KnownStream | undefined): boolean {
  if (mode !== 'incremental_deduped_history' || mapped?.mode !== mode) return false;
  const before = new Set(mapped.primaryKey.map((path) => JSON.stringify(path)));
  return !primaryKey.every((path) => before.has(JSON.stringify(path)));
}

interface StreamId {
  readonly name: string;
  readonly namespace?: string | undefined;
}

export function isSameStream(one: StreamId, other: StreamId): boolean {
  return one.name === other.name && (one.namespace ?? '') === (other.namespace ?? '');
}
