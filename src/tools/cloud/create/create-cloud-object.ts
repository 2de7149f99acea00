import { InputError } from '../../../errors.ts';
import { defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { CONNECTION_OPTIONS } from '../connection-options.ts';
import { webAddress } from '../fields.ts';
import { ledgerEntry, type ObjectKind } from '../found-object.ts';
import { checkFits } from '../kind-arguments.ts';
import { createActor } from './create-actor.ts';
import { createConnection } from './create-connection.ts';
import { createDefinition } from './create-definition.ts';
import { type Creator, createInput, createOutput } from './creator.ts';

const ACTOR = ['from_source', 'connector', 'config', 'draft'];
const TAKES: Record<ObjectKind, readonly string[]> = {
  source: ACTOR,
  destination: ACTOR,
  connection: [
    'source_id',
    'destination_id',
    'streams',
    'discover',
    'from_source',
    'prefix',
    'schedule',
    ...CONNECTION_OPTIONS,
  ],
  definition: ['manifest_path', 'manifest', 'testing_values'],
};
const CREATORS: Record<ObjectKind, Creator> = {
  source: createActor,
  destination: createActor,
  connection: createConnection,
  definition: createDefinition,
};

export const createCloudObject = defineTool({
  name: 'create_cloud_object',
  title: 'Create in Airbyte Cloud',
  description:
    'Create a source or destination (from_source with its secrets; or connector and config with secret_reference::NAME; draft: a person types the secrets at web_address), a connection (source_id, destination_id, streams or from_source), or a low-code connector definition (manifest_path or manifest).',
  input: createInput,
  output: createOutput,
  realm: 'cloud',
  effect: 'create',
  async run(given, call) {
    const { kind, name, workspace_id: _, allow_duplicate: __, ...rest } = given;
    checkFits(kind, rest, TAKES[kind]);
    if (name.trim() === '') throw new InputError('argument_missing', 'The name is empty.', 'Give it a name.');
    call.about({ kind, name });
    const made = await CREATORS[kind](given, call, (there) => {
      // At once, even if nobody waits: the session may change and delete what it created.
      call.services.ledger.enter(ledgerEntry({ kind, ...there }));
      call.about({ kind, ...there });
    });
    call.about({ kind, id: made.id, name: made.name, after: made.after });
    const web = webAddress(call.services.cloud.addresses(), made.workspaceId, kind, made.id);
    const data = {
      kind,
      id: made.id,
      name: made.name,
      workspace_id: made.workspaceId,
      web_address: web,
      ...made.more,
      next: made.next,
    };
    const lines = [
      `Created ${kind} "${shortName(made.name)}" (${made.id}): ${web}`,
      ...(made.lines ?? []),
      ...(made.more?.warnings ?? []).map((warning) => `Warning: ${warning}`),
      `Next: ${made.next}`,
    ];
    return { text: lines.join('\n'), data };
  },
});
