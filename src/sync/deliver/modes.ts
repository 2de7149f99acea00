/** Which modes a destination can take records in. */
import { InputError } from '../../errors.ts';
import {
  type Catalog,
  type ConfiguredStream,
  DESTINATION_MODES,
  type Stream,
  SYNC_MODES,
  type SyncMode,
} from '../../protocol/index.ts';
import { configureStreams, defaultMode, type StreamOption } from '../modes.ts';

/** Fallbacks for a mode that the destination does not support, best first. */
const INSTEAD: readonly SyncMode[] = ['incremental_append', 'full_refresh_overwrite', 'full_refresh_append'];

/**
 * The streams of these names as the destination can take them.
 * @param supported as in the protocol; undefined if the destination does not report them
 * @throws InputError `mode_not_supported_by_destination`, and whatever `configureStreams` throws
 */
export function configureForDestination(
  catalog: Catalog,
  names: readonly string[],
  options: readonly StreamOption[],
  destination: { readonly name: string; readonly modes?: readonly string[] | undefined },
): ConfiguredStream[] {
  const fits = (mode: SyncMode): boolean => destination.modes?.includes(DESTINATION_MODES[mode]) ?? true;
  const choose = (stream: Stream, option: Omit<StreamOption, 'stream' | 'mode'> | undefined): SyncMode => {
    const first = defaultMode(stream, option);
    const isOffered = (mode: SyncMode): boolean => !mode.startsWith('incremental') || first.startsWith('incremental');
    return [first, ...INSTEAD].find((mode) => fits(mode) && isOffered(mode)) ?? first;
  };
  const streams = configureStreams(catalog, names, options, choose);
  for (const { stream, mode } of streams) {
    if (fits(mode)) continue;
    const fitting = SYNC_MODES.filter(fits);
    throw new InputError(
      'mode_not_supported_by_destination',
      `The destination "${destination.name}" cannot take "${stream.name}" in the mode ${mode}.`,
      fitting.length > 0
        ? `Use one of: ${fitting.join(', ')}.`
        : 'It says that it supports no mode of writing that Sluice knows: use another destination.',
    );
  }
  return streams;
}
