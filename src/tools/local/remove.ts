import * as z from 'zod';
import { planRemoval, REMOVABLE, remove } from '../removal.ts';
import { defineTool } from '../tool.ts';

export const removeTool = defineTool({
  name: 'remove',
  title: 'Remove',
  description:
    'Removes a saved source (its dataset stays) or destination, a dataset with its tables, one table (dataset.table), an installed connector (name, name@version, or as get_status names it), or a sync’s status and log.',
  input: z.strictObject({ kind: z.enum(REMOVABLE), name: z.string().min(1) }),
  output: z.object({ kind: z.string(), name: z.string(), gone: z.array(z.string()), stays: z.array(z.string()) }),
  realm: 'local',
  effect: 'destroy',
  async plan({ kind, name }, { services }) {
    const removal = await planRemoval(services, kind, name);
    return { effect: 'destroy', targets: removal.targets, removal };
  },
  byHand: ({ kind, name }) => `Or run in a terminal: sluice-mcp remove ${kind} ${shellWord(name)}`,
  async run({ kind, name }, { services, authorize }, plan) {
    const removal = await remove(services, plan.removal, authorize);
    const [gone, stays] = [[...removal.gone], [...removal.stays]];
    const text = `Gone: ${gone.join('; ') || 'nothing'}.${stays.length > 0 ? `\nStays: ${stays.join('; ')}.` : ''}`;
    return { text, data: { kind, name, gone, stays } };
  },
});

/** As one word of a shell, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
