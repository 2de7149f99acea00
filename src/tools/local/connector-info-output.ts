/** The shape of get_connector_info's answer. */
import * as z from 'zod';
import { moreOutput } from './connector-more.ts';
import { runtimeOutput } from './connector-runtimes.ts';

const field = z.object({
  path: z.string(),
  type: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  secret: z.boolean(),
  default: z.unknown().optional(),
  allowed: z.array(z.unknown()).optional(),
  allowed_more: z.int().optional(),
  example: z.unknown().optional(),
});
const option = z.object({
  title: z.string().optional(),
  field: z.string().optional(),
  value: z.unknown().optional(),
  required: z.array(field),
});

export const infoOutput = z.object({
  name: z.string(),
  title: z.string(),
  type: z.enum(['source', 'destination']),
  version: z.string(),
  support_level: z.string(),
  repository: z.string(),
  language: z.string().optional(),
  pypi_package: z.string().optional(),
  runs_here: z.boolean(),
  runtimes: z.array(runtimeOutput),
  required_fields: z.array(field.extend({ options: z.array(option).optional() })),
  optional_fields: z.array(z.string()),
  secret_fields: z.array(z.string()),
  fitting_secrets: z.array(z.object({ field: z.string(), names: z.array(z.string()) })),
  example_config: z.record(z.string(), z.unknown()),
  alternatives: z.array(z.object({ title: z.string(), config: z.record(z.string(), z.unknown()) })),
  suggested_streams: z.array(z.string()),
  documentation_url: z.string().optional(),
  spec: z.record(z.string(), z.unknown()).optional(),
  ...moreOutput,
  notes: z.array(z.string()),
});
export type Info = z.infer<typeof infoOutput>;
export type InfoField = z.infer<typeof field>;
