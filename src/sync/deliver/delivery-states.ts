/** The states of a source that a destination has confirmed, as a file of the project: `states/SOURCE/DESTINATION.json`. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateText } from '../../cache/index.ts';
import { SetupError } from '../../errors.ts';
import { exists, type Project, readJson, writeAtomic } from '../../project/index.ts';
import { type ConfiguredStream, findStreams, isElsewhere, isObject, type Location } from '../../protocol/index.ts';
import { type StreamName, streamKey } from '../stream-keys.ts';
import type { SyncRequest } from '../types.ts';

export interface StoredStream extends StreamName {
  /** Counts how often the stream started over at the destination. */
  readonly generation: number;
  /** A destination that supports generations removes older ones; equal to `generation` until the stream is complete. */
  readonly minimum: number;
  /** Whether none of the stored states covers it. */
  readonly restarts: boolean;
  /** Whether a state of all streams has moved on while this one was not read. */
  readonly behind?: boolean;
  /** Created with the first record written there, and replaced when somebody other than its creator writes. Absent in files of earlier versions. */
  readonly id?: string;
  /** The configuration that the records came from. */
  readonly origin?: string;
  readonly mode?: string;
  /** What was chosen as primary key (its fields, one a line) and as cursor. */
  readonly key?: string | undefined;
  readonly cursor?: string | undefined;
}

export interface StoredStates {
  /** Fingerprint of the configuration that decides where the data is; if it changes, nothing in this file is valid. */
  readonly locationKey: string;
  /** Absent in files of earlier versions. */
  readonly location?: Location;
  readonly streams: readonly StoredStream[];
  /** As the source wrote them, in the order in which they were confirmed. */
  readonly states: readonly StateText[];
}

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

/** A source's records at a destination, and where that is. */
export interface DeliveryTarget {
  readonly source: string;
  readonly destination: string;
  readonly locationKey: string;
  readonly location: Location;
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

/** The stored states of a source at a destination and when they were last written, or undefined if unreadable. */
export async function readStored(
  project: Project,
  source: string,
  destination: string,
): Promise<(StoredStates & { readonly writtenAt: string }) | undefined> {
  const path = join(await project.folder('states'), source, `${destination}.json`);
  const stored = asStored(await readJson(path));
  return stored && { ...stored, writtenAt: (await stat(path)).mtime.toISOString() };
}

/** Without the states, everything would be re-read and appended to the existing data. */
function damaged(path: string, source: string, destination: string): SetupError {
  return new SetupError(
    'damaged_states',
    `The stored sync state of "${source}" for destination "${destination}" cannot be read: ${path}.`,
    'Put a copy of the file back, or call start_sync with restart: true to read the streams from their beginning.',
  );
}

/** @returns whether there was anything */
export async function removeStoredStates(
  project: Project,
  of: { readonly source: string } | { readonly destination: string },
): Promise<boolean> {
  const root = await project.folder('states');
  const sources = 'source' in of ? [of.source] : await readdir(root);
  let had = false;
  for (const source of sources) {
    const folder = join(root, source);
    const files = await readdir(folder).catch(() => []);
    for (const file of files) {
      if ('destination' in of && file !== `${of.destination}.json`) continue;
      await rm(join(folder, file), { force: true });
      had = true;
    }
  }
  return had;
}

/**
 * Streams of these names that other sources, or this one through another saved destination, have written to the same
 * location. Includes all whose location is not certainly different.
 */
export async function othersWith(
  project: Project,
  { source, destination, locationKey, location }: DeliveryTarget,
  streams: readonly StreamName[],
): Promise<{ readonly source: string; readonly destination: string; readonly stream: StoredStream }[]> {
  const root = await project.folder('states');
  const keys = new Set(streams.map(streamKey));
  const found: { source: string; destination: string; stream: StoredStream }[] = [];
  for (const other of await readdir(root)) {
    for (const file of await readdir(join(root, other)).catch(() => [])) {
      const into = file.replace(/\.json$/, '');
      if (other === source && into === destination) continue;
      const stored = asStored(await readJson(join(root, other, file)));
      if (
        !stored ||
        (stored.locationKey !== locationKey && (!stored.location || isElsewhere(stored.location, location)))
      )
        continue;
      for (const stream of stored.streams)
        if (keys.has(streamKey(stream))) found.push({ source: other, destination: into, stream });
    }
  }
  return found;
}

/** The streams whose positions a LEGACY state holds; a GLOBAL one holds a position that they share. */
function positionsIn({ kind, text }: StateText): ReadonlySet<string> {
  const state: unknown = kind === 'LEGACY' ? JSON.parse(text) : undefined;
  return new Set(isObject(state) && isObject(state.data) ? Object.keys(state.data) : []);
}

function withoutStream(states: readonly StateText[], stream: StreamName): readonly StateText[] {
  return states.filter((state) => !state.stream || streamKey(state.stream) !== streamKey(stream));
}

function asStored(value: unknown): StoredStates | undefined {
  if (!isObject(value) || !Array.isArray(value.streams) || !Array.isArray(value.states)) return undefined;
  return value as unknown as StoredStates;
}
