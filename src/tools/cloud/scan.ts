/** All pages of a list, one after the other: Airbyte has no search of its own. */
import type { Page, Paged } from '../../cloud/index.ts';
import { LimitError } from '../../errors.ts';

const PAGE = 100;
/** Of one list: more items than any workspace has, so the list would never end. */
const MAX_COUNT = 10_000;

/** Each item with the offset that follows it, so that a search can continue behind it. */
export async function* everyItem<T>(
  list: (page: Page) => Promise<Paged<T>>,
  from = 0,
): AsyncGenerator<{ readonly item: T; readonly next: number }> {
  for (let offset: number | undefined = from; offset !== undefined; ) {
    const page: Paged<T> = await list({ offset, limit: PAGE });
    for (const [index, item] of page.items.entries()) yield { item, next: offset + index + 1 };
    offset = page.nextOffset;
  }
}

/** @throws LimitError `list_too_long` */
export async function allItems<T>(list: (page: Page) => Promise<Paged<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const { item } of everyItem(list)) {
    items.push(item);
    if (items.length <= MAX_COUNT) continue;
    throw new LimitError(
      'list_too_long',
      `Airbyte lists more than ${MAX_COUNT.toLocaleString('en-US')} objects; this needs all of them.`,
      "A person can do it in Airbyte's web interface.",
    );
  }
  return items;
}
