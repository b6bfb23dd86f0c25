import type { Facts } from "../../engine/cleanup/inventory.ts";
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
 * What a registry would delete with a manifest though no plan names it: what is about children without a tag, and about that
 * again. Nothing where the registry leaves children or referrers alone.
 */
export async function* takenAlong(
  digest: Digest,
  { registry, repository: { host, name }, facts, isTagged }: Surroundings,
  options: CallOptions,
): AsyncGenerator<Digest> {
  const { deletionCascade } = registry.capabilities;
  if (!deletionCascade.includes("children") || !deletionCascade.includes("referrers")) return;
  const children = (index: Digest): Digest[] => {
    const known = facts.get(index);
    return known?.kind === "index" ? known.children.map((child) => child.digest) : [];
  };
  // A set yields what is added while it is read.
  const going = new Set(children(digest).filter((child) => !isTagged(child)));
  for (const each of going) {
    for (const child of children(each)) if (!isTagged(child)) going.add(child);
    for await (const referrer of registry.listReferrers({ host, name, digest: each }, options)) {
      yield referrer.digest;
      going.add(referrer.digest);
    }
  }
}
