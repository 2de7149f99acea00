import * as z from 'zod';
import { asData } from '../text.ts';
import { defineTool } from '../tool.ts';
import { shortName } from './bounds.ts';
import { webAddress, workspaceId } from './fields.ts';
import { findActor } from './found-object.ts';
import { specOf } from './masking.ts';
import { textRedactor } from './messages.ts';

export const checkCloudConnector = defineTool({
  name: 'check_cloud_connector',
  title: 'Check a source or destination',
  description: 'Run the connector’s own check in Airbyte.',
  input: z.strictObject({
    kind: z.enum(['source', 'destination']),
    id: z.string(),
    workspace_id: workspaceId,
  }),
  output: z.object({
    succeeded: z.boolean(),
    message: z.string().optional(),
    kind: z.string(),
    id: z.string(),
    name: z.string(),
    web_address: z.string(),
  }),
  realm: 'cloud',
  effect: 'run',
  async run({ kind, id, workspace_id: requested }, { services, signal, about, progress }) {
    const { cloud } = services;
    const actor = await findActor(kind, { id, workspaceId: requested }, services, signal);
    const name = shortName(actor.name);
    about({ kind, id: actor.id, name: actor.name });
    progress(`Airbyte checks the ${kind} "${name}"`);
    const { succeeded, message } = await cloud.actors.check(kind, actor.id, signal);
    // Connectors quote their configuration when a check fails.
    const redact = message ? await textRedactor(services, signal, await specOf(actor, services, signal)) : undefined;
    const shown = message && redact?.(message);
    const web = webAddress(cloud.addresses(), actor.workspaceId, kind, actor.id);
    const next = succeeded ? '' : `\nNext: correct its configuration (update_cloud_object, or a person at ${web}).`;
    return {
      text: `The ${kind} "${name}" ${succeeded ? 'works' : 'does not work'}.${shown ? `\n${asData('message', shown)}` : ''}${next}`,
      data: { succeeded, message: shown, kind, id: actor.id, name, web_address: web },
    };
  },
});
