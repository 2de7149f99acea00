import * as z from 'zod';
import { SYNC_MODES } from '../../protocol/index.ts';
import { beginSync, type SyncOptions } from '../begin-sync.ts';
import { syncTargets } from '../sync-targets.ts';
import { defineTool } from '../tool.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';

/** Ends the wait early enough for the answer to be in time, including install and discover. */
const CALL_SECONDS = 38;

const input = z.strictObject({
  source: z.string(),
  destination: z.string().optional(),
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
  restart: z.boolean().optional().describe('discard the state'),
  wait_seconds: z.int().min(0).max(45).default(20),
});

function syncOptions({ source, destination, streams, options = [], restart }: z.output<typeof input>): SyncOptions {
  return {
    source,
    destination,
    streams,
    options: options.map(({ stream, mode, cursor_field: cursorField, primary_key: primaryKey }) => ({
      stream,
      mode,
      cursorField,
      primaryKey,
    })),
    restart,
  };
}

export const startSync = defineTool({
  name: 'start_sync',
  title: 'Start a sync',
  description:
    'Start a sync in the background: read streams of a saved source into the cache, or a saved destination. Incremental streams resume from their state. Without streams: those of the last sync, else the suggested ones, else all.',
  input,
  output: syncOutput,
  realm: 'local',
  effect: {
    shown: 'change',
    possible: ['run', 'change'],
  },
  async plan(input, { services, signal }) {
    const targets = await syncTargets(services, syncOptions(input), signal);
    return { effect: targets.length > 0 ? 'change' : 'run', targets };
  },
  byHand: ({ source, destination, restart }) =>
    `Or run "sluice-mcp sync ${source}${destination === undefined ? '' : ` --destination ${destination}`}${restart ? ' --restart' : ''}" in a terminal.`,
  async run(input, call) {
    const { services, signal, progress, authorize } = call;
    const startedAt = Date.now();
    const { destination } = input;
    const control = { signal, progress };
    const { syncId, alreadyRunning } = await beginSync(services, syncOptions(input), control, authorize);
    const left = Math.min(input.wait_seconds, CALL_SECONDS - (Date.now() - startedAt) / 1000);
    const status = await services.syncs.wait(syncId, Math.max(0, left) * 1000, signal, progress);
    const data = { ...syncData(status), already_running: alreadyRunning };
    const elsewhere = status.destination === destination ? '' : ', and it goes elsewhere: start yours after its end';
    const note = alreadyRunning ? `A sync of this source was running already; this is that one${elsewhere}.\n` : '';
    return { text: note + syncText(data, services.cache.kind), data };
  },
});
