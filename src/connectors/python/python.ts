/** Connectors from a package index: one environment for each connector and exact version, under the project directory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rcompare, valid } from '@renovatebot/pep440';
import type { Settings } from '../../config/index.ts';
import { InputError, SetupError } from '../../errors.ts';
import { type Project, readJson, withLock, writeAtomic } from '../../project/index.ts';
import { isObject } from '../../protocol/index.ts';
import type { PythonMarker } from '../markers.ts';
import type { RuntimeModule } from '../runtime-module.ts';
import { createSharedInstalls } from '../shared-installs.ts';
import type { Installed, RunControl } from '../types.ts';
import { readEnvironment } from './environment-folder.ts';
import { findInstaller } from './installer.ts';
import { type EnvironmentDeps, makeEnvironment } from './make-environment.ts';
import { askIndex, indexHost, normalisedName } from './package-index.ts';
import { entriesOf } from './program-folders.ts';
import { chooseRelease, type Release } from './versions.ts';

export interface PythonDeps extends EnvironmentDeps {
  readonly settings: Settings;
  readonly project: Project;
}

interface PackageRequest {
  readonly connector: string;
  readonly packageName: string;
  /** Absolute folder of the connector, with one folder for each version in it. */
  readonly home: string;
  readonly control: RunControl;
}

const LOCK_WAIT_MS = 20 * 60_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/;
const VERSION = /^[0-9][0-9A-Za-z.+!_-]{0,60}$/;
/** Remembers the substitute for the registry's version if the index does not have it. */
const RESOLVED = 'resolved.json';

export function createPythonRuntime(deps: PythonDeps): RuntimeModule {
  const shared = createSharedInstalls<Installed>();
  return {
    available: () => findInstaller(deps.environment),
    fetchesFrom: async () => [indexHost(deps.environment)],

    async install(request, facts, control) {
      const { connector, version } = request;
      const { pypiPackage: packageName } = facts;
      if (packageName === undefined) throw notOnIndex(connector);
      checkNames(connector, packageName, [version, facts.version]);
      const home = join(await deps.project.folder('connectors'), connector);
      const packageRequest: PackageRequest = { connector, packageName, home, control };
      const here = await findInstalled(packageRequest, version ?? (await resolvedBefore(home, facts.version)));
      if (here) return here;
      const key = JSON.stringify([connector, packageName, version ?? null, facts.version ?? null]);
      return shared.run(key, control, (joint) =>
        resolveAndInstall(deps, { ...packageRequest, control: joint }, version, facts.version),
      );
    },
  };
}

function notOnIndex(connector: string): InputError {
  return new InputError(
    'not_a_python_connector',
    `${connector} is not published as a Python package.`,
    'Leave runtime out to let Sluice choose; list_connectors with runtime "python" shows those that are.',
  );
}

/** Names and versions become folders and installer arguments: reject other characters. */
function checkNames(connector: string, packageName: string, versions: readonly (string | undefined)[]): void {
  const name = [connector, packageName].find((one) => !NAME.test(one));
  if (name !== undefined) {
    throw new InputError(
      'bad_connector_name',
      `${JSON.stringify(name.slice(0, 80))} is not the name of a connector or a package.`,
      'Use a name that list_connectors shows.',
    );
  }
  const version = versions.find((one) => one !== undefined && !VERSION.test(one));
  if (version !== undefined) {
    throw new InputError(
      'bad_version',
      `${JSON.stringify(version.slice(0, 60))} is not a version.`,
      'Write it as the registry does, such as 7.2.1, or leave version out.',
    );
  }
}

