import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InputError } from '../errors.ts';
import { parseRegistry } from './entries.ts';
import { findEntry, searchEntries } from './search.ts';
import type { SearchQuery } from './types.ts';
import { newestFirst } from './version-order.ts';

const entries = parseRegistry(readFileSync(new URL('../../fixtures/registry/registry.json', import.meta.url)));

const names = (query: Partial<SearchQuery>): string[] =>
  searchEntries(entries, { limit: 50, ...query }).entries.map(({ name }) => name);

function failure(work: () => unknown): InputError {
  try {
    work();
  } catch (error) {
    return error as InputError;
  }
  throw new Error('did not throw');
}

describe('findEntry', () => {
  it.each(['source-faker', 'airbyte/source-faker', 'Source-Faker', ' source-faker '])('accepts %j', (name) => {
    expect(findEntry(entries, name).name).toBe('source-faker');
  });

  it('accepts the repository of a third party', () => {
    expect(findEntry(entries, 'heronworks/airbyte-heron-source').name).toBe('airbyte-heron-source');
  });

  it.each([
    ['faker', 'source-faker'],
    ['source-fakr', 'source-faker'],
    ['sample data', 'source-faker'],
    ['source-bramble', 'source-bramble-crm'],
    ['larch', 'source-larch-sql, destination-larch-sql'],
    ['destination-borrow', 'destination-burrow'],
  ])('offers near names for %j', (name, near) => {
    const error = failure(() => findEntry(entries, name));
    expect(error).toMatchObject({ name: 'InputError', code: 'unknown_connector' });
    expect(error.next).toBe(`Did you mean ${near}? Otherwise look for it with list_connectors.`);
  });

  it('offers none if nothing is near', () => {
    expect(failure(() => findEntry(entries, 'zzzzzzzzz')).details).toEqual({});
    expect(failure(() => findEntry(entries, '')).details).toEqual({});
  });

  it('does not find what is retired', () => {
    expect(failure(() => findEntry(entries, 'source-retired-ledger')).code).toBe('unknown_connector');
  });
});

describe('searchEntries', () => {
  it('ranks the full name before a prefix before a part', () => {
    const entry = (name: string, title: string) => ({ ...findEntry(entries, 'source-faker'), name, title });
    const some = [
      entry('source-a-post', 'Compost'),
      entry('source-b', 'Postal'),
      entry('source-c', 'Imposter'),
      entry('source-post', 'Z'),
      entry('source-d', 'Post office'),
    ];
    const found = searchEntries(some, { search: 'post', limit: 50 }).entries.map(({ name }) => name);
    expect(found).toEqual(['source-post', 'source-a-post', 'source-d', 'source-b', 'source-c']);
  });

  it('wants all words, in name or title', () => {
    expect(names({ search: 'sample data' })).toEqual(['source-faker']);
    expect(names({ search: 'CRM bramble' })).toEqual(['source-bramble-crm']);
    expect(names({ search: 'bramble weather' })).toEqual([]);
  });

  it('filters', () => {
    expect(names({ type: 'destination' })).toEqual(['destination-burrow', 'destination-larch-sql']);
    expect(names({ runtime: 'python' })).toEqual(['source-bramble-crm', 'source-faker', 'destination-burrow']);
    expect(names({ runtime: 'manifest' })).toEqual(['source-orchard-weather']);
    expect(names({ support: 'certified', type: 'source' })).toEqual(['source-bramble-crm', 'source-larch-sql']);
  });

  it('offers near names if nothing matches', () => {
    expect(searchEntries(entries, { search: 'brambel', limit: 5 })).toMatchObject({
      total: 0,
      near: ['source-bramble-crm'],
    });
  });

  it('goes through all pages without a gap', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = searchEntries(entries, { limit: 3, cursor });
      expect(page.total).toBe(7);
      seen.push(...page.entries.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(entries.map(({ name }) => name));
  });

  it('refuses a cursor that it did not issue, or issued for another search', () => {
    const cursor = searchEntries(entries, { limit: 1 }).nextCursor ?? '';
    expect(failure(() => searchEntries(entries, { limit: 1, cursor, type: 'source' }))).toMatchObject({
      code: 'bad_cursor',
      message: 'The cursor belongs to a search with other filters.',
    });
    for (const bad of ['', 'abc', '3', `${cursor}x`, Buffer.from('-1.aaaaaaaa').toString('base64url')]) {
      expect(failure(() => searchEntries(entries, { limit: 1, cursor: bad })).code).toBe('bad_cursor');
    }
  });
});

describe('newestFirst', () => {
  it('orders versions as people do', () => {
    const versions = ['1.10.0', '1.9.0', '1.9.0-rc.2', '1.9.0-rc.1', '1.9.0.dev1', '1.9', '0.9.9'];
    expect([...versions].reverse().sort(newestFirst)).toEqual([
      '1.10.0',
      '1.9.0',
      '1.9.0-rc.2',
      '1.9.0-rc.1',
      '1.9.0.dev1',
      '1.9',
      '0.9.9',
    ]);
  });
});
