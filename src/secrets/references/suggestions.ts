/** Suggests names for an unknown secret and for a literal in a secret field. */
import { distance } from 'fastest-levenshtein';

const MAX_NAMES = 3;
/** The work grows with the product of the lengths. */
const MAX_COMPARED = 200;

/** Up to three known names that could have been meant. */
export function nearSecrets(name: string, known: readonly string[]): string[] {
  const target = name.slice(0, MAX_COMPARED).toUpperCase();
  return known
    .map((candidate) => {
      const upper = candidate.toUpperCase();
      const related = upper.includes(target) || target.includes(upper);
      return { name: candidate, distance: related ? 0 : distance(target, upper) };
    })
    .filter((entry) => entry.distance <= Math.max(2, target.length / 3))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NAMES)
    .map((entry) => entry.name);
}

/** The names of secrets whose last words are the field's key: `STRIPE_API_KEY` for `api_key`. */
export function fittingNames(key: string, known: readonly string[]): string[] {
  const expected = secretName(key);
  return known
    .filter((name) => name.toUpperCase() === expected || name.toUpperCase().endsWith(`_${expected}`))
    .slice(0, MAX_NAMES);
}

/** Words of a connector's name that name no service. */
const GENERIC = new Set([
  'SOURCE',
  'DESTINATION',
  'API',
  'DATA',
  'DB',
  'SQL',
  'ADS',
  'CRM',
  'ANALYTICS',
  'CLOUD',
  'V2',
  'THE',
]);

/**
 * The names of secrets that a connector's field probably means, by their words alone: those with the service's name and a
 * word of the key, else those that end as the key does.
 */
export function namesForField(connector: string, key: string, known: readonly string[]): string[] {
  const service = words(connector).filter((word) => word.length > 2 && !GENERIC.has(word));
  const keyWords = words(key);
  const own = known.filter((name) => {
    const has = words(name);
    return service.some((word) => has.includes(word)) && keyWords.some((word) => has.includes(word));
  });
  const tail = secretName(key);
  const score = (name: string): number => Number(name.toUpperCase().endsWith(tail));
  if (own.length > 0) return own.sort((one, other) => score(other) - score(one)).slice(0, MAX_NAMES);
  return fittingNames(key, known);
}

/** The one to write into an example: the service's own, or the field's very name. */
export function nameForExample(connector: string, key: string, known: readonly string[]): string | undefined {
  const [first] = namesForField(connector, key, known);
  if (first === undefined) return undefined;
  const isServices = words(connector).some((word) => !GENERIC.has(word) && words(first).includes(word));
  return isServices || first.toUpperCase() === secretName(key) ? first : undefined;
}

function words(name: string): string[] {
  return secretName(name).split('_');
}

/** A name for a new secret: `apiKey` becomes `API_KEY`. */
export function secretName(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  const name =
    words
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 48) || 'SECRET';
  return /^(\d|AIRBYTE_|SLUICE_)/.test(name) ? `MY_${name}` : name;
}
