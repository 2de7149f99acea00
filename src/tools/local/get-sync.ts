import * as z from 'zod';
import { defineTool } from '../tool.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';

const RECENT = 10;

export const getSync = defineTool({
  name: 'get_sync',
  title: 'Progress of a sync',
  description:
    'Report a sync: state, counts per stream, errors and the end of its log. Without sync_id: the latest, and a list of recent ones.',
  input: z.strictObject({
    sync_id: z.string().optional(),
    wait_seconds: z.int().min(0).max(45).default(0).describe('wait for its end'),
    log_lines: z.int().min(0).max(500).default(0),
  }),
  output: syncOutput,
  realm: 'local',
  effect: 'read',
  async run({ sync_id: id, wait_seconds: wait, log_lines: lines }, { services, signal, progress }) {
    const { syncs } = services;
    const first = await syncs.get(id);
    const waitMs = Math.min(wait, 38) * 1000;
    const status =
      waitMs > 0 && first.state === 'running' ? await syncs.wait(first.sync_id, waitMs, signal, progress) : first;
    const log = lines > 0 ? await syncs.log(status.sync_id, lines) : undefined;
    const data = syncData(status, log !== undefined && log.length < lines);
    if (log) data.log = [...log];
    if (id === undefined) {
      const recent = await syncs.recent(RECENT);
      data.recent = recent.map(({ sync_id, source, destination, state, started_at }) => ({
        sync_id,
        source,
        destination,
        state,
        started_at,
      }));
    }
    return { text: syncText(data, services.cache.kind), data };
  },
});
