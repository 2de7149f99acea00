import * as z from 'zod';
import type { LedgerEntry } from '../../safety/index.ts';
import { count } from '../text.ts';
import { defineTool } from '../tool.ts';
import { syncData, syncOutput, syncText } from './sync-answer.ts';

const syncInLedger = (id: string): LedgerEntry => ({ realm: 'local', kind: 'sync', id, name: id });

export const cancelSync = defineTool({
  name: 'cancel_sync',
  title: 'Cancel a sync',
  description: 'Stop a running sync and its connector. Committed rows are kept; the next sync resumes there.',
  input: z.strictObject({ sync_id: z.string() }),
  output: syncOutput.extend({ stopped: z.boolean(), kept: z.string() }),
  realm: 'local',
  effect: {
    shown: 'change',
    possible: ['run', 'change'],
  },
  async plan({ sync_id: id }, { services }) {
    const isRunning = (await services.syncs.get(id)).state === 'running';
    return isRunning ? { effect: 'change', targets: [syncInLedger(id)] } : { effect: 'run', targets: [] };
  },
  byHand: () => 'Or let it run to its end; a person ends it where it was started (Ctrl-C in a terminal).',
  async run({ sync_id: id }, { services, authorize }) {
    const before = await services.syncs.get(id);
    if (before.state === 'running') authorize('change', [syncInLedger(id)]);
    const status = await services.syncs.cancel(id);
    const stopped = before.state === 'running' && status.state !== 'running';
    const sum = (of: 'rows' | 'confirmed'): number =>
      status.streams.reduce((total, stream) => total + (stream[of] ?? 0), 0);
    const kept =
      status.destination === undefined
        ? `${count(sum('rows'), 'row')} of this sync stay committed in dataset "${status.dataset}".`
        : `${count(sum('confirmed'), 'record')} of this sync are confirmed by the destination "${status.destination}".`;
    const data = { ...syncData(status), stopped, kept };
    const head = stopped ? 'Stopped.' : `It was not running (${before.state}).`;
    return { text: `${head} ${kept}\n${syncText(data, services.cache.kind)}`, data };
  },
});
