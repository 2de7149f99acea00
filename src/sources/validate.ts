/** From a description of a connector to something checked: spec, references, schema, and the connector's own word. */
import { containerWarnings, type Installed, type RunControl } from '../connectors/index.ts';
import { InputError, type Problem } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { type Inspected, inspect, specification } from './inspect.ts';
import { checkKind, destinationModes, kindOf } from './kinds.ts';
import { factsOf, type Located, type Rooms } from './located.ts';
import { locationOf } from './location.ts';
import { placeOf } from './place.ts';
import { validateManifestSchemaOnly, validateSchemaOnly, wrongBefore, wrongByCurrentSpec } from './schema-only.ts';
import type { Kind, Prepared, SavedSource, Subject, Validation } from './types.ts';

/** @param kind the only one that will do; absent where both will */
export async function validate(
  rooms: Rooms,
  subject: Subject,
  which: { readonly schemaOnly: boolean; readonly kind?: Kind },
  control: RunControl,
): Promise<Validation> {
  const examined = await examine(rooms, subject, which, control);
  if ('answer' in examined) return examined.answer;
  const { installed, hidden, inspected } = examined;
  const { resolution, problems, warnings: told, facts: known } = inspected;
  const facts = {
    installed,
    connector: installed.connector,
    version: installed.version,
    runtime: installed.runtime,
    runtimeReason: installed.reason,
    specFrom: installed.runtime === 'manifest' ? 'manifest' : 'connector',
  } as const;
  const unreachable = containerWarnings(installed.runtime, resolution.config.outline);
  const warnings = [...told, ...unreachable];
  if (problems.length > 0 || which.schemaOnly) return { valid: problems.length === 0, problems, warnings, ...facts };
  control.progress(`checking the connection with ${installed.connector} ${installed.version}`);
  const config = rooms.updates.forCheck(resolution.config, known);
  const check = await rooms.connectors.check(installed, config, control);
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
  /** Fields whose paths the sandbox hides, a sentence for each. */
  readonly hidden: readonly string[];
}

/** As far as it goes without the connector's own check; an answer where it ends before the connector is installed. */
async function examine(
  rooms: Rooms,
  subject: Subject,
  { schemaOnly, kind }: { readonly schemaOnly: boolean; readonly kind?: Kind },
  control: RunControl,
): Promise<Examined | { readonly answer: Validation }> {
  const located = await locate(rooms, subject, control);
  if (located.entry) checkKind(located.entry.name, located.entry.type, kind);
  if (schemaOnly && located.entry) return { answer: await validateSchemaOnly(rooms, located.entry, subject, control) };
  if (schemaOnly && subject.manifestPath !== undefined)
    return { answer: await validateManifestSchemaOnly(rooms, located, control) };
  const wrong = await wrongBefore(rooms, located, control);
  if (wrong) return { answer: wrong };
  await admit(rooms, located, kind);
  const installed = await install(rooms, located, control).catch(async (error: unknown) => {
    const answer = await wrongByCurrentSpec(rooms, located, error, control);
    if (answer) return { answer };
    throw error;
  });
  if ('answer' in installed) return installed;
  const hidden = await admit(rooms, located, kind, installed);
  const spec = await rooms.connectors.spec(installed, control);
  checkKind(installed.connector, kindOf(spec, located.entry), kind);
  const what = { installed, spec, isPublished: located.entry !== undefined };
  return { located, installed, spec, hidden, inspected: await inspectInstalled(rooms, subject, what, control) };
}

/** Before anything is installed as far as the runtime is known, and again when it is. */
function admit(
  { connectors }: Rooms,
  { subject, entry }: Located,
  kind: Kind | undefined,
  { runtime }: Pick<Subject, 'runtime'> = subject,
): Promise<readonly string[]> {
  return connectors.admit({
    runtime,
    literals: subject.config,
    isDestination: (entry?.type ?? kind) === 'destination',
  });
}

/**
 * A source that is not saved, ready to be read: checked as `validate` does, but for the connector's own check.
 * @throws InputError `invalid_config` with every problem, `other_kind`
 */
