/** A list walked page by page until enough is found; a cursor continues behind what was looked at. */
import { createHash } from 'node:crypto';
import type { Page, Paged } from '../../../cloud/index.ts';
import { InputError } from '../../../errors.ts';

const PAGE = 100;

export interface Walk<T> {
  list(page: Page): Promise<Paged<T>>;
  /** Which of them match, asked for a page at a time. */
  matches(items: readonly T[]): Promise<readonly boolean[]>;
  readonly limit: number;
  /** Looked at in one call, at most; the page that is begun is ended. */
  readonly mostLooked: number;
  readonly cursor?: string | undefined;
  /** What the cursor belongs to: with other filters it would point into another list. */
  readonly filters: unknown;
}

export interface Walked<T> {
  readonly found: readonly T[];
  /** How many were looked at by this call. */
  readonly looked: number;
  readonly nextCursor?: string;
  /** How many there are in all; known only at the end of the list. */
  readonly total?: number;
}

/** @throws InputError `bad_cursor` */
export async function walk<T>({ list, matches, limit, mostLooked, cursor, filters }: Walk<T>): Promise<Walked<T>> {
  const key = createHash('sha256').update(JSON.stringify(filters)).digest('base64url').slice(0, 8);
  const { offset: from, found: before } = cursor === undefined ? { offset: 0, found: 0 } : readCursor(cursor, key);
  const found: T[] = [];
  const stop = (at: number): Walked<T> => ({
    found,
    looked: at - from,
    nextCursor: Buffer.from(`${at}.${before + found.length}.${key}`).toString('base64url'),
  });
  for (let offset = from; ; ) {
    const { items, nextOffset } = await list({ offset, limit: PAGE });
    const isMatch = await matches(items);
    for (const [index, item] of items.entries()) {
      if (found.length === limit) return stop(offset + index);
      if (isMatch[index]) found.push(item);
    }
    const end = offset + items.length;
    if (nextOffset === undefined) return { found, looked: end - from, total: before + found.length };
    if (found.length === limit || end - from >= mostLooked) return stop(nextOffset);
    offset = nextOffset;
  }
}

/** A list that the API gives in one answer. */
export function asPage<T>(items: readonly T[], { offset, limit }: Page): Paged<T> {
  const end = offset + limit;
  return { items: items.slice(offset, end), nextOffset: end < items.length ? end : undefined };
}

function readCursor(cursor: string, key: string): { offset: number; found: number } {
  const [, offset, found, of] =
    /^(\d{1,9})\.(\d{1,9})\.([\w-]{8})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (of === key) return { offset: Number(offset), found: Number(found) };
  throw new InputError(
    'bad_cursor',
    of ? 'The cursor belongs to a list with other arguments.' : 'The cursor is not one that list_cloud_objects gave.',
    'Pass next_cursor of the previous answer unchanged, with the same other arguments, or leave out cursor to start again.',
  );
}

/** Each of them, so many at a time; results in the order of the items. */
export async function eachOf<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
