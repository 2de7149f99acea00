import * as z from 'zod';
import { SYNC_MODES, streamLabel } from '../../protocol/index.ts';
import { configureStreams } from '../../sync/index.ts';
import { type Call, defineTool } from '../tool.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';

/** A wait ends early enough for the answer to be in time, install and discover included. */
const CALL_SECONDS = 38;

export const startSync = defineTool({
  name: 'start_sync',
  title: 'Start a sync',
  description:
    'Reads streams of a saved source into the cache, in the background, with state: incremental streams go on where the last sync ended. Without streams: those of the last sync, else the suggested ones, else all.',
  input: z.strictObject({
    source: z.string(),
    streams: z.array(z.string()).min(1).optional(),
    options: z
      .array(
        z.strictObject({
          stream: z.string(),
          mode: z.enum(SYNC_MODES).optional(),
          cursor_field: z.string().optional(),
          primary_key: z.array(z.string()).optional(),
        }),
      )
      .optional(),
    restart: z.boolean().optional().describe('forget the state'),
    wait_seconds: z.int().min(0).max(45).default(20),
  }),
  output: syncOutput,
  realm: 'local',
  effect: 'run',
  async run(input, call) {
    const { services, signal, progress } = call;
    const startedAt = Date.now();
    const source = await services.sources.get(input.source);
    const control = { signal, progress };
    const prepared = await services.sources.prepare(source, control);
    const { installed, config } = prepared;
    const catalog = await services.connectors.discover(installed, config, control);
    const labels = catalog.streams.map((stream) => streamLabel(catalog, stream));
    const names = input.streams ?? (await defaultStreams(input.source, labels, prepared.suggestedStreams, call));
    const options = (input.options ?? []).map((option) => ({
      stream: option.stream,
      mode: option.mode,
      cursorField: option.cursor_field,
      primaryKey: option.primary_key,
    }));
    const streams = configureStreams(catalog, names, options);
    const { syncId, alreadyRunning } = await services.syncs.start({
      source: source.name,
      installed,
      config,
      catalog,
      streams,
      restart: input.restart,
      onCreated: (kind, id) => services.ledger.enter({ realm: 'local', kind, id }),
    });
    if (!alreadyRunning) services.ledger.enter({ realm: 'local', kind: 'sync', id: syncId });
    const left = Math.min(input.wait_seconds, CALL_SECONDS - (Date.now() - startedAt) / 1000);
    const status = await services.syncs.wait(syncId, Math.max(0, left) * 1000, signal, progress);
    const data = { ...syncData(status), already_running: alreadyRunning };
    const note = alreadyRunning ? 'A sync of this source was running already; this is that one.\n' : '';
    return { text: note + syncText(data), data };
  },
});

/** The streams of the last sync, else the suggested ones that the catalog has, else all. */
async function defaultStreams(
  source: string,
  labels: readonly string[],
  suggested: readonly string[],
  { services }: Call,
): Promise<string[]> {
  const known = (names: readonly string[] | undefined): string[] =>
    (names ?? []).filter((name) => labels.includes(name));
  const last = known(await services.syncs.lastStreams(source));
  if (last.length > 0) return last;
  const fitting = known(suggested);
  return fitting.length > 0 ? fitting : [...labels];
}
