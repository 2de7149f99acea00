/** Which tables a sync would do more to than load what their own source has since the last one. Pure. */
import type { KnownStream } from '../bookkeeping/index.ts';
import type { ChosenOption, Identified, Origin } from './types.ts';

export interface SyncChoice {
  readonly origin: Origin;
  readonly restart: boolean;
  /** Whether the sync reads the table's stream. */
  reads(known: KnownStream): boolean;
  /** What is chosen for the table's stream. */
  options(known: KnownStream): readonly ChosenOption[];
}

/**
 * Tables of another configuration (all of the dataset: the states of its streams may be one), those whose rows are given up for
 * new ones, and those whose mode, cursor or key would change.
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

/** Rows of an earlier version came from a configuration that has not been saved again since. */
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
