import * as z from 'zod';
import type { SavedSource } from '../../sources/index.ts';
import { type Call, defineTool } from '../tool.ts';

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

export const listSources = defineTool({
  name: 'list_sources',
  title: 'List saved sources',
  description:
    'Saved sources: connector, version, configuration with its references as written, streams and state of the last sync.',
  input: z.strictObject({ name: z.string().optional() }),
  output: z.object({ sources: z.array(sourceOutput), total: z.number() }),
  realm: 'local',
  effect: 'read',
  async run({ name }, { services }) {
    const saved = name === undefined ? await services.sources.list() : [await services.sources.get(name)];
    const sources = await Promise.all(saved.map((source) => describeSource(source, services)));
    const lines = sources.map(
      ({
        name: called,
        connector,
        version,
        runtime,
        runtime_reason: reason,
        last_sync: last,
        config,
        manifest_path: manifest,
        config_file: file,
        config_secret: secret,
        changed_by_connector: changed,
      }) =>
        [
          `${called}: ${connector} ${version} (${runtime}), ${last ? `last sync ${last.state} (${last.sync_id})` : 'never synced'}`,
          ...(reason ? [`  runtime: ${reason}`] : []),
          ...(config ? [`  config: ${JSON.stringify(config)}`] : []),
          ...(manifest ? [`  manifest_path: ${manifest}`] : []),
          ...(file ? [`  config_file: ${file}`] : []),
          ...(secret ? [`  config_secret: ${secret}`] : []),
          ...(changed ? [`  changed by the connector, kept for its next run: ${changed.fields.join(', ')}`] : []),
        ].join('\n'),
    );
    const text =
      lines.length > 0
        ? lines.join('\n')
        : 'No source is saved yet. Next: list_connectors, validate_config, save_source.';
    return { text, data: { sources, total: sources.length } };
  },
});

async function describeSource(source: SavedSource, services: Call['services']): Promise<z.infer<typeof sourceOutput>> {
  const { configFile, configSecret, manifestPath, savedAt, config, runtimeReason, ...rest } = source;
  const update = services.sources.updateOf(source);
  const [last, streams] = await Promise.all([
    services.syncs.recent(50).then((syncs) => syncs.find((sync) => sync.source === source.name)),
    services.syncs.lastStreams(source.name),
  ]);
  return {
    ...rest,
    runtime_reason: runtimeReason,
    config,
    manifest_path: manifestPath,
    config_file: configFile,
    config_secret: configSecret,
    saved_at: savedAt,
    changed_by_connector: update && { fields: [...update.fields], kept_at: update.keptAt },
    streams,
    last_sync: last && {
      sync_id: last.sync_id,
      state: last.state,
      started_at: last.started_at,
      ended_at: last.ended_at,
    },
  };
}
