import * as z from 'zod';
import { SYNC_MODES } from '../../protocol/index.ts';
import { beginSync } from '../begin-sync.ts';
import { defineTool } from '../tool.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';

/** A wait ends early enough for the answer to be in time, install and discover included. */
const CALL_SECONDS = 38;

export const startSync = defineTool({
  name: 'start_sync',
  title: 'Start a sync',
  description:
    'Reads streams of a saved source into the cache, or into a saved destination, in the background, with state: incremental streams go on where the last sync ended. Without streams: those of the last sync, else the suggested ones, else all.',
  input: z.strictObject({
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
    restart: z.boolean().optional().describe('forget the state'),
    wait_seconds: z.int().min(0).max(45).default(20),
  }),
  output: syncOutput,
  realm: 'local',
  effect: 'run',
  async run(input, call) {
    const { services, signal, progress } = call;
    const startedAt = Date.now();
    const { source, destination, streams, options = [], restart } = input;
    const wish = {
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
    const { syncId, alreadyRunning } = await beginSync(services, wish, { signal, progress });
    const left = Math.min(input.wait_seconds, CALL_SECONDS - (Date.now() - startedAt) / 1000);
    const status = await services.syncs.wait(syncId, Math.max(0, left) * 1000, signal, progress);
    const data = { ...syncData(status), already_running: alreadyRunning };
    const elsewhere = status.destination === destination ? '' : ', and it goes elsewhere: start yours after its end';
    const note = alreadyRunning ? `A sync of this source was running already; this is that one${elsewhere}.\n` : '';
    return { text: note + syncText(data), data };
  },
});