async function resolveAndInstall(
  deps: PythonDeps,
  request: PackageRequest,
  asked: string | undefined,
  registryVersion: string | undefined,
): Promise<Installed> {
  const { packageName, home, control } = request;
  if (deps.settings.offline) return findOffline(request, asked);
  control.progress(`looking for ${packageName} on the package index`);
  const { releases, note } = await askIndex(packageName, deps.environment, control.signal, deps.hosts);
  if (note) control.progress(note);
  const choice = releases
    ? chooseRelease(packageName, releases, asked, registryVersion)
    : { release: withoutIndex(packageName, asked ?? registryVersion) };
  if (choice.note) control.progress(choice.note);
  const { version } = choice.release;
  const here = await findInstalled(request, version);
  const installed = here ?? (await installLocked(deps, request, choice.release, releases ?? []));
  if (asked === undefined && registryVersion !== undefined) {
    await writeAtomic(join(home, RESOLVED), JSON.stringify({ registry: registryVersion, version }));
  }
  return installed;
}

function withoutIndex(packageName: string, version: string | undefined): Release {
  if (version !== undefined) return { version, yanked: false };
  throw new InputError(
    'version_needed',
    `The versions of ${packageName} cannot be listed here.`,
    'Give the version to install.',
  );
}

/** Two processes of one project install once: the second finds the first one's work when it gets the lock. */
async function installLocked(
  deps: PythonDeps,
  request: PackageRequest,
  release: Release,
  releases: readonly Release[],
): Promise<Installed> {
  const { connector, packageName, home, control } = request;
  const lock = join(await deps.project.folder('locks'), `install-${connector}-${release.version}.lock`);
  const options = {
    purpose: `installing ${packageName} ${release.version}`,
    waitMs: LOCK_WAIT_MS,
    signal: control.signal,
    onWait: ({ pid }: { pid: number }) => control.progress(`waiting for process ${pid}, which installs ${packageName}`),
  };
  return withLock(lock, options, async () => {
    const here = await findInstalled(request, release.version);
    if (here) return here;
    const folder = join(home, release.version);
    // Existing files are from an interrupted or broken installation; its installer may still be running.
    await deps.processes.endOrphans();
    await rm(folder, { recursive: true, force: true });
    try {
      const marker = await makeEnvironment(deps, { connector, packageName, release, releases, folder }, control);
      return toInstalled(connector, marker, true);
    } catch (error) {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      throw error;
    }
  });
}

/** Another registry may mean another package by the same connector's name. */
async function findInstalled(
  { connector, packageName, home }: PackageRequest,
  version: string | undefined,
): Promise<Installed | undefined> {
  const marker = version === undefined ? undefined : await readEnvironment(join(home, version));
  if (!marker || normalisedName(marker.package) !== normalisedName(packageName)) return undefined;
  return toInstalled(connector, marker, false);
}

/** Offline, only installed versions count: the requested one, otherwise the newest. */
async function findOffline(request: PackageRequest, asked: string | undefined): Promise<Installed> {
  const versions = (await entriesOf(request.home)).filter((name) => valid(name)).sort(rcompare);
  if (asked === undefined) {
    for (const version of versions) {
      const here = await findInstalled(request, version);
      if (here) return here;
    }
  }
  throw new SetupError(
    'offline_not_installed',
    `${request.packageName}${asked ? ` ${asked}` : ''} is not installed, and AIRBYTE_OFFLINE_MODE forbids fetching it.`,
    'Let a person set AIRBYTE_OFFLINE_MODE=0 and restart the server, install it once, and go offline again.',
    { details: { installed_versions: versions } },
  );
}

/** The version used for the registry's: itself, or its substitute. */
async function resolvedBefore(home: string, registryVersion: string | undefined): Promise<string | undefined> {
  const resolved = await readJson(join(home, RESOLVED));
  const known = isObject(resolved) && resolved.registry === registryVersion && typeof resolved.version === 'string';
  return known ? (resolved.version as string) : registryVersion;
}

function toInstalled(connector: string, { version, program, note }: PythonMarker, newlyInstalled: boolean): Installed {
  const start = { kind: 'process', command: [program] } as const;
  return { connector, version, runtime: 'python', start, stamp: '', newlyInstalled, note };
}
