/** Near names for a table or column that is unknown. */

/** The nearest three of the known names, best first. */
export async function nearNames(wanted: string, known: readonly string[]): Promise<string[]> {
  const { distance } = await import('fastest-levenshtein');
  const target = wanted.toLowerCase();
  const score = (name: string): number => {
    const lower = name.toLowerCase();
    return distance(target, lower) - (lower.includes(target) || target.includes(lower) ? 100 : 0);
  };
  return [...known].sort((a, b) => score(a) - score(b)).slice(0, 3);
}
