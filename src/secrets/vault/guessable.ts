/** Estimates how hard a value is to guess, by its length and character classes. Pure. */

const KINDS: readonly (readonly [RegExp, number])[] = [
  [/[0-9]/, 10],
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[^0-9a-zA-Z]/, 33],
];
/** A redacted guess confirms that it was right: below this, guessing all values is within reach. */
const MIN_BITS = 50;

export function isGuessable(value: string): boolean {
  const characters = [...value];
  const pool = KINDS.reduce((sum, [kind, size]) => sum + (kind.test(value) ? size : 0), 0);
  // Repeated characters add little.
  const length = Math.min(characters.length, 2 * new Set(characters).size);
  return length * Math.log2(Math.max(pool, 1)) < MIN_BITS;
}
