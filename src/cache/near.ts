/** Near names for a table or dataset that is unknown. */
import { distance } from 'fastest-levenshtein';

/** The nearest three of the known names, best first. */
export function nearNames(wanted: string, known: readonly string[]): string[] {
  const target = wanted.toLowerCase();
  const score = (name: string): number => {
    const lower = name.toLowerCase();
    return distance(target, lower) - (lower.includes(target) || target.includes(lower) ? 100 : 0);
  };
  return [...known].sort((a, b) => score(a) - score(b)).slice(0, 3);
}
