/** Near names for a name that is unknown. */
import { distance } from 'fastest-levenshtein';

/** The `limit` nearest of the known names, best first; names that contain the wanted one come first. */
export function nearest(wanted: string, known: readonly string[], limit = 5): string[] {
  const target = wanted.toLowerCase();
  const score = (name: string): number => {
    const lower = name.toLowerCase();
    return distance(target, lower) - (lower.includes(target) || target.includes(lower) ? 100 : 0);
  };
  return [...known].sort((a, b) => score(a) - score(b)).slice(0, limit);
}
