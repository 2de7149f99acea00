/** Destinations change names: finds the candidate that a name most likely became. */

/** @returns undefined if no candidate fits, or several fit equally */
export function findName(name: string, candidates: readonly string[]): string | undefined {
  for (const form of [exact, withoutCase, plain]) {
    const expected = form(name);
    const fitting = candidates.filter((candidate) => form(candidate) === expected);
    if (fitting.length === 1) return fitting[0];
    if (fitting.length > 1) return undefined;
  }
  return undefined;
}

function exact(name: string): string {
  return name;
}

function withoutCase(name: string): string {
  return name.toLowerCase();
}

/** Letters and digits, and one separator for everything between them. */
function plain(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}
