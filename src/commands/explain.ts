import type { CleanupPlan, DeletedTag, Deletion, Kept } from "../engine/cleanup/plan.ts";
import { formatRepository } from "../oci/reference.ts";
import type { CleanupRequest } from "./cleanup.ts";
import type { CommandDeps } from "./deps.ts";
import { classifyTag } from "../stages/tag.ts";
import { UsageError } from "./error.ts";
import { gatherCleanup } from "./gather-cleanup.ts";

export interface ExplainRequest extends Pick<CleanupRequest, "policy" | "disabled"> {
  readonly tag: string;
}

/** Why a tag stays, down to the roots, or why it would go. */
export interface Explanation {
  readonly repository: string;
  readonly tag: string;
  readonly verdict: "kept" | "deleted";
  /** For a kept tag: itself first, then everything its reasons lead to, each once. */
  readonly kept: readonly Kept[];
  readonly deletion?: ExplainedDeletion;
  readonly warnings: readonly string[];
}

/** Why a tag would go, with what was looked at. */
export interface ExplainedDeletion extends Pick<Deletion, "digest" | "how" | "after">, DeletedTag {
  /** Commits that records tie the stage to; none of them keeps it. Empty for what is no stage. */
  readonly commits: readonly string[];
  /** RFC 3339: when the stage was built. Absent where the tag does not say. */
  readonly builtAt?: string;
  /** How young a stage has to be to be kept for that; 0 is off. */
  readonly keepBuiltWithinHours: number;
}

/** Decides as a dry run would and picks out one tag. Changes nothing. */
export async function runExplain(
  { policy, disabled, tag }: ExplainRequest,
  deps: CommandDeps,
): Promise<Explanation> {
  await using registry = await deps.openRegistry(policy.repository);
  const { plan } = await gatherCleanup(registry, policy, deps);
  const repository = formatRepository(policy.repository);
  const warnings = [...(disabled ? [SWITCHED_OFF] : []), ...plan.warnings];
  const item = plan.deletions.find(({ tags }) => tags.some((going) => going.tag === tag));
  const going = item?.tags.find((entry) => entry.tag === tag);
  if (item !== undefined && going !== undefined) {
    const { digest, how, after } = item;
    const { keepBuiltWithinHours } = policy;
    const evidence = { commits: commitsOf(tag, plan), ...timeOf(tag), keepBuiltWithinHours };
    const deletion = { digest, how, after, ...going, ...evidence };
    return { repository, tag, verdict: "deleted", kept: [], deletion, warnings };
  }
  const kept = proofOf(tag, plan);
  if (kept.length === 0) throw new UsageError(`${repository} has no tag ${tag}`);
  return { repository, tag, verdict: "kept", kept, warnings };
}

const SWITCHED_OFF = "cleanup.disable is set: nothing is deleted until it is taken away";

/** Commits that records name for a stage, each once, in the order of the records. */
function commitsOf(stageId: string, { deletions }: CleanupPlan): string[] {
  const tags = deletions.flatMap((item) => item.tags.map(({ tag }) => classifyTag(tag)));
  const commits = tags.flatMap((found) =>
    found.kind === "image-metadata" && found.stageId === stageId ? [found.commit] : [],
  );
  return [...new Set(commits)];
}

function timeOf(tag: string): Pick<ExplainedDeletion, "builtAt"> {
  const found = classifyTag(tag);
  if (found.kind !== "stage") return {};
  const time = new Date(found.builtAt);
  return Number.isNaN(time.getTime()) ? {} : { builtAt: time.toISOString() };
}

/** A kept tag and all that its reasons name, breadth first. */
function proofOf(tag: string, { kept }: CleanupPlan): Kept[] {
  const byTag = new Map(kept.map((entry) => [entry.tag, entry]));
  const proof = new Map<string, Kept>();
  const queue = [tag];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const entry = byTag.get(next);
    if (entry === undefined || proof.has(next)) continue;
    proof.set(next, entry);
    for (const reason of entry.reasons) if ("of" in reason) queue.push(reason.of);
  }
  return [...proof.values()];
}
