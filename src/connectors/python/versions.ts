/** Which version of a package to install. */
import { eq, explain, gt, lt, rcompare, valid } from '@renovatebot/pep440';
import { InputError } from '../../errors.ts';

export interface Release {
  readonly version: string;
  readonly requiresPython?: string;
  /** Withdrawn by its authors: never chosen, but installed when asked for. */
  readonly yanked: boolean;
}

export interface Choice {
  readonly release: Release;
  /** What a person should know about the choice. */
  readonly note?: string;
}

/**
 * The requested version; otherwise the registry's if the index has it; otherwise the newest stable one.
 * @param releases never empty
 * @throws InputError `unknown_version` with the nearest ones
 */
export function chooseRelease(
  packageName: string,
  releases: readonly Release[],
  asked: string | undefined,
  registryVersion: string | undefined,
): Choice {
  const same = (version: string): Release | undefined =>
    releases.find((release) => release.version === version || (valid(version) && eq(release.version, version)));
  if (asked !== undefined) {
    const release = same(asked);
    if (!release) throw unknownVersion(packageName, asked, releases);
    return release.yanked
      ? {
          release,
          note: `${packageName} ${release.version} was withdrawn by its authors; it is installed because it was asked for`,
        }
      : { release };
  }
  const published = registryVersion === undefined ? undefined : same(registryVersion);
  if (published && !published.yanked) return { release: published };
  const newest = newestFirst(releases);
  const release =
    newest.find((one) => !one.yanked && !isUnstable(one)) ?? newest.find((one) => !one.yanked) ?? newest[0];
  if (!release) throw unknownVersion(packageName, registryVersion ?? 'any', releases);
  const why = published ? 'was withdrawn' : 'is not on the package index';
  return registryVersion === undefined
    ? { release }
    : {
        release,
        note: `the registry's ${packageName} ${registryVersion} ${why}: taking ${release.version}, the newest there`,
      };
}

export function newestFirst(releases: readonly Release[]): Release[] {
  return [...releases].sort((a, b) => rcompare(a.version, b.version));
}

export function isUnstable({ version }: Release): boolean {
  return explain(version)?.is_prerelease ?? true;
}

function unknownVersion(name: string, asked: string, releases: readonly Release[]): InputError {
  const newest = newestFirst(releases).filter((release) => !release.yanked);
  const stable = newest.filter((release) => !isUnstable(release));
  const near = nearest(asked, stable.length > 0 ? stable : newest);
  return new InputError(
    'unknown_version',
    `${name} has no version ${JSON.stringify(asked.slice(0, 60))}.`,
    near.length > 0 ? `Use one of ${near.join(', ')}, or leave version out.` : 'Leave version out.',
    near.length > 0 ? { details: { near_versions: near } } : {},
  );
}

/** The newest, and those around the requested one. */
function nearest(asked: string, newest: readonly Release[]): string[] {
  const versions = newest.map(({ version }) => version);
  if (!valid(asked)) return versions.slice(0, 5);
  const above = versions.filter((version) => gt(version, asked)).slice(-2);
  const below = versions.filter((version) => lt(version, asked)).slice(0, 2);
  return [...new Set([...versions.slice(0, 1), ...above, ...below])];
}
