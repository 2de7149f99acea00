/** Whether a connector is a source or a destination. */
import { InputError } from '../errors.ts';
import type { JsonObject } from '../protocol/index.ts';
import type { RegistryEntry } from '../registry/index.ts';
import type { Kind } from './types.ts';

/** The write modes that a destination's spec message lists; undefined if it lists none. */
export function destinationModes(spec: JsonObject): readonly string[] | undefined {
  const modes = spec.supported_destination_sync_modes ?? spec.supportedDestinationSyncModes;
  if (!Array.isArray(modes)) return undefined;
  const named = modes.filter((mode): mode is string => typeof mode === 'string');
  return named.length > 0 ? named : undefined;
}

/** The kind by the registry, or by the spec of the user's own program: only destinations list write modes. */
export function kindOf(spec: JsonObject, entry: Pick<RegistryEntry, 'type'> | undefined): Kind {
  return entry?.type ?? (destinationModes(spec) ? 'destination' : 'source');
}

/** @throws InputError `other_kind` naming the tool for it */
export function checkKind(connector: string, found: Kind, expected: Kind | undefined): void {
  if (expected === undefined || found === expected) return;
  throw new InputError(
    'other_kind',
    `${connector} is a ${found}, not a ${expected}.`,
    `Use save_${found} for it, or choose a connector that list_connectors shows with type "${expected}".`,
  );
}
