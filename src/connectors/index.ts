/**
 * Finds, installs and runs connectors; the only module that starts processes or calls Docker. To add a runtime:
 *
 * 1. `runtime.ts`: add its name to `Runtime`. If the registry lists it, add it to `RegistryRuntime` too
 *    (`src/registry/types.ts`, `src/registry/entries.ts`).
 * 2. A folder with a module that implements `RuntimeModule` (`runtime-module.ts`): is it available on this machine, and
 *    `install`, which returns an `Installed` with how to start it. `executable.ts` is the smallest example.
 * 3. `runtimes.ts`: load the module in `createRuntimes`. `choose-runtime.ts`: give it a position in `CHEAPEST_FIRST`, if it
 *    may be chosen without being named.
 * 4. `markers.ts`: what an installation of it leaves on disk, so that `installed.ts` and `remove.ts` find it.
 * 5. Nothing to run it if it starts a process or a container (`ProcessStart`, `ContainerStart` in `types.ts`); otherwise a
 *    `Runner` (`runner.ts`), chosen in `connectors.ts`.
 * 6. The names in the tools' arguments: `src/tools/local/connector-arguments.ts` and its neighbours.
 */
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
