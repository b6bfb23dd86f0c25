/**
 * Runs `work` over `items`, at most `limit` at a time, and answers in their order. The first failure ends it: what has
 * begun is waited for, nothing more begins.
 */
export async function mapParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [place, item] of entries) {
      if (failed) return;
      try {
        results[place] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const settled = await Promise.allSettled(
    Array.from({ length: Math.min(limit, items.length) }, worker),
  );
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
  return results;
}
