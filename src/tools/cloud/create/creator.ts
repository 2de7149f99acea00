/** What create_cloud_object takes and answers, and what each kind's creator does. */
import * as z from 'zod';
import type { Call } from '../../tool.ts';
import { connectionOptions } from '../connection-options.ts';
import { objectName, workspaceId } from '../fields.ts';
import { OBJECT_KINDS, type ObjectKind } from '../found-object.ts';
import { streamRequests } from '../stream-choice.ts';

export const createInput = z.strictObject({
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
  streams: streamRequests.optional(),
  discover: z.boolean().optional().describe('ask the source for its streams again'),
  prefix: z.string().optional(),
  schedule: z.string().optional().describe('manual, or cron: 0 0 6 * * ? Europe/Berlin'),
  ...connectionOptions,
  allow_duplicate: z.boolean().optional().describe('a name that is taken'),
  manifest_path: z.string().optional(),
  manifest: z.record(z.string(), z.unknown()).optional(),
  testing_values: z.record(z.string(), z.unknown()).optional().describe('of a definition, in the builder'),
  workspace_id: workspaceId,
});
export type CreateInput = z.output<typeof createInput>;

export const createOutput = z.object({
  kind: z.string(),
  id: z.string(),
  name: z.string(),
  workspace_id: z.string(),
  web_address: z.string(),
  streams: z.array(z.object({ stream: z.string(), mode: z.string().optional() })).optional(),
  schedule: z.string().optional(),
  time_zone: z.string().optional(),
  next_run: z.string().optional(),
  secrets_to_type: z.array(z.string()).optional(),
  warnings: z.array(z.string()).optional(),
  next: z.string(),
});

/** What was made, with what the reader may have to do next. */
export interface Made {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly name: string;
  readonly workspaceId: string;
  /** Additional fields of the answer. */
  readonly more?: Pick<
    z.input<typeof createOutput>,
    'streams' | 'schedule' | 'time_zone' | 'next_run' | 'secrets_to_type' | 'warnings'
  >;
  readonly lines?: readonly string[];
  readonly next: string;
  /** For the audit; configurations lose their values there. */
  readonly after?: unknown;
}

/** Creates the object, and calls `enter` as soon as it exists. */
export type Creator = (
  input: CreateInput,
  call: Call,
  enter: (made: Pick<Made, 'id' | 'name'>) => void,
) => Promise<Made>;
