/** Finds the tables that a sync would change beyond loading new rows of their own source. Pure. */
import type { KnownStream } from '../bookkeeping/index.ts';
import type { ChosenOption, Identified, Origin } from './types.ts';

export interface SyncChoice {
  readonly origin: Origin;
  readonly restart: boolean;
  /** Whether the sync reads the table's stream. */
  reads(known: KnownStream): boolean;
  /** The options chosen for the table's stream. */
  options(known: KnownStream): readonly ChosenOption[];
}

/**
 * Tables of another configuration (then all of the dataset, because its streams may share a state), tables whose rows are replaced by
 * new ones, and tables whose mode, cursor or key would change.
 */
export function endangered(known: readonly KnownStream[], sync: SyncChoice): KnownStream[] {
  return known.filter(
    (table) =>
      !isFrom(table, sync.origin) ||
      (sync.restart && sync.reads(table)) ||
      sync.options(table).some((option) => differs(table, option)),
  );
}

export function identified({ id, target }: KnownStream): Identified {
  return { kind: 'table', id, name: `${target.dataset}.${target.table}` };
}

/** For rows that an earlier version of Sluice loaded: whether the configuration has not been saved again since. */
function isFrom({ origin, lastSyncAt }: KnownStream, { configuration, savedAt }: Origin): boolean {
  if (origin !== undefined) return origin === configuration;
  return lastSyncAt === undefined || (savedAt !== '' && savedAt <= lastSyncAt);
}

function differs(known: KnownStream, { mode, cursorField, primaryKey }: ChosenOption): boolean {
  const key = known.primaryKey.map((path) => path.join('.'));
  return (
    (mode !== undefined && mode !== known.mode) ||
    (cursorField !== undefined && cursorField !== known.cursorField.join('.')) ||
    (primaryKey !== undefined && JSON.stringify(primaryKey) !== JSON.stringify(key))
  );
}
