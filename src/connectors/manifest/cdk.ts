/** The Python environment that runs manifests: one for all of the same CDK line, its major version. */
import { dirname, join } from 'node:path';
import { explain, gt, gte, major, rcompare, valid } from '@renovatebot/pep440';
import { InputError, SetupError } from '../../errors.ts';
import type { HostMemory } from '../../hosts.ts';
import type { Project } from '../../project/index.ts';
import { SHARED_CDK } from '../installed-name.ts';
import { readEnvironment } from '../python/environment-folder.ts';
import { askIndex } from '../python/package-index.ts';
import { type Environment, entriesOf } from '../python/program-folders.ts';
import type { Release } from '../python/versions.ts';
import type { RuntimeModule } from '../runtime-module.ts';
import type { ProcessStart, RunControl } from '../types.ts';

export interface CdkDeps {
  readonly project: Project;
  readonly python: RuntimeModule;
  readonly environment: Environment;
  readonly offline: boolean;
  readonly hosts: HostMemory;
}

export interface Cdk {
  readonly version: string;
  /** Its `source-declarative-manifest`. */
  readonly start: ProcessStart;
  /** Whether this very call installed it. */
  readonly newlyInstalled: boolean;
  /** Workaround that was applied because the usual way did not start. */
  readonly note: string | undefined;
}

export interface CdkRequest {
  /** What the manifest declares about itself. */
  readonly written: string;
  /** The version that its registry entry names. */
  readonly cdkVersion?: string | undefined;
  /** What the manifest is called in messages. */
  readonly source: string;
  /** Whether the CDK itself must refuse Python classes: the text does not show which classes it will load. */
  readonly guarded: boolean;
}

const PROGRAM = 'source-declarative-manifest';
/** The first with `--manifest-path`. */
const FIRST_USABLE = '6.49.1';
/** From this version on the CDK itself refuses manifests that name Python classes, even if their names are built at run time. */
const FIRST_GUARDED = '7.23.8';

/**
 * An installed environment of the line that is new enough, else the newest of the line from the package index.
 * @throws InputError `manifest_too_new`; what installing throws
 */
export async function provideCdk(deps: CdkDeps, request: CdkRequest, control: RunControl): Promise<Cdk> {
  const atLeast = cdkNeeded(request);
  const here = await installedCdk(deps.project, atLeast);
  return install(deps, here ?? (await newestOfLine(deps, atLeast, request, control)), control);
}

/** The oldest version that will do. */
export function cdkNeeded({ written, cdkVersion, guarded }: Partial<CdkRequest>): string {
  return [written, cdkVersion, guarded ? FIRST_GUARDED : FIRST_USABLE]
    .filter((version): version is string => version !== undefined && valid(version) !== null)
    .sort(rcompare)[0] as string;
}

async function install({ python }: CdkDeps, version: string, control: RunControl): Promise<Cdk> {
  const installed = await python.install(
    { connector: SHARED_CDK, version },
    { runtimes: ['python'], pypiPackage: SHARED_CDK },
    control,
  );
  if (installed.start.kind !== 'process') throw new TypeError('a Python package runs as a process');
  const { command, ...start } = installed.start;
  // The package brings several programs; they lie side by side.
  const program = join(dirname(command[0]), PROGRAM);
  const { version: found, newlyInstalled, note } = installed;
  return { version: found, start: { ...start, command: [program] }, newlyInstalled, note };
}

/** The newest environment of the line of `atLeast` that is there, or undefined. */
export async function installedCdk(project: Project, atLeast: string): Promise<string | undefined> {
  const connectors = project.peek('connectors');
  if (connectors === undefined) return undefined;
  const home = join(connectors, SHARED_CDK);
  const versions = (await entriesOf(home)).filter((name) => valid(name) && isOfLine(name, atLeast)).sort(rcompare);
  for (const version of versions) if (await readEnvironment(join(home, version))) return version;
  return undefined;
}

function isOfLine(version: string, atLeast: string): boolean {
  return major(version) === major(atLeast) && gte(version, atLeast);
}

async function newestOfLine(
  { environment, offline, hosts }: CdkDeps,
  atLeast: string,
  cdkRequest: CdkRequest,
  control: RunControl,
): Promise<string> {
  if (offline) throw notHere(cdkRequest.source, atLeast);
  const { releases, note } = await askIndex(SHARED_CDK, environment, control.signal, hosts);
  if (note) control.progress(note);
  // Only the installer reaches the index: request a version that is certainly sufficient.
  if (!releases) return atLeast;
  const stable = releases.filter(isStable).sort((one, other) => rcompare(one.version, other.version));
  const newest = stable.find(({ version }) => major(version) === major(atLeast));
  if (newest && gte(newest.version, atLeast)) return newest.version;
  const { written, source } = cdkRequest;
  const last = stable[0]?.version;
  if (last !== undefined && valid(written) && gt(written, last)) {
    throw new InputError(
      'manifest_too_new',
      `${source} is written for version ${written} of the Airbyte CDK, and the newest is ${last}.`,
      'Correct its version, or use an older version of the connector.',
    );
  }
  if (!newest) throw notHere(source, atLeast);
  control.progress(
    `the package index has no ${SHARED_CDK} ${atLeast}: taking ${newest.version}, the newest of its line`,
  );
  return newest.version;
}

function isStable({ version, yanked }: Release): boolean {
  return !yanked && explain(version)?.is_prerelease === false;
}

function notHere(source: string, atLeast: string): SetupError {
  return new SetupError(
    'cdk_not_installed',
    `${source} needs ${SHARED_CDK} ${atLeast} or newer of the same major version, which is not installed and cannot be fetched here.`,
    'Let a person set AIRBYTE_OFFLINE_MODE=0 where it is set, or PIP_INDEX_URL to an index that has it, restart the server, and call again.',
  );
}
