/** What this session created, by realm, kind and id: safe mode lets a session change and destroy only its own work. */
import type { Realm } from '../config/index.ts';

export type LedgerKind =
  | 'source'
  | 'destination'
  | 'dataset'
  | 'table'
  | 'sync'
  | 'connector'
  | 'export'
  | 'delivery'
  | 'connection'
  | 'definition'
  | 'job';

export interface LedgerEntry {
  readonly realm: Realm;
  readonly kind: LedgerKind;
  /** Made at the object's creation, never its name: a name can be removed and reused by somebody else. */
  readonly id: string;
  /** For display only; entries are not found by it. */
  readonly name?: string | undefined;
}

export interface Ledger {
  enter(entry: LedgerEntry): void;
  holds(entry: LedgerEntry): boolean;
  remove(entry: LedgerEntry): void;
  /** All entries in order of creation. */
  list(): readonly LedgerEntry[];
}

/** The id of an object that was made before objects had ids: no ledger ever holds it. */
export function idOfOld(name: string): string {
  return `before:${name}`;
}

export function createLedger(): Ledger {
  const entries = new Map<string, LedgerEntry>();
  // Airbyte's ids are UUIDs, the same in either case.
  const key = ({ realm, kind, id }: LedgerEntry): string =>
    `${realm}\n${kind}\n${realm === 'cloud' ? id.toLowerCase() : id}`;
  return {
    enter: (entry) => void entries.set(key(entry), entry),
    holds: (entry) => entries.has(key(entry)),
    remove: (entry) => void entries.delete(key(entry)),
    list: () => [...entries.values()],
  };
}
