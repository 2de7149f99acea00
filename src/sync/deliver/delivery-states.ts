/** The states of a source that a destination has confirmed, in one sync: read at its start, written as they are confirmed. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateText } from '../../cache/index.ts';
import { SetupError } from '../../errors.ts';
import { exists, type Project, readJson, writeAtomic } from '../../project/index.ts';
import { type ConfiguredStream, findStreams, isObject } from '../../protocol/index.ts';
import { type StreamName, streamKey } from '../stream-keys.ts';
import type { SyncRequest } from '../types.ts';
import { asStored, type DeliveryTarget, type StoredStates, type StoredStream } from './stored-states.ts';

/** How one stream is written in this sync. */
export interface PreparedDelivery {
  readonly generation: number;
  readonly minimum: number;
  readonly resumes: boolean;
  /** Whether an incremental stream replaces the existing data, in this sync or since one that was not completed. */
  readonly replaces: boolean;
  /** Whether an earlier sync wrote records of it there. */
  readonly written: boolean;
  /** Whether it starts over because the others continued without it. */
  readonly behind: boolean;
}

export interface DeliveryStates {
  readonly streams: readonly PreparedDelivery[];
  /** The states to continue from. */
  readonly states: readonly StateText[];
  /** Whether the stored states belong to a location that the destination no longer writes to. */
  readonly moved: boolean;
  /** Stores a confirmed state; `streams` are those that it covers. Settles when it is on disk. */
  keep(state: StateText, streams: readonly StreamName[]): Promise<void>;
  /** The streams are complete: the destination has removed what is older than their generation. */
  complete(streams: readonly StreamName[]): Promise<void>;
}

