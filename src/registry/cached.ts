/** A download cached on disk: trusted for a day, and used when stale if the network fails. */
import { InputError, SetupError, UpstreamError } from '../errors.ts';
import { type Download, type DownloadOptions, download, shownAddress } from './download.ts';
import type { CachedBody, Store } from './store.ts';
import type { Origin } from './types.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

export interface CacheEntry<T> {
  readonly address: string;
  /** Its name in messages: `the connector registry`. */
  readonly what: string;
  readonly request: Omit<DownloadOptions, 'etag'>;
  readonly offline: boolean;
  /** Milliseconds for which a copy is used without a request; Infinity if it never changes. */
  readonly freshMs: number;
  /** Throws if the bytes are invalid; invalid bytes are never cached. */
  parse(bytes: Buffer): T;
}

export interface Obtained<T> {
  readonly value: T;
  readonly source: Origin;
  /** When it was last known to be current; 0 if unknown. */
  readonly checkedAt: number;
  readonly note?: string;
}

interface Copy<T> extends CachedBody {
  readonly value: T;
}

/**
 * Gets it from disk or from the network.
 * @throws UpstreamError when the network fails and nothing is cached; SetupError `offline` if nothing is cached
 */
export async function obtain<T>(store: Store, entry: CacheEntry<T>): Promise<Obtained<T>> {
  const copy = await usableCopy(store, entry);
  const age = copy ? Date.now() - copy.checkedAt : Number.POSITIVE_INFINITY;
  // A copy from the future was written with a wrong clock.
  if (copy && age >= -60_000 && age < entry.freshMs)
    return { value: copy.value, source: 'disk', checkedAt: copy.checkedAt };
  if (entry.offline) {
    if (!copy) throw offlineError(entry.what);
    const note = `Offline mode (AIRBYTE_OFFLINE_MODE): ${entry.what} is ${ageText(copy.checkedAt)}.`;
    return { value: copy.value, source: 'disk', checkedAt: copy.checkedAt, note };
  }
  try {
    return await refresh(store, entry, copy);
  } catch (error) {
    if (!copy || !(error instanceof UpstreamError || error instanceof InputError)) throw error;
    const note = `${error.message} The copy on disk is used instead; it is ${ageText(copy.checkedAt)}.`;
    return { value: copy.value, source: 'stale', checkedAt: copy.checkedAt, note };
  }
}

async function refresh<T>(store: Store, entry: CacheEntry<T>, copy: Copy<T> | undefined): Promise<Obtained<T>> {
  const answer: Download = await download(entry.address, { ...entry.request, etag: copy?.etag });
  const checkedAt = Date.now();
  if (answer.unchanged && copy) {
    const reason = await store.touch(entry.address, { ...copy, checkedAt });
    return { value: copy.value, source: 'network', checkedAt, note: notCached(entry.what, reason) };
  }
  const { body, etag } = answer as Extract<Download, { unchanged: false }>;
  const value = parseAnswer(entry, body);
  const reason = await store.write(entry.address, { body, etag, checkedAt });
  return { value, source: 'network', checkedAt, note: notCached(entry.what, reason) };
}

async function usableCopy<T>(store: Store, entry: CacheEntry<T>): Promise<Copy<T> | undefined> {
  const cached = await store.read(entry.address);
  if (!cached) return undefined;
  try {
    return { ...cached, value: entry.parse(cached.body) };
  } catch {
    // Ignore a damaged copy: the next answer replaces it.
    return undefined;
  }
}

function parseAnswer<T>(entry: CacheEntry<T>, body: Buffer): T {
  try {
    return entry.parse(body);
  } catch (error) {
    throw new UpstreamError(
      'bad_answer',
      `${shownAddress(entry.address)} answered with something that is not ${entry.what}.`,
      'A login page of a network, or a proxy, may be in between: open the address in a browser.',
      { cause: error },
    );
  }
}

function notCached(what: string, reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `A copy of ${what} could not be stored on disk: ${reason}`;
}

function offlineError(what: string): SetupError {
  return new SetupError(
    'offline',
    `Offline mode is on and there is no copy of ${what} on this machine.`,
    'Set AIRBYTE_OFFLINE_MODE=0 once so that it can be fetched, or set AIRBYTE_LOCAL_REGISTRY to the absolute path of a registry file, and restart the server.',
  );
}

function ageText(checkedAt: number): string {
  if (checkedAt === 0) return 'of unknown age';
  const hours = Math.max(0, Math.round((Date.now() - checkedAt) / 3_600_000));
  if (hours < 48) return `${hours} hours old`;
  return `${Math.round(hours / 24)} days old`;
}
