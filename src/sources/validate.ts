/** Checks a connector's configuration: spec, references, schema, and the connector's own check. */
import { containerWarnings, type Installed, type RunControl } from '../connectors/index.ts';
import { InputError, type Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { configFingerprint } from './config-fingerprint.ts';
import { type Inspected, inspect, specification } from './inspect.ts';
import { checkKind, destinationModes, kindOf } from './kinds.ts';
import { factsOf, type Located, type SourceDeps } from './located.ts';
import { locationOf } from './location.ts';
import { validateManifestSchemaOnly, validateSchemaOnly, wrongBefore, wrongByCurrentSpec } from './schema-only.ts';
import type { ConnectorConfigInput, Kind, Prepared, SavedConnector, Validation } from './types.ts';

/** @param which.kind the expected kind; absent if both are accepted */
export async function validate(
  deps: SourceDeps,
  input: ConnectorConfigInput,
  which: { readonly schemaOnly: boolean; readonly kind?: Kind },
  control: RunControl,
): Promise<Validation> {
  const examined = await examine(deps, input, which, control);
  if ('answer' in examined) return examined.answer;
  const { installed, hidden, inspected } = examined;
  const { resolution, problems, warnings: reported, facts: known } = inspected;
  const facts = {
    installed,
    connector: installed.connector,
    version: installed.version,
    runtime: installed.runtime,
    runtimeReason: installed.reason,
    specFrom: installed.runtime === 'manifest' ? 'manifest' : 'connector',
  } as const;
  const unreachable = containerWarnings(installed.runtime, resolution.config.outline);
  const warnings = [...reported, ...unreachable];
  if (problems.length > 0 || which.schemaOnly) return { valid: problems.length === 0, problems, warnings, ...facts };
  control.progress(`checking the connection with ${installed.connector} ${installed.version}`);
  const config = deps.updates.forCheck(resolution.config, known);
  const check = await deps.connectors.check(installed, config, control);
  return {
    valid: check.succeeded,
    problems,
    warnings: check.succeeded ? warnings : [...warnings, ...resolution.suspicions, ...hidden],
    checkMessage: check.message,
    checked: resolution.config,
    ...facts,
  };
}

interface Examined {
  readonly located: Located;
  readonly installed: Installed;
  readonly spec: JsonObject;
  readonly inspected: Inspected;
  /** Fields whose paths are not visible in the sandbox, a sentence for each. */
  readonly hidden: readonly string[];
}

/** All checks except the connector's own; an answer where they end before the connector is installed. */
async function examine(
  deps: SourceDeps,
  input: ConnectorConfigInput,
  { schemaOnly, kind }: { readonly schemaOnly: boolean; readonly kind?: Kind },
  control: RunControl,
): Promise<Examined | { readonly answer: Validation }> {
  const located = await locate(deps, input, control);
  if (located.entry) checkKind(located.entry.name, located.entry.type, kind);
  if (schemaOnly && located.entry) return { answer: await validateSchemaOnly(deps, located.entry, input, control) };
  if (schemaOnly && input.manifestPath !== undefined)
    return { answer: await validateManifestSchemaOnly(deps, located, control) };
  const wrong = await wrongBefore(deps, located, control);
  if (wrong) return { answer: wrong };
  await admit(deps, located, kind);
  const installed = await install(deps, located, control).catch(async (error: unknown) => {
    const answer = await wrongByCurrentSpec(deps, located, error, control);
    if (answer) return { answer };
    throw error;
  });
  if ('answer' in installed) return installed;
  const hidden = await admit(deps, located, kind, installed);
  const spec = await deps.connectors.spec(installed, control);
  checkKind(installed.connector, kindOf(spec, located.entry), kind);
  const what = { installed, spec, isPublished: located.entry !== undefined };
  return { located, installed, spec, hidden, inspected: await inspectInstalled(deps, input, what, control) };
}

/** Called before anything is installed, as far as the runtime is known, and again after that. */
function admit(
  { connectors }: SourceDeps,
  { input, entry }: Located,
  kind: Kind | undefined,
  { runtime }: Pick<ConnectorConfigInput, 'runtime'> = input,
): Promise<readonly string[]> {
  return connectors.admit({
    runtime,
    literals: input.config,
    isDestination: (entry?.type ?? kind) === 'destination',
  });
}

/**
 * Prepares a source that is not saved: checked as by `validate`, without the connector's own check.
 * @throws InputError `invalid_config` with every problem, `other_kind`
 */
export async function prepareUnsaved(
  deps: SourceDeps,
  input: ConnectorConfigInput,
  control: RunControl,
): Promise<Prepared> {
  const examined = await examine(deps, input, { schemaOnly: false, kind: 'source' }, control);
  const { problems } = 'inspected' in examined ? examined.inspected : examined.answer;
  if (problems.length > 0 || !('inspected' in examined)) {
    throw new InputError(
      'invalid_config',
      `The configuration of ${input.connector} has ${problems.length} problem(s): nothing was read.`,
      'Correct what is listed and call again.',
      { problems },
    );
  }
  const { installed, spec, located, inspected } = examined;
  const { resolution, facts } = inspected;
  const config = deps.updates.forCheck(resolution.config, facts);
  return prepared({ located, installed, spec, resolution, facts, config });
}

/** @throws InputError `invalid_config` when the saved configuration no longer resolves or fits */
export async function prepare(
  deps: SourceDeps,
  source: SavedConnector,
  kind: Kind,
  control: RunControl,
): Promise<Prepared> {
  const located = await locate(deps, source, control);
  await admit(deps, located, kind);
  const installed = await install(deps, located, control).catch(async (error: unknown) => {
    const wrong = await wrongByCurrentSpec(deps, located, error, control);
    throw wrong ? invalidSavedConfig(source.name, kind, wrong.problems) : error;
  });
  const spec = await deps.connectors.spec(installed, control);
  const { resolution, problems, facts } = await inspectInstalled(
    deps,
    source,
    { installed, spec, isPublished: located.entry !== undefined },
    control,
  );
  if (problems.length > 0) throw invalidSavedConfig(source.name, kind, problems);
  const config = deps.updates.forSource(source, resolution.config, facts);
  return prepared({ located, installed, spec, resolution, facts, config });
}

async function prepared({
  located,
  installed,
  spec,
  resolution,
  facts,
  config,
}: Pick<Inspected, 'resolution' | 'facts'> & {
  readonly located: Located;
  readonly installed: Installed;
  readonly spec: JsonObject;
  readonly config: ResolvedConfig;
}): Promise<Prepared> {
  const { suggestedStreams = [], maxSecondsBetweenMessages, supportsRefreshes = false } = located.entry ?? {};
  return {
    installed,
    config,
    suggestedStreams,
    maxSecondsBetweenMessages,
    destinationModes: destinationModes(spec),
    fingerprint: configFingerprint(installed.connector, resolution.config, facts),
    location: await locationOf(installed.connector, resolution.config, facts),
    supportsRefreshes,
    suspicions: resolution.suspicions,
  };
}

function invalidSavedConfig(name: string, kind: Kind, problems: readonly Problem[]): InputError {
  return new InputError(
    'invalid_config',
    `The configuration of "${name}" is no longer valid.`,
    `Correct what is listed (env file or configuration) and save the ${kind} again with save_${kind}.`,
    { problems },
  );
}

async function locate(deps: SourceDeps, input: ConnectorConfigInput, control: RunControl): Promise<Located> {
  // The user's own manifest may have any name, including one of the registry.
  if (input.manifestPath !== undefined) return { input: { ...input, runtime: input.runtime ?? 'manifest' } };
  if (input.connector.startsWith('/') && input.runtime !== undefined && input.runtime !== 'executable')
    throw pathWithRuntime(input.runtime);
  if (input.runtime === 'executable' || input.connector.startsWith('/'))
    return { input: { ...input, runtime: 'executable' } };
  control.progress(`finding ${input.connector}`);
  return { input, entry: await deps.registry.find(input.connector, control.signal) };
}

function pathWithRuntime(runtime: string): InputError {
  return new InputError(
    'runtime_does_not_fit',
    `A path is run as a program of your own, not with the runtime "${runtime}".`,
    'Leave runtime out, or give the name of a connector that list_connectors shows.',
  );
}

async function install(deps: SourceDeps, { input, entry }: Located, control: RunControl): Promise<Installed> {
  const { connector, version, runtime, manifestPath } = input;
  const request = { connector: entry?.name ?? connector, version, runtime, manifestPath };
  return deps.connectors.install(request, entry ? factsOf(entry, deps.registry) : {}, control);
}

/** As `inspect`, with what is wrong only for the way in which the connector runs here. */
async function inspectInstalled(
  deps: SourceDeps,
  input: ConnectorConfigInput,
  { installed, spec, isPublished }: { readonly installed: Installed; readonly spec: JsonObject; isPublished: boolean },
  control: RunControl,
): Promise<Inspected> {
  const inspected = await inspect(deps, input, { spec: specification(spec), isPublished }, control);
  const lost = deps.connectors.lostBy(installed, inspected.resolution.config);
  return { ...inspected, problems: [...inspected.problems, ...lost] };
}
