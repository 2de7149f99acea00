/** Waits for a destination whose input is complete to exit, and stops it if it does not. */
import type { Exit } from '../../connectors/index.ts';
import { LimitError } from '../../errors.ts';
import { type Clock, TICK_MS } from '../clock.ts';
import { EXIT_MS } from '../silence.ts';
import type { DestinationSide } from './destination-side.ts';

/**
 * A failed destination gets a few seconds to exit by itself; one that is silent for too long is stopped.
 * @param writing ends the destination
 * @param early whether it stopped taking records before its input was ended
 */
export async function waitForEnd(
  destination: DestinationSide,
  clock: Clock,
  writing: AbortController,
  early: boolean,
): Promise<Exit | undefined> {
  let failedMs = 0;
  while (failedMs <= EXIT_MS && !destination.isStuck(true)) {
    const got = await Promise.race([destination.over, clock.tick()]);
    if (got !== 'tick') return got;
    if (early || destination.hasFailed()) failedMs += TICK_MS;
  }
  writing.abort(destinationClosed());
  return destination.over;
}

export function destinationClosed(): LimitError {
  return new LimitError('destination_gone', 'The destination takes nothing any more.', 'Look at its error.');
}
