/** One page of a list that is counted and paged by number. */
export interface ItemPage<T> {
  readonly items: readonly T[];
  /** Items of the whole list when this page was read; absent where the answer does not say. */
  readonly total: number | undefined;
  /** Number of the page that the answer links to. */
  readonly next: number | undefined;
}

export interface PagedList<T> {
  readonly pageSize: number;
  readonly read: (page: number) => Promise<ItemPage<T>>;
  readonly keyOf: (item: T) => string;
  /** The error of a list that makes no sense. */
  readonly error: (why: string) => Error;
}

export interface Ending {
  /** Whether as many items came as were counted. */
  readonly isWhole: boolean;
}

/**
 * Every item once, and in the end whether all were seen.
 *
 * Items must come in an order in which new ones are last: then nothing that is added meanwhile shifts a page. Harbor
 * takes accessories out of a page after it was cut, so that pages are short in the middle and the link ends early; a
 * list that ends before its count is therefore read on, until a page is empty.
 */
export async function* readPages<T>({
  pageSize,
  read,
  keyOf,
  error,
}: PagedList<T>): AsyncGenerator<T, Ending> {
  const seen = new Set<string>();
  for (let number = 1; ; number += 1) {
    const { items, total, next } = await read(number);
    const before = seen.size;
    for (const item of items) {
      const key = keyOf(item);
      if (seen.has(key)) continue;
      seen.add(key);
      yield item;
    }
    if (next !== undefined && next !== number + 1) throw error("the pages go round in a circle");
    if (items.length > 0 && seen.size === before) throw error("a page repeats");
    if (next !== undefined) continue;
    if (total !== undefined && number * pageSize < total) {
      throw error(`the listing is cut: page ${number} links to no other, of ${total} items`);
    }
    const isWhole = total === undefined ? items.length < pageSize : seen.size >= total;
    if (isWhole || items.length === 0) return { isWhole };
  }
}