export async function prepareUnsaved(rooms: Rooms, subject: Subject, control: RunControl): Promise<Prepared> {
  const examined = await examine(rooms, subject, { schemaOnly: false, kind: 'source' }, control);
  const { problems } = 'inspected' in examined ? examined.inspected : examined.answer;
  if (problems.length > 0 || !('inspected' in examined)) {
    throw new InputError(
      'invalid_config',
      `The configuration of ${subject.connector} has ${problems.length} problem(s): nothing was read.`,
      'Correct what is listed and call again.',
      { problems },
    );
  }
  const { installed, spec, located, inspected } = examined;
  const { resolution, facts } = inspected;
  const config = rooms.updates.forCheck(resolution.config, facts);
  return prepared({ located, installed, spec, resolution, facts, config });
}

/** @throws InputError `invalid_config` when the saved configuration no longer resolves or fits */
export async function prepare(rooms: Rooms, source: SavedSource, kind: Kind, control: RunControl): Promise<Prepared> {
  const located = await locate(rooms, source, control);
  await admit(rooms, located, kind);
  const installed = await install(rooms, located, control).catch(async (error: unknown) => {
    const wrong = await wrongByCurrentSpec(rooms, located, error, control);
    throw wrong ? holdsNoMore(source.name, kind, wrong.problems) : error;
  });
  const spec = await rooms.connectors.spec(installed, control);
  const { resolution, problems, facts } = await inspectInstalled(
    rooms,
    source,
    { installed, spec, isPublished: located.entry !== undefined },
    control,
  );
  if (problems.length > 0) throw holdsNoMore(source.name, kind, problems);
  const config = rooms.updates.forSource(source, resolution.config, facts);
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
    place: placeOf(installed.connector, resolution.config, facts),
    location: await locationOf(installed.connector, resolution.config, facts),
    supportsRefreshes,
    suspicions: resolution.suspicions,
  };
}

function holdsNoMore(name: string, kind: Kind, problems: readonly Problem[]): InputError {
  return new InputError(
    'invalid_config',
    `The configuration of "${name}" does not hold any more.`,
    `Correct what is listed (env file or configuration) and save the ${kind} again with save_${kind}.`,
    { problems },
  );
}

async function locate(rooms: Rooms, subject: Subject, control: RunControl): Promise<Located> {
  // A manifest of the user's own may bear any name, also one of the registry.
  if (subject.manifestPath !== undefined) return { subject: { ...subject, runtime: subject.runtime ?? 'manifest' } };
  if (subject.connector.startsWith('/') && subject.runtime !== undefined && subject.runtime !== 'executable')
    throw pathWithRuntime(subject.runtime);
  if (subject.runtime === 'executable' || subject.connector.startsWith('/'))
    return { subject: { ...subject, runtime: 'executable' } };
  control.progress(`finding ${subject.connector}`);
  return { subject, entry: await rooms.registry.find(subject.connector, control.signal) };
}

function pathWithRuntime(runtime: string): InputError {
  return new InputError(
    'runtime_does_not_fit',
    `A path is run as a program of your own, not with the runtime "${runtime}".`,
    'Leave runtime out, or give the name of a connector that list_connectors shows.',
  );
}

async function install(rooms: Rooms, { subject, entry }: Located, control: RunControl): Promise<Installed> {
  const { connector, version, runtime, manifestPath } = subject;
  const request = { connector: entry?.name ?? connector, version, runtime, manifestPath };
  return rooms.connectors.install(request, entry ? factsOf(entry, rooms.registry) : {}, control);
}

/** As `inspect`, with what is wrong only for the way in which the connector runs here. */
async function inspectInstalled(
  rooms: Rooms,
  subject: Subject,
  { installed, spec, isPublished }: { readonly installed: Installed; readonly spec: JsonObject; isPublished: boolean },
  control: RunControl,
): Promise<Inspected> {
  const inspected = await inspect(rooms, subject, { spec: specification(spec), isPublished }, control);
  const lost = rooms.connectors.lostBy(installed, inspected.resolution.config);
  return { ...inspected, problems: [...inspected.problems, ...lost] };
}