/** What is stored while the sync runs. */
interface Storing {
  readonly path: string;
  readonly target: DeliveryTarget;
  readonly byKey: Map<string, StoredStream>;
  states: readonly StateText[];
  /** One write at a time; what changes meanwhile is written by the next. */
  writing: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Reads what is stored, and notes on disk which streams start over before any record of theirs is sent.
 * @throws SetupError `damaged_states`
 */
export async function openDeliveryStates(
  project: Project,
  target: DeliveryTarget,
  streams: readonly ConfiguredStream[],
  restart: boolean,
  request?: SyncRequest,
): Promise<DeliveryStates> {
  const { source, destination, locationKey } = target;
  const folder = join(await project.folder('states'), source);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${destination}.json`);
  const found = asStored(await readJson(path));
  if (!found && !restart && (await exists(path))) throw damaged(path, source, destination);
  const isHere = found?.locationKey === locationKey;
  const byKey = new Map((isHere ? found.streams : []).map((stream) => [streamKey(stream), stream]));
  const states = isHere ? found.states : [];
  const storing: Storing = { path, target, byKey, states, writing: Promise.resolve(), next: undefined };
  const generations = new Map((found?.streams ?? []).map((stream) => [streamKey(stream), stream.generation]));
  const prepared = streams.map((configured) =>
    prepareStream(storing, configured, { generation: generations.get(streamKey(configured.stream)), restart, request }),
  );
  const own = new Set(streams.map(({ stream }) => streamKey(stream)));
  await write(storing);
  return {
    streams: prepared,
    states: [...storing.states],
    moved: found !== undefined && !isHere && found.states.length > 0,
    keep: (state, covered) => storeState(storing, state, covered, own),
    complete: (names) => change(storing, names, () => ({ minimum: 0 })),
  };
}

interface StreamPreparation {
  /** The last generation of the stream at any location, or undefined. */
  readonly generation: number | undefined;
  readonly restart: boolean;
  readonly request: SyncRequest | undefined;
}

/** Decides how one stream is written in this sync, and updates what is stored about it. */
function prepareStream(
  storing: Storing,
  configured: ConfiguredStream,
  { generation: last = 0, restart, request }: StreamPreparation,
): PreparedDelivery {
  const { stream, mode } = configured;
  const { name, namespace } = stream;
  const before = storing.byKey.get(streamKey(stream));
  const refresh = mode.startsWith('full_refresh');
  // Changes made while it was not read are older than the shared position, so it starts over.
  const behind = !refresh && before?.behind === true;
  const begins = refresh || restart || behind || !before;
  const generation = last + (begins ? 1 : 0);
  const truncates = mode === 'full_refresh_overwrite' || ((restart || behind) && !refresh);
  const minimum = begins ? (truncates ? generation : 0) : before.minimum;
  const resumes = !begins && !before.restarts;
  storing.byKey.set(streamKey(stream), {
    name,
    ...(namespace ? { namespace } : {}),
    generation,
    minimum,
    restarts: !resumes,
    ...factsOf(storing, configured, before, request),
  });
  if (begins) storing.states = withoutStream(storing.states, stream);
  return {
    generation,
    minimum,
    resumes,
    replaces: !refresh && !resumes && minimum === generation,
    written: before !== undefined,
    behind: behind && !restart,
  };
}

/** Who writes the stream, and how it was configured. */
function factsOf(
  { target: { source, destination } }: Storing,
  { stream, mode }: ConfiguredStream,
  before: StoredStream | undefined,
  request: SyncRequest | undefined,
): Pick<StoredStream, 'id' | 'mode' | 'key' | 'cursor' | 'origin'> {
  const { origin, owns = () => false, onCreated, options = [], catalog = { streams: [] } } = request ?? {};
  const id = before?.id !== undefined && owns(before.id) ? before.id : randomUUID();
  if (!before) onCreated?.({ kind: 'delivery', id, name: `${source} into ${destination}: ${stream.name}` });
  const option = options.find((one) => findStreams(catalog, one.stream).includes(stream));
  const chosen = { key: option?.primaryKey?.join('\n'), cursor: option?.cursorField };
  return { id, mode, ...chosen, ...(origin ? { origin: origin.configuration } : {}) };
}

function write(storing: Storing): Promise<void> {
  storing.next ??= storing.writing
    .catch(() => undefined)
    .then(() => {
      storing.next = undefined;
      const { path, target, byKey, states } = storing;
      const { locationKey, location } = target;
      const stored: StoredStates = { locationKey, location, streams: [...byKey.values()], states };
      storing.writing = writeAtomic(path, JSON.stringify(stored));
      return storing.writing;
    });
  return storing.next;
}

function change(
  storing: Storing,
  names: readonly StreamName[],
  changes: (stream: StoredStream) => Partial<StoredStream>,
): Promise<void> {
  const { byKey } = storing;
  for (const name of names) {
    const stream = byKey.get(streamKey(name));
    if (stream) byKey.set(streamKey(name), { ...stream, ...changes(stream) });
  }
  return write(storing);
}

/** @param own the keys of the streams of this sync */
function storeState(
  storing: Storing,
  state: StateText,
  covered: readonly StreamName[],
  own: ReadonlySet<string>,
): Promise<void> {
  const { byKey } = storing;
  // A GLOBAL or LEGACY state covers every stream: no older state is stored next to it.
  storing.states = state.stream ? [...withoutStream(storing.states, state.stream), state] : [state];
  const others = state.stream ? [] : [...byKey].filter(([key]) => !own.has(key));
  const positions = others.length > 0 ? positionsIn(state) : undefined;
  for (const [key, stream] of others) if (!positions?.has(stream.name)) byKey.set(key, { ...stream, behind: true });
  return change(storing, covered, () => ({ restarts: false }));
}

/** Without the states, everything would be re-read and appended to the existing data. */
function damaged(path: string, source: string, destination: string): SetupError {
  return new SetupError(
    'damaged_states',
    `The stored sync state of "${source}" for destination "${destination}" cannot be read: ${path}.`,
    'Put a copy of the file back, or call start_sync with restart: true to read the streams from their beginning.',
  );
}

/** The streams whose positions a LEGACY state holds; a GLOBAL one holds a position that they share. */
function positionsIn({ kind, text }: StateText): ReadonlySet<string> {
  const state: unknown = kind === 'LEGACY' ? JSON.parse(text) : undefined;
  return new Set(isObject(state) && isObject(state.data) ? Object.keys(state.data) : []);
}

function withoutStream(states: readonly StateText[], stream: StreamName): readonly StateText[] {
  return states.filter((state) => !state.stream || streamKey(state.stream) !== streamKey(stream));
}
