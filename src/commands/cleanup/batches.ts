import type { Deletion } from "../../engine/cleanup/plan.ts";
import type { Capabilities } from "../../registry/capabilities.ts";

/**
 * Batches of one level each, the first of a single item.
 *
 * A batch is what is journaled at once, or what one request of the registry's own can carry.
 *
 * @param least How many make a batch though the registry's requests carry fewer.
 */
export function* batchesOf(
  deletions: readonly Deletion[],
  { deletionBatchSize, tagBatchSize }: Capabilities,
  least: number,
): Generator<readonly Deletion[]> {
  const size = Math.max(least, deletionBatchSize, tagBatchSize);
  let at = 0;
  while (at < deletions.length) {
    const level = deletions[at]?.level;
    const most = at === 0 ? 1 : size;
    let stop = at + 1;
    while (stop < at + most && deletions[stop]?.level === level) stop += 1;
    yield deletions.slice(at, stop);
    at = stop;
  }
}
