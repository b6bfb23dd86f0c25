/**
 * Runs `settle` over the items, so many at a time, and yields each outcome as it comes.
 *
 * `settle` makes a value of a failure; when it rejects after all (an aborted signal), nothing more is started and
 * the reason is thrown. Whoever stops reading early stops the starting too; what has started is waited for.
 */
export async function* settleAll<Item, Outcome>(
  items: readonly Item[],
  settle: (item: Item) => Promise<Outcome>,
): AsyncGenerator<Outcome> {
  const running = new Map<number, Promise<Settled<Outcome>>>();
  let started = 0;
  try {
    while (started < items.length || running.size > 0) {
      for (const item of items.slice(started, started + MAX_STARTED - running.size)) {
        running.set(started, settled(started, settle(item)));
        started += 1;
      }
      const first = await Promise.race(running.values());
      running.delete(first.index);
      if (first.kind === "rejected") throw first.reason;
      yield first.outcome;
    }
  } finally {
    await Promise.all(running.values());
  }
}

/** Enough to keep the door's limiter fed. */
const MAX_STARTED = 32;

type Settled<Outcome> =
  | { readonly index: number; readonly kind: "fulfilled"; readonly outcome: Outcome }
  | { readonly index: number; readonly kind: "rejected"; readonly reason: unknown };

async function settled<Outcome>(
  index: number,
  promise: Promise<Outcome>,
): Promise<Settled<Outcome>> {
  try {
    return { index, kind: "fulfilled", outcome: await promise };
  } catch (reason) {
    return { index, kind: "rejected", reason };
  }
}
