/** The files of confirmed states as they are on disk, of all sources and destinations: `states/SOURCE/DESTINATION.json`. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateText } from '../../cache/index.ts';
import { type Project, readJson } from '../../project/index.ts';
import { isElsewhere, isObject, type Location } from '../../protocol/index.ts';
import { type StreamName, streamKey } from '../stream-keys.ts';

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

/** A source's records at a destination, and where that is. */
export interface DeliveryTarget {
  readonly source: string;
  readonly destination: string;
  readonly locationKey: string;
  readonly location: Location;
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

/** @returns undefined for what is no file of states */
export function asStored(value: unknown): StoredStates | undefined {
  if (!isObject(value) || !Array.isArray(value.streams) || !Array.isArray(value.states)) return undefined;
  return value as unknown as StoredStates;
}
