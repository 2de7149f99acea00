/** Which version of a package to install. */
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

type Pep440 = typeof import('./pep440.ts');

export async function loadPep440(): Promise<Pep440> {
  return import('./pep440.ts');
}

/**
 * The asked version; else the registry's where the index has it; else the newest stable one.
 * @param releases never empty
 * @throws InputError `unknown_version` with the nearest ones
 */
export async function chooseRelease(
  packageName: string,
  releases: readonly Release[],
  asked: string | undefined,
  registryVersion: string | undefined,
): Promise<Choice> {
  const pep440 = await loadPep440();
  const same = (version: string): Release | undefined =>
    releases.find(
      (release) => release.version === version || (pep440.valid(version) && pep440.eq(release.version, version)),
    );
  if (asked !== undefined) {
    const release = same(asked);
    if (!release) throw unknownVersion(packageName, asked, releases, pep440);
    return release.yanked
      ? {
          release,
          note: `${packageName} ${release.version} was withdrawn by its authors; it is installed because it was asked for`,
        }
      : { release };
  }
  const published = registryVersion === undefined ? undefined : same(registryVersion);
  if (published && !published.yanked) return { release: published };
  const newest = newestFirst(releases, pep440);
  const release =
    newest.find((one) => !one.yanked && !isUnstable(one, pep440)) ?? newest.find((one) => !one.yanked) ?? newest[0];
  if (!release) throw unknownVersion(packageName, registryVersion ?? 'any', releases, pep440);
  const why = published ? 'was withdrawn' : 'is not on the package index';
  return registryVersion === undefined
    ? { release }
    : {
        release,
        note: `the registry's ${packageName} ${registryVersion} ${why}: taking ${release.version}, the newest there`,
      };
}

function newestFirst(releases: readonly Release[], pep440: Pep440): Release[] {
  return [...releases].sort((a, b) => pep440.rcompare(a.version, b.version));
}

function isUnstable({ version }: Release, pep440: Pep440): boolean {
  return pep440.explain(version)?.is_prerelease ?? true;
}

function unknownVersion(name: string, asked: string, releases: readonly Release[], pep440: Pep440): InputError {
  const newest = newestFirst(releases, pep440).filter((release) => !release.yanked);
  const stable = newest.filter((release) => !isUnstable(release, pep440));
  const near = nearest(asked, stable.length > 0 ? stable : newest, pep440);
  return new InputError(
    'unknown_version',
    `${name} has no version ${JSON.stringify(asked.slice(0, 60))}.`,
    near.length > 0 ? `Use one of ${near.join(', ')}, or leave version out.` : 'Leave version out.',
    { details: { near_versions: near } },
  );
}

/** The newest, and those around the asked one. */
function nearest(asked: string, newest: readonly Release[], pep440: Pep440): string[] {
  const versions = newest.map(({ version }) => version);
  if (!pep440.valid(asked)) return versions.slice(0, 5);
  const above = versions.filter((version) => pep440.gt(version, asked)).slice(-2);
  const below = versions.filter((version) => pep440.lt(version, asked)).slice(0, 2);
  return [...new Set([...versions.slice(0, 1), ...above, ...below])];
}
