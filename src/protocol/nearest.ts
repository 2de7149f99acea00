/** Suggests similar names for an unknown one. */
import { distance } from 'fastest-levenshtein';

const MAX_COMPARED = 200;

/** The `limit` nearest of the known names, best first; names that contain the given one come first. */
export function nearest(name: string, known: readonly string[], limit = 5): string[] {
  // The work grows with the product of the lengths.
  const target = name.slice(0, MAX_COMPARED).toLowerCase();
  const score = (name: string): number => {
    const lower = name.slice(0, MAX_COMPARED).toLowerCase();
    return distance(target, lower) - (lower.includes(target) || target.includes(lower) ? 100 : 0);
  };
  return [...known].sort((a, b) => score(a) - score(b)).slice(0, limit);
}
