export { cheapest } from './choose-runtime.ts';
export { type ConnectorsOptions, createConnectors } from './connectors.ts';
export { containerWarnings } from './docker/localhost.ts';
export { type Alternative, alternativeConfigs, exampleConfig, type NameFor } from './example-config.ts';
export { exitWords } from './exit-messages.ts';
export { installedName, SHARED_CDK } from './installed-name.ts';
export { type ManifestDescription, readDescription } from './manifest/description.ts';
export { closeInheritedFiles } from './process/inherited-files.ts';
export { askTool } from './process/tool-run.ts';
export { type FieldSummary, optionalFields, requiredFields } from './required-fields.ts';
export { resolveLinks } from './sandbox/index.ts';
export type {
  CheckResult,
  ConnectorFacts,
  ConnectorRequest,
  ConnectorRun,
  Connectors,
  ConnectorsStatus,
  DestinationRun,
  Exit,
  Here,
  Installed,
  InstalledEntry,
  ManifestFiles,
  OwnManifest,
  ProcessStart,
  ReadInputs,
  Removed,
  RunControl,
  Runtime,
  RuntimeVerdict,
  ToolFound,
} from './types.ts';
export { validateAgainstSpec } from './validate-config.ts';
