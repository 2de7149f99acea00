/** Makes the environment of one connector version, in such a way that the connector starts in it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eq, valid } from '@renovatebot/pep440';
import { ConnectorError } from '../../errors.ts';
import { type PythonMarker, writeMarker } from '../markers.ts';
import type { RunControl } from '../types.ts';
import { type Distribution, findDistribution, VENV } from './environment-folder.ts';
import { type InstalledBy, installPackage } from './installer.ts';
import type { InstallerDeps } from './installer-run.ts';
import { findInterpreters, fits, isOlder } from './interpreters.ts';
import { newestInstallable } from './newest-installable.ts';
import { type StartCheckDeps, startTrouble } from './start-check.ts';
import type { TooNew } from './target.ts';
import { isUnstable, newestFirst, type Release } from './versions.ts';

export type EnvironmentDeps = InstallerDeps & StartCheckDeps;

export interface Order {
  readonly connector: string;
  readonly packageName: string;
  readonly release: Release;
  /** All releases of the index, to suggest alternatives; empty if it could not be listed. */
  readonly releases: readonly Release[];
  /** Absolute; it does not exist yet. */
  readonly folder: string;
}

interface Needs {
  readonly olderThan: TooNew | undefined;
  /** Packages that it uses but does not require. */
  readonly extra: readonly string[];
}

interface Made {
  readonly by: InstalledBy;
  readonly found: Distribution;
}

/**
 * Some old connectors can be installed on a Python on which they do not start. Then the environment is made again with an
 * older one, or gets the package that it lacks; each such step is reported, and taken once.
 * @throws SetupError `python_too_new` if no older Python is here; otherwise the installer's errors
 */
export async function makeEnvironment(deps: EnvironmentDeps, order: Order, control: RunControl): Promise<PythonMarker> {
  const { connector, packageName, release, folder } = order;
  const what = `${packageName} ${release.version}`;
  const notes: string[] = [];
  let olderThan: TooNew | undefined;
  const extra: string[] = [];
  // Build a new environment: installing into the old one would start its Python, and with it the connector's code.
  const again = async (): Promise<Made> => {
    await rm(join(folder, VENV), { recursive: true, force: true, maxRetries: 3 });
    return make(deps, order, { olderThan, extra }, control);
  };
  let made = await make(deps, order, { olderThan, extra }, control);
  for (;;) {
    control.progress(`trying whether ${what} starts`);
    const trouble = await startTrouble(deps, folder, made.found.module, control.signal);
    if (trouble?.kind === 'package' && !notes.includes(added(trouble.requirement))) {
      notes.push(added(trouble.requirement));
      control.progress(`${what} does not start (${trouble.message}): ${added(trouble.requirement)}`);
      extra.push(trouble.requirement);
      made = await again();
    } else if (trouble?.kind === 'python' && isLower(trouble.tooNew, made.by.python, olderThan)) {
      olderThan = trouble.tooNew;
      control.progress(
        `${what} does not start on Python ${made.by.python} (${olderThan.message}): looking for an older one`,
      );
      made = await again();
      notes.push(`Python ${made.by.python}, because it does not start on ${olderThan.minor} or newer`);
    } else {
      break;
    }
  }
  const { by, found } = made;
  const marker: PythonMarker = {
    connector,
    version: found.version,
    runtime: 'python',
    package: packageName,
    ...by,
    program: found.program,
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    installed_at: new Date().toISOString(),
  };
  await writeMarker(folder, marker);
  return marker;
}

/** Only a lower bound than the last one leads further, and only one that the Python of this environment is above. */
function isLower({ minor }: TooNew, python: string, before: TooNew | undefined): boolean {
  return !isOlder(python, minor) && (before === undefined || isOlder(minor, before.minor));
}

function added(requirement: string): string {
  return `with ${requirement}, which it uses and does not ask for`;
}

async function make(
  deps: EnvironmentDeps,
  order: Order,
  { olderThan, extra }: Needs,
  control: RunControl,
): Promise<Made> {
  const { connector, packageName, release, folder } = order;
  const { version, requiresPython } = release;
  const newestFitting = await newestFor(deps, order);
  const target = { packageName, version, requiresPython, olderThan, extra, newestFitting, folder };
  const by = await installPackage(deps, target, control).catch(async (error: unknown) => {
    throw await withInstead(deps, order, error, control);
  });
  const found = await findDistribution(folder, packageName, connector);
  if (found.version !== version && !(valid(found.version) && eq(found.version, version))) {
    throw new ConnectorError(
      'install_other_version',
      `The installer was asked for ${packageName} ${version} and installed ${found.version}.`,
      `Ask for version ${found.version}, or check what the package index offers.`,
    );
  }
  return { by, found };
}

/** Reported if no Python fits: the newest release that supports a Python of this machine. */
async function newestFor(deps: EnvironmentDeps, { releases, release }: Order): Promise<string | undefined> {
  const interpreters = await findInterpreters(deps.environment);
  return newestFirst(releases).find(
    (one) =>
      one.version !== release.version &&
      !one.yanked &&
      !isUnstable(one) &&
      interpreters.some(({ version }) => fits(version, one.requiresPython)),
  )?.version;
}

/** For contradictory dependencies: finds a version without the conflict, but never installs it unasked. */
async function withInstead(
  deps: EnvironmentDeps,
  { packageName, release, releases, folder }: Order,
  error: unknown,
  { progress, signal }: RunControl,
): Promise<unknown> {
  if (!(error instanceof ConnectorError) || error.code !== 'install_conflict') return error;
  progress(`${packageName} ${release.version} cannot be installed: looking for the newest version that can`);
  const unfit = { packageName, version: release.version, folder, releases };
  const newest = await newestInstallable(deps, unfit, signal);
  const next = newest
    ? `Ask for version "${newest}", the newest whose dependencies can be resolved here.`
    : 'Which version can be installed could not be found out in time: ask for an older one (get_connector_info with include versions lists them).';
  return new ConnectorError(error.code, error.message, next, {
    details: { ...error.details, ...(newest ? { newest_installable: newest } : {}) },
    cause: error,
  });
}
