import * as z from 'zod';
import { InputError } from '../../../errors.ts';
import { type Call, defineTool } from '../../tool.ts';
import { shortName } from '../bounds.ts';
import { objectName, webAddress, workspaceId } from '../fields.ts';
import { checkFits } from '../fitting.ts';
import { ledgerEntry, OBJECT_KINDS, type ObjectKind } from '../found-object.ts';
import { streamWishes } from '../stream-choice.ts';
import { createActor } from './create-actor.ts';
import { createConnection } from './create-connection.ts';
import { createDefinition } from './create-definition.ts';

const input = z.strictObject({
  kind: z.enum(OBJECT_KINDS),
  name: objectName,
  from_source: z
    .string()
    .optional()
    .describe('saved local source (kind destination: destination); for a connection the streams of its last sync'),
  connector: z.string().optional().describe('registry name or definition id'),
  config: z.record(z.string(), z.unknown()).optional(),
  draft: z.boolean().optional(),
  source_id: z.string().optional(),
  destination_id: z.string().optional(),
  streams: streamWishes.optional(),
  prefix: z.string().optional(),
  schedule: z.string().optional().describe('manual, or cron: 0 0 6 * * ?'),
  manifest_path: z.string().optional(),
  manifest: z.record(z.string(), z.unknown()).optional(),
  workspace_id: workspaceId,
});
export type CreateInput = z.output<typeof input>;

/** What was made, with what the reader may have to do next. */
export interface Made {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  /** Put into the answer besides. */
  readonly more?: Pick<z.input<typeof output>, 'streams' | 'secrets_to_type' | 'warnings'>;
  readonly lines?: readonly string[];
  readonly next: string;
  /** For the audit; configurations lose their values there. */
  readonly after?: unknown;
}

/** Makes the thing, and calls `enter` as soon as it exists. */
export type Maker = (input: CreateInput, call: Call, enter: (made: Pick<Made, 'id' | 'name'>) => void) => Promise<Made>;

const output = z.object({
  kind: z.string(),
  id: z.string(),
  name: z.string(),
  workspace_id: z.string(),
  web_address: z.string(),
  streams: z.array(z.object({ stream: z.string(), mode: z.string().optional() })).optional(),
  secrets_to_type: z.array(z.string()).optional(),
  warnings: z.array(z.string()).optional(),
  next: z.string(),
});

const ACTOR = ['from_source', 'connector', 'config', 'draft'];
const TAKES: Record<ObjectKind, readonly string[]> = {
  source: ACTOR,
  destination: ACTOR,
  connection: ['source_id', 'destination_id', 'streams', 'from_source', 'prefix', 'schedule'],
  definition: ['manifest_path', 'manifest'],
};
const MAKERS: Record<ObjectKind, Maker> = {
  source: createActor,
  destination: createActor,
  connection: createConnection,
  definition: createDefinition,
};

export const createCloudObject = defineTool({
  name: 'create_cloud_object',
  title: 'Create in Airbyte Cloud',
  description:
    'Creates a source or destination (from_source with its secrets; or connector and config with secret_reference::NAME; draft: a person types the secrets at web_address), a connection (source_id, destination_id, streams or from_source), or a low-code connector definition (manifest_path or manifest).',
  input,
  output,
  realm: 'cloud',
  effect: 'create',
  async run(given, call) {
    const { kind, name, workspace_id: _, ...rest } = given;
    checkFits(kind, rest, TAKES[kind]);
    if (name.trim() === '') throw new InputError('argument_missing', 'The name is empty.', 'Give it a name.');
    call.about({ kind, name });
    const made = await MAKERS[kind](given, call, (there) => {
      // At once, whoever still waits: what this session made it may change and delete.
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
