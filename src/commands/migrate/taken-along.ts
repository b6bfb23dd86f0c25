import type { Facts } from "../../engine/cleanup/inventory.ts";
import type { Deletion } from "../../engine/cleanup/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { CallOptions } from "../../registry/registry.ts";
import type { Home } from "../cleanup/homes.ts";

/** What is known of a repository whose registry deletes more than it is told to. */
export interface Surroundings extends Home {
  /** What was read of its manifests; every index that goes is among them. */
  readonly facts: ReadonlyMap<Digest, Facts>;
  /** Whether a tag names a manifest: then it is no child that goes along unseen. */
  readonly isTagged: (digest: Digest) => boolean;
}

/**
 * What a registry would delete with an item though no plan names it: what is about children without a tag, or about a
 * referrer, and about that again. What is about anything else that goes is part of the plan. Nothing where the registry
 * leaves referrers alone.
 */
export async function* takenAlong(
  { digest, tags }: Pick<Deletion, "digest" | "tags">,
  { registry, repository: { host, name }, facts, isTagged }: Surroundings,
  options: CallOptions,
): AsyncGenerator<Digest> {
  const { deletionCascade } = registry.capabilities;
  if (!deletionCascade.includes("referrers")) return;
  const takesChildren = deletionCascade.includes("children");
  const children = (index: Digest): Digest[] => {
    const known = takesChildren ? facts.get(index) : undefined;
    const all = known?.kind === "index" ? known.children.map((child) => child.digest) : [];
    return all.filter((child) => !isTagged(child));
  };
  const isReferrer = tags.every((entry) => entry.class === "signature");
  // A set yields what is added while it is read.
  const going = new Set(isReferrer ? [digest] : children(digest));
  for (const each of going) {
    for (const child of children(each)) going.add(child);
    for await (const referrer of registry.listReferrers({ host, name, digest: each }, options)) {
      yield referrer.digest;
      going.add(referrer.digest);
    }
  }
}
