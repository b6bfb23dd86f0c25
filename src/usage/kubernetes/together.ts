import { ClusterError } from "./error.ts";

/** All results in the order given; a failure ends it once what runs has ended. */
export async function inLanes<Item, Result>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[][] = items.map(() => []);
  const queue = items.entries();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const [place, item] of queue) {
      if (failed) return;
      try {
        results[place] = [...(await work(item))];
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
  return results.flat();
}

/** All results; failures of several clusters in one error, one line each. */
export async function allOrEveryFailure<Result>(
  works: readonly Promise<Result>[],
): Promise<readonly Result[]> {
  const ended = await Promise.allSettled(works);
  const failures = ended.flatMap((one): unknown[] =>
    one.status === "rejected" ? [one.reason] : [],
  );
  const [first, ...more] = failures;
  if (first instanceof ClusterError && more.every((error) => error instanceof ClusterError)) {
    const lines = [first, ...more].map(({ message }) => message);
    throw new ClusterError(first.code, lines.join("\n"), { cause: first });
  }
  if (first !== undefined) throw first;
  return ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
