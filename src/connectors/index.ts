export { type ConnectorsOptions, createConnectors } from './connectors.ts';
export {
  configSkeleton,
  type FieldSummary,
  optionalFields,
  requiredFields,
} from './required-fields.ts';
export type {
  CheckResult,
  ConnectorRequest,
  ConnectorRun,
  Connectors,
  ConnectorsStatus,
  Exit,
  Installed,
  InstalledEntry,
  PackageFacts,
  ReadInputs,
  RunControl,
  Runtime,
  ToolFound,
} from './types.ts';
export { validateAgainstSpec } from './validate-config.ts';
