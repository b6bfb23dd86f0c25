import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
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
  /** Digests that the target was seen to have; grows. */
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
  const isWhole = tags.every(({ tag }) => proof.proved.get(tag) === digest);
  if (!isWhole || (tags.length === 0 && !(await isThere(digest, proof, signal)))) return false;
  if (how === "tag") return true;
  for await (const along of takenAlong(item, proof.source, { signal })) {
    if (!(await isThere(along, proof, signal))) return false;
  }
  return true;
}

async function isThere(
  digest: Digest,
  { target, to: { host, name }, there }: Proof,
  signal: AbortSignal,
): Promise<boolean> {
  if (there.has(digest)) return true;
  if ((await target.resolve({ host, name, digest }, { signal })) === undefined) return false;
  there.add(digest);
  return true;
}
