/** What update_cloud_object takes, and what each kind answers. */
import * as z from 'zod';
import type { JsonObject } from '../../../protocol/index.ts';
import { connectionOptions } from '../connection-options.ts';
import { objectName } from '../fields.ts';
import { streamRequests } from '../stream-choice.ts';

export const changes = z.strictObject({
  name: objectName.optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  enabled: z.boolean().optional(),
  schedule: z.string().optional(),
  streams: streamRequests.optional(),
  discover: z.boolean().optional(),
  prefix: z.string().optional(),
  ...connectionOptions,
  manifest: z.record(z.string(), z.unknown()).optional(),
  manifest_path: z.string().optional(),
  testing_values: z.record(z.string(), z.unknown()).optional(),
});
export type Changes = z.output<typeof changes>;

/** What changed, as it may be shown. */
export interface Changed {
  readonly name: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
}
