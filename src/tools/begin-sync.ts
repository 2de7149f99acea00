/** Starts a sync of a saved source: shared by the tool `start_sync` and the terminal command. */

import type { Origin } from '../cache/index.ts';
import type { Installed, RunControl } from '../connectors/index.ts';
import { ConnectorError, LimitError } from '../errors.ts';
import { type Catalog, findStreams, streamLabel } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { idOf, originOf, type SavedConnector } from '../sources/index.ts';
import { configureForDestination, configureStreams, type DeliveryTarget, type StreamOption } from '../sync/index.ts';
import { noteInstalled } from './note-installed.ts';
import type { Services } from './services.ts';
import type { Call } from './tool.ts';

export interface SyncOptions {
  /** Name of the saved source. */
  readonly source: string;
  /** Name of the saved destination; without it the records go into the cache. */
  readonly destination?: string | undefined;
  /** Labels of streams; by default those of the last sync, else the suggested ones in the catalog, else all. */
  readonly streams?: readonly string[] | undefined;
  /** They apply to later syncs of the source too, until others are given for the stream. */
  readonly options?: readonly StreamOption[] | undefined;
  /** Discards the state of these streams. */
  readonly restart?: boolean | undefined;
}

/**
 * Prepares the source and starts its sync in the background; what it creates is entered in the ledger.
 * @param authorize that of the call; a terminal command has none
 * @throws InputError for a source, streams or a configuration that do not fit; whatever installing and discovering throw
 */
export async function beginSync(
  services: Services,
  request: SyncOptions,
  control: RunControl,
  authorize?: Call['authorize'],
): Promise<{ syncId: string; alreadyRunning: boolean }> {
  const { sources, connectors, syncs, ledger } = services;
  const source = await sources.get(request.source);
  const destination =
    request.destination === undefined ? undefined : await targetOf(services, request.destination, control);
  const { installed, config, suggestedStreams, maxSecondsBetweenMessages, suspicions } = await sources.prepare(
    source,
    control,
  );
  await noteInstalled(services, installed);
  const { catalog, notes } = await currentCatalog(services, request, installed, config, control);
  const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
  const names = request.streams ?? (await defaultStreams(services, request, labels, suggestedStreams));
  const options = await optionsWithEarlier(services, request, catalog);
  const fitting = optionsFor(catalog, names, options, request.options ?? []);
  control.progress(`starting ${installed.connector} ${installed.version}`);
  const begun = await syncs.start({
    source: source.name,
    installed,
    config,
    catalog,
    streams: destination
      ? configureForDestination(catalog, names, fitting, destination)
      : configureStreams(catalog, names, fitting),
    destination,
    options,
    restart: request.restart,
    maxSecondsBetweenMessages,
    notes,
    suspicions: [...suspicions, ...(destination?.suspicions ?? [])],
    onMisfits: (misfits) => connectors.noteMisfits(installed, config, misfits),
    chosen: request.options,
    origin: originIn(source),
    onCreated: (made) => ledger.enter({ realm: 'local', ...made }),
    owns: (id) => KINDS.some((kind) => ledger.holds({ realm: 'local', kind, id })),
    authorize:
      authorize &&
      ((touched) =>
        authorize(
          'change',
          touched.map((one) => ({ realm: 'local', ...one })),
        )),
  });
  if (!begun.alreadyRunning) {
    ledger.enter({ realm: 'local', kind: 'sync', id: begun.syncId, name: begun.syncId });
  }
  return begun;
}

/** The cached catalog; discovered again by age, or if it lacks a requested stream. */
async function currentCatalog(
  { connectors, settings }: Services,
  { streams = [], options = [] }: SyncOptions,
  installed: Installed,
  config: ResolvedConfig,
  control: RunControl,
): Promise<{ readonly catalog: Catalog; readonly notes: readonly string[] }> {
  const requested = [...streams, ...options.map(({ stream }) => stream)];
  const cachedCatalog = async (error: unknown) => {
    if (!(error instanceof ConnectorError || error instanceof LimitError) || control.signal.aborted) throw error;
    // Without a cached catalog this fails with the same error.
    const catalog = await connectors.discover(installed, config, control);
    const why = `The schema could not be refreshed (${error.message}): the cached one is used.`;
    return { ...catalog, notes: [why] };
  };
  const found = await connectors.discover(installed, config, control, settings.schemaMaxAgeMs).catch(cachedCatalog);
  const isUnknown = requested.some((name) => findStreams(found, name).length === 0);
  const catalog = isUnknown && !found.asked ? await connectors.discover(installed, config, control, 0) : found;
  return { catalog, notes: 'notes' in found ? found.notes : [] };
}

/** Where the rows of a source come from, as the cache records it. */
export function originIn(source: SavedConnector): Origin {
  return { sourceId: idOf(source), configuration: originOf(source), savedAt: source.savedAt };
}

const KINDS = ['table', 'delivery'] as const;

/** A saved destination, installed and with its configuration resolved. */
export async function targetOf(services: Services, name: string, control: RunControl): Promise<DeliveryTarget> {
  const { destinations } = services;
  const saved = await destinations.get(name);
  const {
    installed,
    config,
    fingerprint: locationKey,
    location,
    destinationModes,
    supportsRefreshes,
    suspicions,
  } = await destinations.prepare(saved, control);
  await noteInstalled(services, installed);
  return {
    id: idOf(saved),
    name,
    installed,
    config,
    locationKey,
    location,
    modes: destinationModes,
    supportsRefreshes,
    suspicions,
  };
}

/** The options chosen now, and those chosen earlier for streams that the source still has. */
async function optionsWithEarlier(
  { syncs }: Services,
  { source, destination, options: chosen = [] }: SyncOptions,
  catalog: Catalog,
): Promise<readonly StreamOption[]> {
  const meant = new Set(chosen.flatMap(({ stream }) => findStreams(catalog, stream)));
  const before = (await syncs.lastOptions(source, destination)).filter(({ stream }) => {
    const [found, second] = findStreams(catalog, stream);
    return found !== undefined && second === undefined && !meant.has(found);
  });
  return [...before, ...chosen];
}

/** The options for this sync's streams; those given now must fit as they are. */
function optionsFor(
  catalog: Catalog,
  names: readonly string[],
  all: readonly StreamOption[],
  chosen: readonly StreamOption[],
): readonly StreamOption[] {
  const read = new Set(names.flatMap((name) => findStreams(catalog, name)));
  return all.filter(
    (option) => chosen.includes(option) || findStreams(catalog, option.stream).some((stream) => read.has(stream)),
  );
}

async function defaultStreams(
  { syncs }: Services,
  { source, destination }: SyncOptions,
  labels: readonly string[],
  suggested: readonly string[],
): Promise<string[]> {
  const known = (names: readonly string[] = []): string[] => names.filter((name) => labels.includes(name));
  const last = known(await syncs.lastStreams(source, destination));
  if (last.length > 0) return last;
  const fitting = known(suggested);
  return fitting.length > 0 ? fitting : [...labels];
}
