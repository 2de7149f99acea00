/** What a package index has of a package, by the simple API that every index speaks. */

import { type Deadline, startDeadline, unlessAborted } from '../../deadline.ts';
import { abortError, certificateFix, InputError, messageOf, UpstreamError } from '../../errors.ts';
import type { HostMemory } from '../../hosts.ts';
import { releasesOnPage } from './index-page.ts';
import type { Environment } from './program-folders.ts';
import type { Release } from './versions.ts';

export interface IndexAnswer {
  /** Absent when Sluice could not query the index but the installer may reach it: `note` gives the reason. */
  readonly releases?: readonly Release[];
  readonly note?: string;
}

const DEFAULT_INDEX = 'https://pypi.org/simple';
const LIMIT_MS = 30_000;
export const UNREACHABLE = 'package_index_unreachable';
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

/** The main index the user has set up for uv or pip; both installers are given the same. */
export function indexUrl(environment: Environment): string {
  return environment.UV_DEFAULT_INDEX || environment.UV_INDEX_URL || environment.PIP_INDEX_URL || DEFAULT_INDEX;
}

/** Host of that index, the key of the host status. */
export function indexHost(environment: Environment): string {
  return hostOf(indexUrl(environment));
}

function hostOf(index: string): string {
  return URL.canParse(index) ? new URL(index).host : withoutCredentials(index);
}

/** An address without the user and the password in it. */
export function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@\s]*@/, '//');
}

/**
 * @throws InputError `unknown_package`; UpstreamError `package_index_unreachable` or `package_index_failed`
 */
export async function askIndex(
  packageName: string,
  environment: Environment,
  signal: AbortSignal,
  hosts: HostMemory,
): Promise<IndexAnswer> {
  const index = indexUrl(environment);
  const shown = withoutCredentials(index);
  const deadline = startDeadline(signal, LIMIT_MS);
  try {
    const answer = await askPage(index, shown, packageName, environment, deadline);
    if (answer.releases) hosts.reached(hostOf(index));
    return answer;
  } catch (error) {
    if (error instanceof UpstreamError && error.code === UNREACHABLE) hosts.failed(hostOf(index));
    throw error;
  } finally {
    deadline.clear();
  }
}

async function askPage(
  index: string,
  shown: string,
  packageName: string,
  environment: Environment,
  deadline: Deadline,
): Promise<IndexAnswer> {
  let response: Response;
  try {
    response = await fetchIndex(index, packageName, deadline.signal);
  } catch (error) {
    if (deadline.signal.aborted && !deadline.over()) throw abortError(deadline.signal);
    // Node's fetch goes through no proxy, the installers do.
    if (hasProxy(environment)) return { note: `${shown} cannot be asked through the proxy; the installer will decide` };
    throw unreachable(shown, error);
  }
  if (response.status === 404) {
    if (hasMoreIndexes(environment))
      return { note: `${packageName} is not on ${shown}; the installer will look further` };
    throw new InputError(
      'unknown_package',
      `${packageName} is not on ${shown}.`,
      'Choose a connector that list_connectors shows with runtime python.',
    );
  }
  if (!response.ok) throw failed(shown, `status ${response.status}`);
  // Node's fetch never ends on a broken compressed body, even if its signal is aborted.
  const page = await unlessAborted(response.text(), deadline.signal).catch((error: unknown) => {
    throw deadline.signal.aborted && !deadline.over() ? abortError(deadline.signal) : unreachable(shown, error);
  });
  const releases = pageReleases(page);
  if (releases.length === 0) throw failed(shown, `no release of ${packageName} on its page`);
  return { releases };
}

/** A page that claims to be JSON and is not has no releases. */
function pageReleases(page: string): Release[] {
  try {
    return releasesOnPage(page);
  } catch {
    return [];
  }
}

function fetchIndex(index: string, packageName: string, signal: AbortSignal): Promise<Response> {
  const url = new URL(`${index.replace(/\/+$/, '')}/${normalisedName(packageName)}/`);
  const headers: Record<string, string> = { accept: `${JSON_TYPE}, text/html;q=0.2` };
  if (url.username || url.password) {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  return fetch(url, { headers, signal });
}

/** A package's name as indexes and installers compare it. */
export function normalisedName(packageName: string): string {
  return packageName.toLowerCase().replace(/[-_.]+/g, '-');
}

function hasProxy(environment: Environment): boolean {
  return Object.entries(environment).some(([name, value]) => /^(https?|all)_proxy$/i.test(name) && value !== '');
}

function hasMoreIndexes(environment: Environment): boolean {
  return ['UV_INDEX', 'UV_EXTRA_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_FIND_LINKS', 'UV_FIND_LINKS'].some(
    (name) => environment[name],
  );
}

function unreachable(shown: string, error: unknown): UpstreamError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
  return new UpstreamError(
    UNREACHABLE,
    `The package index ${shown} cannot be reached: ${withoutCredentials(cause)}.`,
    certificateFix(error) ??
      'Check the network, or set PIP_INDEX_URL to an index that can be reached; connectors that are installed work without.',
  );
}

function failed(shown: string, reason: string): UpstreamError {
  return new UpstreamError(
    'package_index_failed',
    `The package index ${shown} returned an invalid response: ${reason}.`,
    'Call again in a minute; if it keeps failing, set PIP_INDEX_URL to another index.',
  );
}
