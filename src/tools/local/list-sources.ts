import * as z from 'zod';
import type { SavedConnector, Sources } from '../../sources/index.ts';
import type { SyncStatus } from '../../sync/index.ts';
import type { Services } from '../services.ts';
import { defineTool } from '../tool.ts';

const sourceOutput = z.object({
  name: z.string(),
  connector: z.string(),
  version: z.string(),
  runtime: z.string(),
  runtime_reason: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  manifest_path: z.string().optional(),
  config_file: z.string().optional(),
  config_secret: z.string().optional(),
  saved_at: z.string(),
  changed_by_connector: z.object({ fields: z.array(z.string()), kept_at: z.string() }).optional(),
  streams: z.array(z.string()).optional(),
  last_sync: z
    .object({ sync_id: z.string(), state: z.string(), started_at: z.string(), ended_at: z.string().optional() })
    .optional(),
});

const destinationOutput = sourceOutput.omit({ streams: true }).extend({ sources: z.array(z.string()).optional() });

export const listSources = defineTool({
  name: 'list_sources',
  title: 'List saved sources',
  description:
    'List saved sources and destinations: connector, version, configuration with its references as written, streams and state of the last sync.',
  input: z.strictObject({ name: z.string().optional() }),
  output: z.object({ sources: z.array(sourceOutput), destinations: z.array(destinationOutput), total: z.number() }),
  realm: 'local',
  effect: 'read',
  async run({ name }, { services }) {
    const saved = await savedAs(name, services);
    // All of them, because one source that syncs every minute would otherwise push out the others.
    const syncs = await services.syncs.recent(Number.POSITIVE_INFINITY);
    const sources = saved.sources.map((source) => describeSource(source, syncs, services));
    const destinations = saved.destinations.map((destination) => describeDestination(destination, syncs, services));
    const lines = [...sources.map(textOf), ...(destinations.length > 0 ? ['Destinations:'] : [])];
    const text = [...lines, ...destinations.map(textOf)].join('\n');
    const none = 'No source is saved yet. Next: list_connectors, validate_config, save_source.';
    return { text: text || none, data: { sources, destinations, total: sources.length + destinations.length } };
  },
});

type Described = Omit<z.infer<typeof sourceOutput>, 'streams'>;

/** All, or those of either kind that have the name. @throws InputError `unknown_source` if neither has */
async function savedAs(name: string | undefined, { sources, destinations }: Services) {
  if (name === undefined) return { sources: await sources.list(), destinations: await destinations.list() };
  const destination = (await destinations.has(name)) ? [await destinations.get(name)] : [];
  const isOnlyDestination = destination.length > 0 && !(await sources.has(name));
  return { sources: isOnlyDestination ? [] : [await sources.get(name)], destinations: destination };
}

function textOf(saved: Described): string {
  const { name, connector, version, runtime, runtime_reason: reason, last_sync: last, config } = saved;
  const { manifest_path: manifest, config_file: file, config_secret: secret, changed_by_connector: changed } = saved;
  return [
    `${name}: ${connector} ${version} (${runtime}), ${last ? `last sync ${last.state} (${last.sync_id})` : 'never synced'}`,
    ...(reason ? [`  runtime: ${reason}`] : []),
    ...(config ? [`  config: ${JSON.stringify(config)}`] : []),
    ...(manifest ? [`  manifest_path: ${manifest}`] : []),
    ...(file ? [`  config_file: ${file}`] : []),
    ...(secret ? [`  config_secret: ${secret}`] : []),
    ...(changed ? [`  changed by the connector, used in its next run: ${changed.fields.join(', ')}`] : []),
  ].join('\n');
}

function describeSource(
  source: SavedConnector,
  syncs: readonly SyncStatus[],
  services: Services,
): z.infer<typeof sourceOutput> {
  const own = syncs.filter((sync) => sync.source === source.name);
  const [last] = own;
  const streams = own.find(({ destination }) => destination === undefined)?.streams.map(({ stream }) => stream);
  return { ...describe(source, services.sources), streams, last_sync: last && lastSync(last) };
}

function describeDestination(
  destination: SavedConnector,
  syncs: readonly SyncStatus[],
  services: Services,
): z.infer<typeof destinationOutput> {
  const own = syncs.filter((sync) => sync.destination === destination.name);
  const [last] = own;
  const sources = [...new Set(own.map(({ source }) => source))];
  return { ...describe(destination, services.destinations), sources, last_sync: last && lastSync(last) };
}

function describe(saved: SavedConnector, store: Sources): Omit<Described, 'last_sync'> {
  const { id: _, configFile, configSecret, manifestPath, savedAt, config, runtimeReason, ...rest } = saved;
  const update = store.updateOf(saved);
  return {
    ...rest,
    runtime_reason: runtimeReason,
    config,
    manifest_path: manifestPath,
    config_file: configFile,
    config_secret: configSecret,
    saved_at: savedAt,
    changed_by_connector: update && { fields: [...update.fields], kept_at: update.keptAt },
  };
}

function lastSync({ sync_id, state, started_at, ended_at }: SyncStatus) {
  return { sync_id, state, started_at, ended_at };
}
