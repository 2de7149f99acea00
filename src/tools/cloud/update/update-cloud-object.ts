import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import type { LedgerEntry } from '../../../safety/index.ts';
import type { Services } from '../../services.ts';
import { asData } from '../../text.ts';
import { type Call, defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { CONNECTION_OPTIONS } from '../connection-options.ts';
import { dependentsOf } from '../delete/deletion-plan.ts';
import { webAddress, workspaceId } from '../fields.ts';
import { type FoundObject, findObject, ledgerEntry, OBJECT_KINDS, type ObjectKind } from '../found-object.ts';
import { checkFits, nothingToChange } from '../kind-arguments.ts';
import { type Changed, type Changes, changes } from './changes.ts';
import { updateActor } from './update-actor.ts';
import { updateConnection } from './update-connection.ts';
import { updateDefinition } from './update-definition.ts';

const TAKES: Record<ObjectKind, readonly (keyof Changes)[]> = {
  source: ['name', 'config'],
  destination: ['name', 'config'],
  connection: ['name', 'enabled', 'schedule', 'streams', 'discover', 'prefix', ...CONNECTION_OPTIONS],
  definition: ['manifest', 'manifest_path', 'testing_values'],
};

export const updateCloudObject = defineTool({
  name: 'update_cloud_object',
  title: 'Change in Airbyte Cloud',
  description:
    'Update the fields given in changes: name and config (merged into the present one) of a source or destination; name, enabled, schedule, prefix, namespace, schema_changes, tags, streams (all of them) of a connection; manifest and testing_values of a definition.',
  input: z.strictObject({ kind: z.enum(OBJECT_KINDS), id: z.string(), changes, workspace_id: workspaceId }),
  output: z.object({
    kind: z.string(),
    id: z.string(),
    name: z.string(),
    web_address: z.string(),
    before: z.record(z.string(), z.unknown()),
    after: z.record(z.string(), z.unknown()),
  }),
  takesEmptyText: ['changes.prefix'],
  realm: 'cloud',
  effect: 'change',
  async plan({ changes, ...lookup }, { services, signal }) {
    checkChanges(lookup.kind, changes);
    const found = await findObject(lookup, services, signal);
    return { effect: 'change', targets: await targetsOf(found, changes, services, signal), found };
  },
  async run(input, call, { found }) {
    const { kind, id, workspaceId: workspace } = found;
    call.about({ kind, id, name: found.name });
    const { name, before, after } = await change(found, input.changes, call);
    call.about({ kind, id, name, before, after });
    const web = webAddress(call.services.cloud.addresses(), workspace, kind, id);
    const text = [
      `Changed ${kind} "${shortName(name)}" (${id}): ${web}`,
      asData('before and after', `before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(after)}`),
    ].join('\n');
    return { text, data: { kind, id, name, web_address: web, before, after } };
  },
});

async function targetsOf(
  found: FoundObject,
  { config }: Changes,
  services: Services,
  signal: AbortSignal,
): Promise<LedgerEntry[]> {
  // A manifest runs in all sources made with it, with their secrets; a configuration decides what connections read and where they write.
  const isUsed = found.kind === 'definition' || config !== undefined;
  const users = isUsed ? await dependentsOf(found, services, signal) : [];
  return [found, ...users].map(ledgerEntry);
}

function checkChanges(kind: ObjectKind, given: Changes): void {
  if (kind === 'definition' && given.name !== undefined) {
    throw new InputError(
      'no_renaming',
      "Airbyte's API cannot rename a definition.",
      'Leave name out; a person renames it in the connector builder.',
    );
  }
  checkFits(kind, given, TAKES[kind]);
  if (Object.values(given).some((value) => value !== undefined)) return;
  throw nothingToChange(`A ${kind} takes: ${TAKES[kind].join(', ')}.`);
}

function change(found: FoundObject, given: Changes, call: Call): Promise<Changed> {
  if (found.kind === 'connection') return updateConnection(found.connection, given, call);
  if (found.kind === 'definition') return updateDefinition(found, given, call);
  return updateActor(found.actor, given, call);
}
