/** The arguments by which a connector and its configuration are given, shared by validate_config and save_source. */
import * as z from 'zod';
import type { Runtime } from '../../connectors/index.ts';
import type { JsonObject } from '../../protocol/index.ts';
import type { ConnectorConfigInput } from '../../sources/index.ts';

/** How a registry connector can run. */
export const REGISTRY_RUNTIMES = ['python', 'docker', 'manifest'] as const satisfies readonly Runtime[];
export const RUNTIMES = [...REGISTRY_RUNTIMES, 'executable'] as const satisfies readonly Runtime[];

export const connectorFields = {
  connector: z.string().describe('registry name, or absolute path with runtime executable'),
  config: z.record(z.string(), z.unknown()).optional().describe('secrets as "secret_reference::NAME"'),
  config_file: z.string().optional().describe('absolute YAML or JSON'),
  config_secret: z.string().optional().describe('secret holding the configuration'),
  version: z.string().optional(),
  runtime: z.enum(RUNTIMES).optional(),
  manifest_path: z.string().optional().describe('absolute; connector is then any name source-…'),
};

export type ConnectorArguments = z.infer<z.ZodObject<typeof connectorFields>>;

export function toConnectorConfig(input: ConnectorArguments): ConnectorConfigInput {
  return {
    connector: input.connector,
    version: input.version,
    runtime: input.runtime,
    manifestPath: input.manifest_path,
    config: input.config as JsonObject | undefined,
    configFile: input.config_file,
    configSecret: input.config_secret,
  };
}
