/** Finds the records at a destination that a sync would change beyond adding new records of its own source. */
import type { Origin } from '../../cache/index.ts';
import type { Project } from '../../project/index.ts';
import { type ConfiguredStream, findStreams } from '../../protocol/index.ts';
import { idOfOld } from '../../safety/index.ts';
import type { StreamOption } from '../modes.ts';
import { streamKey } from '../stream-keys.ts';
import type { Made, SyncRequest } from '../types.ts';
import { othersWith, readStored, type StoredStream } from './stored-states.ts';

/** What is stored about a source at a destination. */
type Known = NonNullable<Awaited<ReturnType<typeof readStored>>>;

/**
 * Authorizes every change to existing records that the delivery would make; writes nothing.
 * @throws what `request.authorize` throws
 */
export async function authorizeDelivery(project: Project, request: SyncRequest): Promise<void> {
  const { source, destination: target, streams, origin, authorize } = request;
  if (!target || !origin || !authorize) return;
  const where = { source, destination: target.name, locationKey: target.locationKey, location: target.location };
  const names = streams.map(({ stream }) => stream);
  const known = await readStored(project, source, target.name);
  const twins = await othersWith(project, where, names);
  const touched: Made[] = twins.map((twin) => delivery(twin.source, twin.destination, twin.stream));
  const mine = (stream: StoredStream): Made => delivery(source, target.name, stream);
  // All streams may share one state, so another origin affects each of them.
  if (known && (known.locationKey !== target.locationKey || !isFrom(known, origin)))
    touched.push(...known.streams.map(mine));
  for (const configured of streams) {
    const before = known?.streams.find((stream) => streamKey(stream) === streamKey(configured.stream));
    if (before && known?.locationKey === target.locationKey) {
      if (request.restart || isAnother(before, configured, request)) touched.push(mine(before));
    } else if (REPLACING.has(configured.mode)) {
      // What exists under this name is unknown.
      touched.push({ kind: 'destination', id: target.id, name: target.name });
    }
  }
  const unique = new Map(touched.map((one) => [`${one.kind} ${one.id}`, one]));
  if (unique.size > 0) authorize([...unique.values()]);
}

const REPLACING: ReadonlySet<string> = new Set(['full_refresh_overwrite', 'incremental_deduped_history']);

function delivery(source: string, destination: string, { id, name }: StoredStream): Made {
  const reported = `${source} into ${destination}: ${name}`;
  return { kind: 'delivery', id: id ?? idOfOld(reported), name: reported };
}

/** For records of an earlier version: whether the configuration has not been saved again since. */
function isFrom(known: Known, { configuration, savedAt }: Origin): boolean {
  return known.streams.every(({ origin }) =>
    origin === undefined ? savedAt !== '' && savedAt <= known.writtenAt : origin === configuration,
  );
}

function isAnother(before: StoredStream, configured: ConfiguredStream, request: SyncRequest): boolean {
  const { options = [], chosen = [], catalog } = request;
  const isMeant = ({ stream }: StreamOption): boolean => findStreams(catalog, stream).includes(configured.stream);
  const option = options.find(isMeant);
  if (option === undefined) return false;
  if (before.mode === undefined) return chosen.some(isMeant);
  const given = { key: option.primaryKey?.join('\n'), cursor: option.cursorField };
  const were = { key: before.key, cursor: before.cursor };
  return configured.mode !== before.mode || JSON.stringify(given) !== JSON.stringify(were);
}
