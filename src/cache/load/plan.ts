/** Plans for each stream of a sync what happens to its table and its state. Pure. */
import type { KnownStream } from '../bookkeeping/index.ts';
import { foldName, INTERNAL_BYTES, replacementTable, tableName, uniqueName } from './names.ts';
import type { PrepareRequest } from './prepare-request.ts';
import type { ExistingTables } from './tables.ts';
import type { PreparedStream, StateText, StreamRequest, StreamTable } from './types.ts';

export interface StreamPlan extends Pick<PreparedStream, 'writeMode' | 'newTable' | 'resumes'> {
  readonly requested: StreamRequest;
  /** With the known columns of the table, or of the replacement that is resumed. */
  readonly target: StreamTable;
  /** Whether the stored state is dropped, because the table that it describes no longer exists. */
  readonly deletesState: boolean;
  /** Whether rows of the table may share a key, because it was append-only so far. */
  readonly merges: boolean;
}

interface PlanContext {
  readonly request: PrepareRequest;
  readonly known: readonly KnownStream[];
  readonly existing: ExistingTables;
  readonly states: readonly StateText[];
  /** The tables that a position shared by all streams covers; undefined if there is none. */
  readonly shared: ReadonlySet<string> | undefined;
  readonly nameBytes: number;
}

export function planStreams(context: PlanContext): StreamPlan[] {
  const { request, known, existing, states } = context;
  const taken = new Set([...existing.keys(), ...known.map(({ target }) => foldName(target.table))]);
  for (const { refresh } of states) if (refresh) taken.add(foldName(refresh.table));
  return request.streams.map((requested) => planStream(requested, taken, context));
}

function planStream(
  requested: StreamRequest,
  taken: Set<string>,
  { request, known, existing, states, shared, nameBytes }: PlanContext,
): StreamPlan {
  const { stream, mode, primaryKey } = requested;
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
  // Rows of an overwrite have no state, and an unfinished refresh has replaced the table's state by its own.
  const stale =
    isIncremental &&
    (mapped?.mode === 'full_refresh_overwrite' ||
      refresh !== undefined ||
      isFiner(requested, mapped) ||
      // Changes from the time when it was not read are before the position that the others have reached.
      shared?.has(table) === false);
  const startsOver = request.restart || stale;
  // Next to a state of all streams, the connector would not receive it.
  const hasOwnState = states.every(({ kind }) => kind === 'STREAM');
  const hasTable = overwrites ? isReplacing : !isReplacing && !newTable;
  const resumes = refresh !== undefined && hasOwnState && hasTable && !isIncremental && !startsOver;
  // A state of all streams would still cover it if this sync ended early, so the table appears together with the next state.
  const isCovered = states.some(({ kind, text }) => kind !== 'STREAM' && text.includes(JSON.stringify(stream.name)));
  const writeMode =
    overwrites || (startsOver && !newTable) || (isIncremental && newTable && isCovered) ? 'replace' : 'append';
  const columns = (resumes ? refresh.columns : mapped?.target.columns) ?? [];
  const namespace = stream.namespace ? { namespace: stream.namespace } : {};
  return {
    requested,
    target: { source, dataset, stream: stream.name, ...namespace, table, columns },
    writeMode,
    newTable,
    resumes: resumes || (isIncremental && writeMode === 'append' && !newTable),
    // A removed table cannot continue from its state.
    deletesState: !resumes && (refresh !== undefined || (isIncremental && writeMode === 'append' && newTable)),
    merges:
      mode === 'incremental_deduped_history' &&
      (mapped?.mode !== mode || JSON.stringify(mapped.primaryKey) !== JSON.stringify(primaryKey)),
  };
}

/** The replacements that refreshes with these states load. */
export function replacementsOf(states: readonly StateText[]): Set<string> {
  return new Set(states.flatMap(({ refresh }) => (refresh ? [replacementTable(refresh.table)] : [])));
}

/** Whether a state belongs to this stream alone. */
export function isStateOf({ stream }: StateText, other: StreamId): boolean {
  return stream !== undefined && isSameStream(stream, other);
}

/** Whether records that shared the old key may differ by the new one: the table has only the newest of them. */
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
