/** Checks a configuration against the spec of the registry, or of its own manifest, without installing or running anything. */
import { cheapest, containerWarnings, type RunControl } from '../connectors/index.ts';
import { SluiceError } from '../errors.ts';
import type { RegistryEntry } from '../registry/index.ts';
import { type Inspected, inspect, specification } from './inspect.ts';
import { factsOf, type Located, type SourceDeps } from './located.ts';
import type { ConnectorConfigInput, Validation } from './types.ts';

export async function validateSchemaOnly(
  deps: SourceDeps,
  entry: RegistryEntry,
  input: ConnectorConfigInput,
  control: RunControl,
): Promise<Validation>;
/** @param isRelevant which findings are reported; for others the result is undefined, without a check of the runtimes */
export async function validateSchemaOnly(
  deps: SourceDeps,
  entry: RegistryEntry,
  input: ConnectorConfigInput,
  control: RunControl,
  isRelevant: (found: Inspected) => boolean,
): Promise<Validation | undefined>;
export async function validateSchemaOnly(
  deps: SourceDeps,
  entry: RegistryEntry,
  input: ConnectorConfigInput,
  control: RunControl,
  isRelevant: (found: Inspected) => boolean = () => true,
): Promise<Validation | undefined> {
  const spec = input.version
    ? await deps.registry.specFor(entry, input.version, control.signal)
    : await deps.registry.spec(entry, control.signal);
  const found = await inspect(deps, input, { spec: specification(spec), isPublished: true }, control);
  if (!isRelevant(found)) return undefined;
  const { resolution, problems, warnings } = found;
  const { connector, version, runtime: named } = input;
  const verdicts = await deps.connectors.runtimesFor(
    { connector, version, runtime: named },
    factsOf(entry, deps.registry),
    control.signal,
  );
  const would = verdicts.find(({ works }) => works);
  const runtime = named ?? would?.runtime ?? entry.runtimes[0] ?? 'docker';
  const unreachable = containerWarnings(runtime, resolution.config.outline);
  return {
    valid: problems.length === 0,
    problems,
    warnings: [...warnings, ...unreachable],
    connector: entry.name,
    version: version ?? entry.version,
    runtime,
    runtimeReason: named ? undefined : would ? cheapest(would) : 'none of its runtimes works here',
    specFrom: 'registry',
  };
}

/**
 * The problems of a configuration by the registry's spec or by the manifest itself, before anything is
 * fetched or installed. Undefined where there are none, and where the spec of the version is not available.
 */
export async function wrongBefore(
  deps: SourceDeps,
  located: Located,
  control: RunControl,
): Promise<Validation | undefined> {
  const { input, entry } = located;
  if (entry) {
    const unread = await hasUnreadLayer(deps, input);
    const asked = unread ? { ...input, version: undefined } : input;
    const answer = await validateSchemaOnly(deps, entry, asked, control, isWrong).catch((error: unknown) => {
      if (error instanceof SluiceError && !control.signal.aborted) return undefined;
      throw error;
    });
    return answer && { ...answer, version: input.version ?? answer.version };
  }
  // A runtime that does not fit a manifest is reported where it is chosen.
  if (input.manifestPath === undefined || input.runtime !== 'manifest') return undefined;
  const answer = await validateManifestSchemaOnly(deps, located, control);
  return answer.valid ? undefined : answer;
}

/** A configuration that cannot be read is invalid for every version. */
async function hasUnreadLayer({ vault }: SourceDeps, input: ConnectorConfigInput): Promise<boolean> {
  if (input.configFile === undefined && input.configSecret === undefined) return false;
  const { problems } = await vault.resolve(input, { spec: {}, secretKeys: new Set(), isPublished: false });
  return problems.some(({ path }) => path === 'config_file' || path === 'config_secret');
}

/** Where an asked version could not be fetched: what the registry's present spec finds wrong comes before the network. */
export async function wrongByCurrentSpec(
  deps: SourceDeps,
  { input, entry }: Located,
  error: unknown,
  control: RunControl,
): Promise<Validation | undefined> {
  if (!entry || input.version === undefined || !(error instanceof SluiceError) || control.signal.aborted)
    return undefined;
  const answer = await validateSchemaOnly(deps, entry, { ...input, version: undefined }, control, isWrong);
  if (!answer) return undefined;
  const warning = `Checked against the spec of ${entry.version}: version ${input.version} could not be installed. ${error.message}`;
  return { ...answer, version: input.version, warnings: [...answer.warnings, warning] };
}

function isWrong({ problems }: Pick<Inspected, 'problems'>): boolean {
  return problems.length > 0;
}

/** The manifest holds its spec: nothing is installed for it. */
export async function validateManifestSchemaOnly(
  deps: SourceDeps,
  { input }: Located,
  control: RunControl,
): Promise<Validation> {
  const spec = await deps.connectors.manifestSpec(input);
  const checked = { spec: specification(spec), isPublished: false };
  const { problems, warnings } = await inspect(deps, input, checked, control);
  return {
    valid: problems.length === 0,
    problems,
    warnings,
    connector: input.connector,
    version: 'local',
    runtime: 'manifest',
    specFrom: 'manifest',
  };
}
