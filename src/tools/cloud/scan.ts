/** All pages of a list, one after the other: Airbyte has no search of its own. */
import type { Page, Paged } from '../../cloud/index.ts';

const PAGE = 100;

/** Each item with the offset that follows it, so that a search can go on behind it. */
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

export async function allItems<T>(list: (page: Page) => Promise<Paged<T>>): Promise<T[]> {
  const items: T[] = [];
  for await (const { item } of everyItem(list)) items.push(item);
  return items;
}
