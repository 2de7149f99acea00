import * as z from 'zod';
import { JOB_TYPES } from '../../../cloud/index.ts';
import { count } from '../../text.ts';
import { defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { webAddress, workspaceId } from '../fields.ts';
import { listingOf } from './list-kinds.ts';
import { KINDS, row, rowsText } from './list-rows.ts';
import type { Walked } from './walk.ts';

export const listCloudObjects = defineTool({
  name: 'list_cloud_objects',
  title: 'Find things in Airbyte Cloud',
  description:
    'List names and ids; connections with their last job. search: part of the name or type. A unique name works wherever an id is asked for.',
  input: z.strictObject({
    kind: z.enum(KINDS),
    search: z.string().optional(),
    connection_id: z.string().optional().describe('of jobs'),
    status: z.string().optional().describe('active, inactive…; of jobs running, failed, succeeded…'),
    failing_only: z.boolean().optional(),
    job_type: z.enum(JOB_TYPES).optional(),
    oldest_first: z.boolean().optional().describe('of jobs'),
    limit: z.int().min(1).max(100).default(20),
    cursor: z.string().optional(),
    workspace_id: workspaceId,
  }),
  output: z.object({
    kind: z.enum(KINDS),
    objects: z.array(row),
    workspace: z.object({ id: z.string(), name: z.string(), web_address: z.string() }).optional(),
    /** Only where the end of the list was reached. */
    total: z.number().optional(),
    looked_at: z.number(),
    next_cursor: z.string().optional(),
  }),
  realm: 'cloud',
  effect: 'read',
  async run({ limit, cursor, ...asked }, call) {
    const { services, about, progress } = call;
    progress(`listing each ${asked.kind}`);
    const { workspace, find } = await listingOf(asked, call);
    if (workspace) about({ kind: 'workspace', id: workspace.id, name: workspace.name });
    const { walked, rows: objects } = await find({
      limit,
      cursor,
      filters: [asked, workspace?.id],
      onPage: (looked) => looked > 0 && progress(`looked at ${looked} so far`),
    });
    const web = workspace && webAddress(services.cloud.addresses(), workspace.id, 'workspace');
    const lines = [
      `${headOf(asked.kind, walked, limit)}${workspace ? ` Workspace "${shortName(workspace.name)}", ${web}` : ''}`,
      ...(objects.length > 0 ? [rowsText(asked.kind, objects)] : []),
      ...(walked.nextCursor ? [`More: call again with cursor "${walked.nextCursor}".`] : []),
    ];
    const data = {
      kind: asked.kind,
      objects: [...objects],
      workspace: workspace && { id: workspace.id, name: workspace.name, web_address: web ?? '' },
      total: walked.total,
      looked_at: walked.looked,
      next_cursor: walked.nextCursor,
    };
    return { text: lines.join('\n'), data };
  },
});

function headOf(kind: string, { found, looked, total }: Walked<unknown>, limit: number): string {
  const some = count(found.length, kind);
  if (total === undefined) {
    return found.length < limit
      ? `${some} among the ${looked.toLocaleString('en-US')} that were looked at.`
      : `${some}; there are more.`;
  }
  return found.length === total ? `${some}.` : `${found.length} of ${count(total, kind)}, the last ones.`;
}
