/** Sources and destinations are different programs: which of them a connector is, and what to say when it is the other. */
import { InputError } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { RegistryEntry } from '../registry/index.ts';
import type { Kind } from './types.ts';

/** The modes that a destination's spec message says it can write in; undefined where it says nothing. */
export function destinationModes(spec: JsonObject): readonly string[] | undefined {
  const modes = spec.supported_destination_sync_modes ?? spec.supportedDestinationSyncModes;
  if (!Array.isArray(modes)) return undefined;
  const named = modes.filter((mode): mode is string => typeof mode === 'string');
  return named.length > 0 ? named : undefined;
}

/** A program of one's own says by its spec what it is: only destinations have modes of writing. */
export function kindOf(spec: JsonObject, entry: Pick<RegistryEntry, 'type'> | undefined): Kind {
  return entry?.type ?? (destinationModes(spec) ? 'destination' : 'source');
}

/** @throws InputError `other_kind` naming the tool for it */
export function checkKind(connector: string, found: Kind, wanted: Kind | undefined): void {
  if (wanted === undefined || found === wanted) return;
  throw new InputError(
    'other_kind',
    `${connector} is a ${found}, not a ${wanted}.`,
    `Use save_${found} for it, or choose a connector that list_connectors shows with type "${wanted}".`,
  );
}
