/** From a saved source's name to a sync that runs: one way for `start_sync` and for the terminal. */
import type { RunControl } from '../connectors/index.ts';
import { streamLabel } from '../protocol/index.ts';
import { configureStreams } from '../sync/index.ts';
import { noteInstalled } from './note-installed.ts';
import type { Services } from './services.ts';

export interface SyncWish {
  /** Name of the saved source. */
  readonly source: string;
  /** Labels of streams; without them those of the last sync, else the suggested ones that the catalog has, else all. */
  readonly streams?: readonly string[] | undefined;
  readonly options?: Parameters<typeof configureStreams>[2];
  /** Forget the state of these streams. */
  readonly restart?: boolean | undefined;
}

/**
 * Prepares the source and starts its sync in the background; what it makes is entered in the ledger.
 * @throws InputError for a source, streams or a configuration that do not fit; whatever installing and discovering throw
 */
export async function beginSync(
  services: Services,
  wish: SyncWish,
  control: RunControl,
): Promise<{ syncId: string; alreadyRunning: boolean }> {
  const { sources, connectors, syncs, ledger } = services;
  const source = await sources.get(wish.source);
  const { installed, config, suggestedStreams, maxSecondsBetweenMessages } = await sources.prepare(source, control);
  noteInstalled(services, installed);
  const catalog = await connectors.discover(installed, config, control);
  const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
  const names = wish.streams ?? (await defaultStreams(services, source.name, labels, suggestedStreams));
  const begun = await syncs.start({
    source: source.name,
    installed,
    config,
    catalog,
    streams: configureStreams(catalog, names, wish.options),
    restart: wish.restart,
    maxSecondsBetweenMessages,
    onCreated: (kind, id) => ledger.enter({ realm: 'local', kind, id }),
  });
  if (!begun.alreadyRunning) ledger.enter({ realm: 'local', kind: 'sync', id: begun.syncId });
  return begun;
}

async function defaultStreams(
  { syncs }: Services,
  source: string,
  labels: readonly string[],
  suggested: readonly string[],
): Promise<string[]> {
  const known = (names: readonly string[] = []): string[] => names.filter((name) => labels.includes(name));
  const last = known(await syncs.lastStreams(source));
  if (last.length > 0) return last;
  const fitting = known(suggested);
  return fitting.length > 0 ? fitting : [...labels];
}
