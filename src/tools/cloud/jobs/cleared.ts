/** What a job that deletes synced data can reach: the tables are named by the connection's prefix and streams, in a destination that others may use. */
import type { Connection } from '../../../cloud/index.ts';
import type { LedgerEntry } from '../../../safety/index.ts';
import type { Services } from '../../services.ts';
import { findActor, ledgerEntry } from '../found-object.ts';
import { allItems } from '../scan.ts';

/**
 * The connection, its destination where the connection has no prefix (the owner of the tables there is unknown), and other
 * connections that write tables of the same names there.
 */
export async function clearedTargets(
  connection: Connection,
  services: Services,
  signal: AbortSignal,
): Promise<LedgerEntry[]> {
  const { id, destinationId, workspaceId, prefix } = connection;
  const targets = [ledgerEntry({ ...connection, kind: 'connection' })];
  if (!prefix) {
    const destination = await findActor('destination', { id: destinationId }, services, signal);
    targets.push(ledgerEntry({ ...destination, kind: 'destination' }));
  }
  const all = await allItems((page) => services.cloud.connections.list(workspaceId, page, signal));
  const others = all.filter((other) => isSameId(other.destinationId, destinationId) && !isSameId(other.id, id));
  for (const other of others.filter((one) => shareTables(one, connection))) {
    targets.push(ledgerEntry({ ...other, kind: 'connection' }));
  }
  return targets;
}

/** Namespaces may separate tables of the same name, but this is not relied on. */
function shareTables(one: Connection, other: Connection): boolean {
  if (one.streams.length === 0 || other.streams.length === 0) {
    const [a, b] = [(one.prefix ?? '').toLowerCase(), (other.prefix ?? '').toLowerCase()];
    return a.startsWith(b) || b.startsWith(a);
  }
  const names = tablesOf(one);
  return [...tablesOf(other)].some((name) => names.has(name));
}

/** Destinations normalise names differently, so only letters and digits are compared. */
function tablesOf({ prefix = '', streams }: Connection): Set<string> {
  return new Set(streams.map(({ name }) => `${prefix}${name}`.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')));
}

function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
