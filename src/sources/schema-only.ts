/** A configuration against the spec of the registry, or of its own manifest: nothing is installed or run for it. */
import { cheapest, containerWarnings, type RunControl } from '../connectors/index.ts';
import { SluiceError } from '../errors.ts';
import type { RegistryEntry } from '../registry/index.ts';
import { type Inspected, inspect, specification } from './inspect.ts';
import { factsOf, type Located, type Rooms } from './located.ts';
import type { Subject, Validation } from './types.ts';

export async function validateSchemaOnly(
  rooms: Rooms,
  entry: RegistryEntry,
  subject: Subject,
  control: RunControl,
): Promise<Validation>;
/** @param wanted which findings are worth an answer; undefined for the others, without a look at the runtimes */
export async function validateSchemaOnly(
  rooms: Rooms,
  entry: RegistryEntry,
  subject: Subject,
  control: RunControl,
  wanted: (found: Inspected) => boolean,
): Promise<Validation | undefined>;
export async function validateSchemaOnly(
  rooms: Rooms,
  entry: RegistryEntry,
  subject: Subject,
  control: RunControl,
  wanted: (found: Inspected) => boolean = () => true,
): Promise<Validation | undefined> {
  const spec = subject.version
    ? await rooms.registry.specFor(entry, subject.version, control.signal)
    : await rooms.registry.spec(entry, control.signal);
  const found = await inspect(rooms, subject, { spec: specification(spec), isPublished: true }, control);
  if (!wanted(found)) return undefined;
  const { resolution, problems, warnings } = found;
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

/**
 * What is wrong with a configuration as far as the registry's spec, or the manifest itself, says it: before anything is
 * fetched or installed. Undefined where nothing is, and where the spec of the version cannot be had.
 */
export async function wrongBefore(
  rooms: Rooms,
  located: Located,
  control: RunControl,
): Promise<Validation | undefined> {
  const { subject, entry } = located;
  if (entry) {
    const unread = await hasUnreadLayer(rooms, subject);
    const asked = unread ? { ...subject, version: undefined } : subject;
    const answer = await validateSchemaOnly(rooms, entry, asked, control, isWrong).catch((error: unknown) => {
      if (error instanceof SluiceError && !control.signal.aborted) return undefined;
      throw error;
    });
    return answer && { ...answer, version: subject.version ?? answer.version };
  }
  // Another runtime does not fit a manifest: that is told where it is chosen.
  if (subject.manifestPath === undefined || subject.runtime !== 'manifest') return undefined;
  const answer = await validateManifestSchemaOnly(rooms, located, control);
  return answer.valid ? undefined : answer;
}

/** A configuration that cannot be read is wrong for every version. */
async function hasUnreadLayer({ vault }: Rooms, subject: Subject): Promise<boolean> {
  if (subject.configFile === undefined && subject.configSecret === undefined) return false;
  const { problems } = await vault.resolve(subject, { spec: {}, secretKeys: new Set(), isPublished: false });
  return problems.some(({ path }) => path === 'config_file' || path === 'config_secret');
}

/** Where an asked version could not be fetched: what the registry's present spec finds wrong comes before the network. */
export async function wrongByCurrentSpec(
  rooms: Rooms,
  { subject, entry }: Located,
  error: unknown,
  control: RunControl,
): Promise<Validation | undefined> {
  if (!entry || subject.version === undefined || !(error instanceof SluiceError) || control.signal.aborted)
    return undefined;
  const answer = await validateSchemaOnly(rooms, entry, { ...subject, version: undefined }, control, isWrong);
  if (!answer) return undefined;
  const warning = `Checked against the spec of ${entry.version}: version ${subject.version} could not be installed. ${error.message}`;
  return { ...answer, version: subject.version, warnings: [...answer.warnings, warning] };
}

function isWrong({ problems }: Pick<Inspected, 'problems'>): boolean {
  return problems.length > 0;
}

/** The manifest holds its spec: nothing is installed for it. */
export async function validateManifestSchemaOnly(
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
