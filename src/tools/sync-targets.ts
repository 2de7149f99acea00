/** Existing data that a sync into the cache would change, as far as it is known before the sync runs. */
import { endangered, identified, type KnownStream } from '../cache/index.ts';
import { LimitError } from '../errors.ts';
import { datasetName } from '../protocol/index.ts';
import type { LedgerEntry } from '../safety/index.ts';
import type { SavedConnector } from '../sources/index.ts';
import { originIn, type SyncOptions } from './begin-sync.ts';
import { inLedger } from './removal.ts';
import type { Services } from './services.ts';

/** If another program has the cache open, the sync checks this itself in its first transaction. */
const LOOK_MS = 2_000;

/**
 * A sync into a destination is judged when it is prepared, because nothing is known earlier.
 * @throws InputError `unknown_source`
 */
export async function syncTargets(
  services: Services,
  request: SyncOptions,
  signal: AbortSignal,
): Promise<LedgerEntry[]> {
  const source = await services.sources.get(request.source);
  if (request.destination !== undefined) return [];
  const { streams, options = [], restart = false } = request;
  const isNamed = (names: readonly string[], { target }: KnownStream): boolean =>
    names.includes(target.stream) || names.includes(`${target.namespace}.${target.stream}`);
  const tables = endangered(await tablesOf(services, source, signal), {
    origin: originIn(source),
    restart,
    reads: (known) => streams === undefined || isNamed(streams, known),
    options: (known) => options.filter(({ stream }) => isNamed([stream], known)),
  });
  return tables.map((table) => inLedger(identified(table)));
}

/** The tables that a source writes: a change of the source changes their next rows. */
export async function tablesOfSource(
  { cache }: Services,
  { name }: SavedConnector,
  signal: AbortSignal,
): Promise<LedgerEntry[]> {
  try {
    return (await cache.knownTables(datasetName(name), { signal })).map((table) => inLedger(identified(table)));
  } finally {
    await cache.release();
  }
}

async function tablesOf(
  { cache }: Services,
  { name }: SavedConnector,
  signal: AbortSignal,
): Promise<readonly KnownStream[]> {
  try {
    return await cache.knownTables(datasetName(name), { signal, waitMs: LOOK_MS });
  } catch (error) {
    if (error instanceof LimitError) return [];
    throw error;
  } finally {
    await cache.release();
  }
}
