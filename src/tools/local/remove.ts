import * as z from 'zod';
import { planRemoval, REMOVABLE, remove } from '../removal.ts';
import { defineTool } from '../tool.ts';

export const removeTool = defineTool({
  name: 'remove',
  title: 'Remove',
  description:
    'Remove a saved source (its dataset is kept) or destination, a dataset with its tables, one table (dataset.table), an installed connector (name, name@version, or as get_status names it), or a sync’s status and log.',
  input: z.strictObject({ kind: z.enum(REMOVABLE), name: z.string().min(1) }),
  output: z.object({ kind: z.string(), name: z.string(), removed: z.array(z.string()), kept: z.array(z.string()) }),
  realm: 'local',
  effect: 'destroy',
  async plan({ kind, name }, { services }) {
    const removal = await planRemoval(services, kind, name);
    return { effect: 'destroy', targets: removal.targets, removal };
  },
  byHand: ({ kind, name }) => `Or run in a terminal: sluice-mcp remove ${kind} ${shellWord(name)}`,
  async run({ kind, name }, { services, authorize }, plan) {
    const result = await remove(services, plan.removal, authorize);
    const [removed, kept] = [[...result.removed], [...result.kept]];
    const text = `Removed: ${removed.join('; ') || 'nothing'}.${kept.length > 0 ? `\nKept: ${kept.join('; ')}.` : ''}`;
    return { text, data: { kind, name, removed, kept } };
  },
});

/** Quoted as one shell word. */
function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
