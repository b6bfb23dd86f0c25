import type { Repository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { mapParallel } from "../parallel.ts";
import type { PublishedImage, StoredManifest } from "./published.ts";

/**
 * Whether the final repository still has what a run has there of stages that others published before: a cleanup that did
 * not know of the records takes an old stage there first.
 */
export async function areCopiesThere(
  images: readonly PublishedImage[],
  { host, name }: Repository,
  deps: CommandDeps,
): Promise<boolean> {
  const copies = images.flatMap(oldCopies);
  if (copies.length === 0) return true;
  const registry = await deps.openRegistry({ host, name }, "final-repo");
  const found = await mapParallel(copies, deps.parallel, async ({ stageId, digest }) => {
    const there = await registry.resolve({ host, name, tag: stageId }, { signal: deps.signal });
    return there?.digest === digest;
  });
  return !found.includes(false);
}

/** An index is as old as the oldest of its stages. */
function oldCopies({ stages, final }: PublishedImage): readonly StoredManifest[] {
  const isOld = stages.some(({ source }) => source !== "uploaded");
  if (!isOld || final === undefined) return [];
  return [...final.stages, ...(final.index === undefined ? [] : [final.index])];
}
