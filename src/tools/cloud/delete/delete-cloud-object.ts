import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import { defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { workspaceId } from '../fields.ts';
import { ledgerEntry, OBJECT_KINDS } from '../found-object.ts';
import { deletePlanned } from './deletion.ts';
import { allOf, audited, planDeletion, textOf } from './deletion-plan.ts';

const MAX_LISTED = 50;

export const deleteCloudObject = defineTool({
  name: 'delete_cloud_object',
  title: 'Delete in Airbyte Cloud',
  description:
    'Delete by id and exact name. cascade: also all that depends on it (connections; sources of a definition), and with a connection its source and destination if nothing else uses them.',
  input: z.strictObject({
    kind: z.enum(OBJECT_KINDS),
    id: z.string(),
    name: z.string(),
    cascade: z.boolean().optional(),
    workspace_id: workspaceId,
  }),
  output: z.object({
    kind: z.string(),
    id: z.string(),
    name: z.string(),
    deleted: z.array(z.string()),
    kept: z.array(z.string()),
  }),
  realm: 'cloud',
  effect: 'destroy',
  async plan(input, { services, signal }) {
    const deletion = await planDeletion(input, services, signal);
    return { effect: 'destroy', targets: allOf(deletion).map(ledgerEntry), deletion };
  },
  async run(input, call, { deletion: plan }) {
    const { kind, id, name } = plan.object;
    const object = { kind, id, name, before: audited(plan.object) };
    call.about(object);
    if (plan.first.length > 0 && !input.cascade) {
      throw new InputError(
        'in_use',
        `Airbyte would delete ${plan.first.length} more with the ${kind} "${shortName(name)}".`,
        'Ask the person; then call again with cascade to delete them too, or delete them first.',
        { details: { dependents: plan.first.slice(0, MAX_LISTED).map(textOf), total: plan.first.length } },
      );
    }
    // Audited after each deletion, so that a failure half-way is on record too.
    const deleted = await deletePlanned(plan, call, (soFar) => call.about({ ...object, after: { deleted: soFar } }));
    const kept = [...plan.kept];
    const text = `Deleted: ${deleted.join('; ')}.${kept.length > 0 ? `\nKept: ${kept.join('; ')}.` : ''}`;
    return { text, data: { kind, id, name, deleted, kept } };
  },
});
