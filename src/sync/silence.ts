/** How long a source may send nothing before it counts as stuck. */

/** How long a connector may run after it closed its output, or be silent after its last stream was complete. */
export const EXIT_MS = 10_000;
/** How long a source may take to send its first message: queries of large databases are slow. */
export const START_MS = 3 * 3_600_000;

const LEAST_SECONDS = 600;
const DEFAULT_SECONDS = 3_600;

/** Milliseconds, from the registry's figure for the connector: many figures are too small for real sources. */
export function longestSilence(maxSecondsBetweenMessages: number | undefined): number {
  return Math.max(maxSecondsBetweenMessages ?? DEFAULT_SECONDS, LEAST_SECONDS) * 1000;
}

export function silenceMessage(ms: number): string {
  return `The source sent nothing for ${durationText(ms / 1000)}, its limit of silence, and was ended. What is committed is kept, and the next sync continues from there.`;
}

export function durationText(seconds: number): string {
  const [unit, size] = seconds % 3600 === 0 ? ['hour', 3600] : seconds % 60 === 0 ? ['minute', 60] : ['second', 1];
  const amount = seconds / size;
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
