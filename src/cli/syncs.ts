/** `sluice-mcp syncs`: the latest syncs of a project, newest first. */
import type { Services } from '../tools/index.ts';
import type { Typed } from './arguments.ts';
import { createOutput, hasProject, MISTAKE, tellError } from './output.ts';
import { createScreen } from './screen.ts';
import { durationText, rowsOf } from './sync-text.ts';

const DEFAULT_LIMIT = 20;
const HEADER = ['sync', 'source', 'state', 'started (UTC)', 'took', 'records', 'rows', 'into'];

/** @returns the exit status */
export async function listSyncs(services: Services, { limit = DEFAULT_LIMIT, json }: Typed): Promise<number> {
  const output = createOutput(services, json);
  if (!hasProject(services, output)) return MISTAKE;
  try {
    const syncs = await services.syncs.recent(limit);
    output.json(syncs);
    if (json) return 0;
    const rows = syncs.map((status) =>
      [
        status.sync_id,
        status.source,
        status.state,
        status.started_at.slice(0, 16).replace('T', ' '),
        durationText(status),
        status.records.toLocaleString('en-US'),
        rowsOf(status).toLocaleString('en-US'),
        status.destination ?? 'cache',
      ].map(output.clean),
    );
    if (rows.length > 0) createScreen(process.stdout).table(HEADER, rows);
    else output.say('Nothing has been synced yet.');
    return 0;
  } catch (error) {
    return tellError(error, output);
  }
}
