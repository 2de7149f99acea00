/** The arguments by which a connector and its configuration are given, shared by validate_config and save_source. */
import * as z from 'zod';
import { SetupError } from '../../errors.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { Subject } from '../../sources/index.ts';

export const subjectFields = {
  connector: z.string().describe('registry name, or absolute path with runtime executable'),
  config: z.record(z.string(), z.unknown()).optional().describe('secrets as "secret_reference::NAME"'),
  config_file: z.string().optional().describe('absolute YAML or JSON'),
  config_secret: z.string().optional().describe('secret holding the configuration'),
  version: z.string().optional(),
  runtime: z.enum(['python', 'docker', 'manifest', 'executable']).optional(),
  manifest_path: z.string().optional(),
};

export type SubjectInput = z.infer<z.ZodObject<typeof subjectFields>>;

/** @throws SetupError for what this version cannot run */
export function toSubject(input: SubjectInput): Subject {
  if (input.manifest_path !== undefined) {
    throw new SetupError(
      'runtime_not_supported',
      'This version of Sluice cannot run low-code manifests.',
      'Use a connector that has the python runtime: list_connectors with runtime "python".',
    );
  }
  return {
    connector: input.connector,
    version: input.version,
    runtime: input.runtime,
    config: input.config as JsonObject | undefined,
    configFile: input.config_file,
    configSecret: input.config_secret,
  };
}
