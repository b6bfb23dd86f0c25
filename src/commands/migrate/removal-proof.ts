import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import { createLinkReader } from "../../engine/migrate/links.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Gathered } from "../cleanup/gathered.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { takenAlong } from "./taken-along.ts";
import type { Surroundings } from "./taken-along.ts";

/** What may go from a source. */
interface Proof {
  readonly proved: ReadonlyMap<string, Digest>;
  readonly target: Registry;
  readonly to: Repository;
  readonly source: Surroundings;
  /** Manifests that the target was seen to have whole, and blobs; grows. */
  readonly there: Set<Digest>;
}

/**
 * Plans again until everything that would go is proved, and answers what was kept for that. Rejects with `GuardError` where
 * that leads nowhere.
 */
export async function keepUnproved(
  gathered: Gathered,
  proof: Proof,
  { signal }: CommandDeps,
): Promise<{ readonly plan: CleanupPlan; readonly unproved: ReadonlySet<string> }> {
  const unproved = new Set<string>();
  let { plan } = gathered;
  for (;;) {
    const strange: Deletion[] = [];
    for (const item of plan.deletions) {
      if (!(await isProved(item, proof, signal))) strange.push(item);
    }
    const [first] = strange;
    if (first === undefined) return { plan, unproved };
    const known = unproved.size;
    for (const name of strange.flatMap(keepersOf)) unproved.add(name);
    if (unproved.size === known) {
      throw new GuardError(
        "unproved",
        `${first.digest} would go from ${formatRepository(plan.repository)} with what it is about, and ${formatRepository(proof.to)} does not have it; migrate once more`,
      );
    }
    const fresh = await gathered.replan(unproved, new Set());
    plan = fresh === undefined ? plan : { ...fresh, warnings: plan.warnings };
  }
}

/** What has to be kept for an item to stay: itself, and where no tag names it, what would go before it. */
function keepersOf(item: Deletion): readonly string[] {
  return item.tags.length > 0 ? namesOf(item) : [...namesOf(item), ...item.after];
}

async function isProved(item: Deletion, proof: Proof, signal: AbortSignal): Promise<boolean> {
  const { digest, tags, how } = item;
  const isOurs = tags.every(({ tag }) => proof.proved.get(tag) === digest);
  if (!isOurs || (tags.length === 0 && !(await isWhole(digest, proof, signal)))) return false;
  if (how === "tag") return true;
  for await (const along of takenAlong(item, proof.source, { signal })) {
    if (!(await isWhole(along, proof, signal))) return false;
  }
  return true;
}

/** Whether the target has a manifest with everything below it. What it says is the same wherever it is read. */
async function isWhole(digest: Digest, proof: Proof, signal: AbortSignal): Promise<boolean> {
  const { target, to, there } = proof;
  if (there.has(digest)) return true;
  const reference = { host: to.host, name: to.name, digest };
  if ((await target.resolve(reference, { signal })) === undefined) return false;
  const links = createLinkReader()(await target.getManifest(reference, { signal }));
  if (links === "unreadable") return false;
  for (const blob of links.blobs) {
    if (there.has(blob.digest)) continue;
    if (!(await target.hasBlob(to, blob.digest, { signal }))) return false;
    there.add(blob.digest);
  }
  for (const child of links.children) {
    if (!(await isWhole(child.digest, proof, signal))) return false;
  }
  there.add(digest);
  return true;
}
