/** Finding connectors by name and by words. */
import { createHash } from 'node:crypto';
import { distance } from 'fastest-levenshtein';
import { InputError, nearFacts } from '../errors.ts';
import type { RegistryEntry, SearchQuery, SearchResult } from './types.ts';

const NEAR_MAX = 5;

/** @throws InputError `unknown_connector` with up to five near names */
export function findEntry(entries: readonly RegistryEntry[], name: string): RegistryEntry {
  const requested = name.trim().toLowerCase();
  const bare = requested.replace(/^airbyte\//, '');
  const found = entries.find(
    (entry) => entry.name.toLowerCase() === bare || entry.repository.toLowerCase() === requested,
  );
  if (found) return found;
  const near = nearConnectors(entries, bare);
  throw new InputError(
    'unknown_connector',
    `There is no connector ${JSON.stringify(name.slice(0, 100))} in the registry.`,
    near.length > 0
      ? `Did you mean ${near.join(', ')}? Otherwise look for it with list_connectors.`
      : 'Look for it with list_connectors, by a word of its name.',
    nearFacts(near),
  );
}

/** Up to five names that resemble the requested one: by part of name or title first, then by typing mistakes. */
export function nearConnectors(entries: readonly RegistryEntry[], requested: string): string[] {
  const word = shortName(requested.toLowerCase().trim());
  if (word === '') return [];
  const slack = Math.max(1, Math.floor(word.length / 3));
  return entries
    .map((entry, order) => ({ entry, order, far: farness(entry, word) }))
    .filter(({ far }) => far < slack + 1)
    .sort((one, other) => one.far - other.far || one.order - other.order)
    .slice(0, NEAR_MAX)
    .map(({ entry }) => entry.name);
}

function farness(entry: RegistryEntry, word: string): number {
  const short = shortName(entry.name.toLowerCase());
  const title = entry.title.toLowerCase();
  if (short === word || title === word) return 0;
  if (word.length >= 2 && (short.startsWith(word) || title.startsWith(word))) return 0.3;
  if (word.length >= 3 && (short.includes(word) || title.includes(word) || (short.length >= 4 && word.includes(short))))
    return 0.6;
  const parts =
    word.length >= 4 ? [...short.split('-'), ...title.split(' ')].map((part) => distance(part, word) + 0.5) : [];
  return Math.min(distance(short, word), distance(title, word), ...parts);
}

/**
 * Connectors that match, best first: the exact word, then a beginning, then a part; equal ones in the list's order.
 * @throws InputError `bad_cursor`
 */
export function searchEntries(entries: readonly RegistryEntry[], query: SearchQuery): SearchResult {
  const words = (query.search ?? '')
    .toLowerCase()
    .replace(/\bairbyte\//g, '')
    .split(/\s+/)
    .filter(Boolean);
  const ranked = entries
    .filter((entry) => !query.type || entry.type === query.type)
    .filter((entry) => !query.runtime || entry.runtimes.includes(query.runtime))
    .filter((entry) => !query.support || entry.supportLevel === query.support)
    .map((entry) => ({ entry, rank: rankOf(entry, words) }))
    .filter((hit): hit is { entry: RegistryEntry; rank: number } => hit.rank !== undefined)
    // Sorting is stable: equal ranks remain in the list's order.
    .sort((one, other) => one.rank - other.rank)
    .map(({ entry }) => entry);
  const key = filterKey(query);
  const offset = query.cursor === undefined ? 0 : readCursor(query.cursor, key);
  const end = offset + query.limit;
  return {
    entries: ranked.slice(offset, end),
    total: ranked.length,
    nextCursor: end < ranked.length ? writeCursor(end, key) : undefined,
    near: ranked.length === 0 && query.search ? nearConnectors(entries, query.search) : [],
  };
}

/** 0 is best; undefined if a word is missing. */
function rankOf(entry: RegistryEntry, words: readonly string[]): number | undefined {
  const name = entry.name.toLowerCase();
  const short = shortName(name);
  const title = entry.title.toLowerCase();
  const phrase = words.join(' ');
  if (phrase !== '' && [name, short, title].includes(phrase)) return 0;
  let rank = 0;
  for (const word of words) {
    if (!name.includes(word) && !title.includes(word)) return undefined;
    const parts = [...short.split(/[^a-z0-9]+/), ...title.split(/[^\p{L}\p{N}]+/u)];
    rank += parts.includes(word) ? 1 : [name, ...parts].some((part) => part.startsWith(word)) ? 2 : 3;
  }
  return words.length === 0 ? 0 : rank / words.length;
}

function shortName(name: string): string {
  return name.replace(/^(source|destination)[-_ ]/, '');
}

/** A cursor belongs to its filters: with others it would point into another list. */
function filterKey({ search, type, runtime, support }: SearchQuery): string {
  const filters = JSON.stringify([search ?? '', type ?? '', runtime ?? '', support ?? '']);
  return createHash('sha256').update(filters).digest('base64url').slice(0, 8);
}

function writeCursor(offset: number, key: string): string {
  return Buffer.from(`${offset}.${key}`).toString('base64url');
}

function readCursor(cursor: string, key: string): number {
  const match = /^(\d{1,6})\.([\w-]{8})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match && match[2] === key) return Number(match[1]);
  throw new InputError(
    'bad_cursor',
    match ? 'The cursor belongs to a search with other filters.' : 'The cursor is not one that list_connectors gave.',
    'Pass next_cursor of the answer before unchanged, with the same search and filters, or leave cursor out to begin again.',
  );
}
