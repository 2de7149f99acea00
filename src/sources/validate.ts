/** From a description of a connector to something checked: spec, references, schema, and the connector's own word. */
import {
  type ConnectorFacts,
  type Connectors,
  cheapest,
  containerWarnings,
  type Installed,
  type RunControl,
} from '../connectors/index.ts';
import { InputError } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { Registry, RegistryEntry } from '../registry/index.ts';
import type { ConfigUpdates, Vault } from '../secrets/index.ts';
import { type Inspected, inspect, specification } from './inspect.ts';
import { checkKind, destinationModes, kindOf } from './kinds.ts';
import { locationOf } from './location.ts';
import { placeOf } from './place.ts';
import type { Kind, Prepared, SavedSource, Subject, Validation } from './types.ts';

export interface Rooms {
  readonly vault: Vault;
  readonly registry: Registry;
  readonly connectors: Connectors;
  readonly updates: ConfigUpdates;
}

/** What a caller names, found in the registry; an executable has no entry there. */
interface Located {
  readonly subject: Subject;
  readonly entry?: RegistryEntry;
}

/** @param kind the only one that will do; absent where both will */
export async function validate(
  rooms: Rooms,
  subject: Subject,
  { schemaOnly, kind }: { readonly schemaOnly: boolean; readonly kind?: Kind },
  control: RunControl,
): Promise<Validation> {
  const located = await locate(rooms, subject, control);
  if (located.entry) checkKind(located.entry.name, located.entry.type, kind);
  if (schemaOnly && located.entry) return validateSchemaOnly(rooms, located.entry, subject, control);
  if (schemaOnly && subject.manifestPath !== undefined) return validateManifestSchemaOnly(rooms, located, control);
  await admit(rooms, located, kind);
  const unread = await unreadConfig(rooms, located, control);
  if (unread) return unread;
  const installed = await install(rooms, located, control);
  const hidden = await admit(rooms, located, kind, installed);
  const spec = await rooms.connectors.spec(installed, control);
  checkKind(installed.connector, kindOf(spec, located.entry), kind);
  const {
    resolution,
    problems,
    warnings: told,
    facts: known,
  } = await inspectInstalled(rooms, subject, { installed, spec, isPublished: located.entry !== undefined }, control);
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
  if (problems.length > 0 || schemaOnly) return { valid: problems.length === 0, problems, warnings, ...facts };
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

/** @throws InputError `invalid_config` when the saved configuration no longer resolves or fits */
export async function prepare(rooms: Rooms, source: SavedSource, kind: Kind, control: RunControl): Promise<Prepared> {
  const located = await locate(rooms, source, control);
  await admit(rooms, located, kind);
  const installed = await install(rooms, located, control);
  const spec = await rooms.connectors.spec(installed, control);
  const { resolution, problems, facts } = await inspectInstalled(
    rooms,
    source,
    { installed, spec, isPublished: located.entry !== undefined },
    control,
  );
  if (problems.length > 0) {
    throw new InputError(
      'invalid_config',
      `The configuration of "${source.name}" does not hold any more.`,
      `Correct what is listed (env file or configuration) and save the ${kind} again with save_${kind}.`,
      { problems },
    );
  }
  const config = rooms.updates.forSource(source, resolution.config, facts);
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
  };
}

async function validateSchemaOnly(
  rooms: Rooms,
  entry: RegistryEntry,
  subject: Subject,
  control: RunControl,
): Promise<Validation> {
  const spec = subject.version
    ? await rooms.registry.specFor(entry, subject.version, control.signal)
    : await rooms.registry.spec(entry, control.signal);
  const { resolution, problems, warnings } = await inspect(
    rooms,
    subject,
    { spec: specification(spec), isPublished: true },
    control,
  );
  const { connector, version, runtime: named } = subject;
  const verdicts = await rooms.connectors.runtimesFor(
    { connector, version, runtime: named },
    factsOf(entry, rooms.registry),
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

/** A configuration that cannot be read is told before anything is installed for it. */
async function unreadConfig(rooms: Rooms, located: Located, control: RunControl): Promise<Validation | undefined> {
  const { subject, entry } = located;
  if (subject.configFile === undefined && subject.configSecret === undefined) return undefined;
  const { problems } = await rooms.vault.resolve(subject, { spec: {}, secretKeys: new Set(), isPublished: false });
  if (!problems.some(({ path }) => path === 'config_file' || path === 'config_secret')) return undefined;
  if (entry) {
    const answer = await validateSchemaOnly(rooms, entry, { ...subject, version: undefined }, control);
    return { ...answer, version: subject.version ?? answer.version };
  }
  return subject.manifestPath === undefined ? undefined : validateManifestSchemaOnly(rooms, located, control);
}

/** The manifest holds its spec: nothing is installed for it. */
async function validateManifestSchemaOnly(
  rooms: Rooms,
  { subject }: Located,
  control: RunControl,
): Promise<Validation> {
  const spec = await rooms.connectors.manifestSpec(subject);
  const checked = { spec: specification(spec), isPublished: false };
  const { problems, warnings } = await inspect(rooms, subject, checked, control);
  return {
    valid: problems.length === 0,
    problems,
    warnings,
    connector: subject.connector,
    version: 'local',
    runtime: 'manifest',
    specFrom: 'manifest',
  };
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

function factsOf(entry: RegistryEntry, registry: Registry): ConnectorFacts {
  const { runtimes, pypiPackage, repository, version, cdkVersion } = entry;
  return {
    runtimes,
    pypiPackage,
    repository,
    version,
    cdkVersion,
    ...(runtimes.includes('manifest')
      ? {
          manifest: (wanted, signal) => registry.manifest(entry, wanted, signal),
          components: (wanted, signal) => registry.components(entry, wanted, signal),
          spec: (wanted, signal) => registry.specFor(entry, wanted, signal),
        }
      : {}),
  };
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
