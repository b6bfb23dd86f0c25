import type { Facts, Need } from "../../engine/cleanup/inventory.ts";
import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import type { CommandDeps } from "../deps.ts";
import { readFacts } from "../facts.ts";
import { mapParallel } from "../parallel.ts";
import type { Home } from "./homes.ts";

/** Reads what is needed, once a digest, and the indexes below an index with it. */
export async function readManifests(
  homeOfDigest: (digest: Digest) => Home,
  needs: readonly Need[],
  facts: Map<Digest, Facts>,
  { parallel, signal, report }: CommandDeps,
): Promise<void> {
  if (facts.size === 0) report({ type: "phase.started", phase: "reading manifests" });
  const wanted = new Map<Digest, boolean>();
  for (const { digest, config } of needs) wanted.set(digest, config || wanted.get(digest) === true);
  await mapParallel([...wanted], parallel, async ([digest, config]) => {
    const { registry, repository } = homeOfDigest(digest);
    // A set yields what is added while it is read: a chain of indexes takes one step of the planner, not one each.
    const below = new Set([digest]);
    for (const next of below) {
      const known = facts.get(next);
      const need = { digest: next, config };
      const read = await readFacts(registry, repository, need, { known, signal });
      facts.set(next, read);
      report({ type: "phase.advanced", phase: "reading manifests", done: facts.size });
      for (const child of read.kind === "index" ? read.children : []) {
        if (isIndexType(child.mediaType) && !facts.has(child.digest)) below.add(child.digest);
      }
    }
  });
}
