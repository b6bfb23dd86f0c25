import type { CleanupPlan, DeletedTag, Deletion, Kept } from "../../engine/cleanup/plan.ts";
import { prove } from "../../engine/cleanup/proof.ts";
import type { Proof } from "../../engine/cleanup/proof.ts";
import { isDigest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CleanupRequest } from "./cleanup.ts";
import type { CopyTarget } from "./copies.ts";
import type { CommandDeps } from "../deps.ts";
import { classifyTag } from "../../stages/tag.ts";
import { UsageError } from "../error.ts";
import { gatherProject, openCopies } from "./gather-project.ts";

export interface ExplainRequest extends Pick<CleanupRequest, "policy" | "disabled"> {
  /** Repositories with copies, where the primary may not have what is asked about. Default: none. */
  readonly copies?: readonly CopyTarget[];
  /** A tag, or a digest: then what is asked is everything on it. */
  readonly name: string;
}

/** Why a tag stays, down to the roots, or why it would go. */
export interface Explanation {
  readonly repository: string;
  /** What was asked about: a tag or a digest. */
  readonly name: string;
  /** A digest of which any tag stays is kept. */
  readonly verdict: "kept" | "deleted";
  /** The asked ones first, then all that their verdicts rest on. At least one node. */
  readonly proof: Proof;
  /** Kept tags of the proof. */
  readonly kept: readonly Kept[];
  /** With a tag that would go. */
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

/**
 * Decides as a dry run would and picks out one tag or digest, in the primary repository if that has it, else in the first
 * copy that does. Changes nothing.
 */
export async function runExplain(
  { policy, disabled, copies = [], name }: ExplainRequest,
  deps: CommandDeps,
): Promise<Explanation> {
  await using registry = await deps.openRegistry(policy.repository);
  const home = { registry, repository: policy.repository };
  const project = await gatherProject(policy, home, await openCopies(copies, deps), deps);
  const all = [project.primary, ...project.copies].map(({ gathered }) => ({
    plan: gathered.plan,
    proof: prove(name, gathered.plan, gathered.input, gathered.facts),
  }));
  const found = all.find(({ proof }) => proof.length > 0);
  const addresses = all.map(({ plan }) => formatRepository(plan.repository));
  if (found === undefined) {
    throw new UsageError(`${addresses.join(", ")} has no ${describeMissing(name)}`);
  }
  const { plan, proof } = found;
  const repository = formatRepository(plan.repository);
  const byTag = new Map(plan.kept.map((entry) => [entry.tag, entry]));
  const asked = proof.filter((node) => node.name === name || node.digest === name);
  const verdict = asked.some((node) => node.verdict === "kept") ? "kept" : "deleted";
  return {
    repository,
    name,
    verdict,
    proof,
    kept: verdict === "kept" ? proof.flatMap((node) => byTag.get(node.name) ?? []) : [],
    ...deletionOf(name, plan, policy.keepBuiltWithinHours),
    warnings: [...(disabled ? [SWITCHED_OFF] : []), ...plan.warnings],
  };
}

const SWITCHED_OFF = "cleanup.disable is set: nothing is deleted until it is taken away";

function describeMissing(name: string): string {
  if (!isDigest(name)) return `tag ${name}`;
  return `tag on ${name}, and nothing that stays leads to it; a manifest without a tag is looked for with --delete-untagged`;
}

function deletionOf(
  tag: string,
  plan: CleanupPlan,
  keepBuiltWithinHours: number,
): Pick<Explanation, "deletion"> {
  const item = plan.deletions.find(({ tags }) => tags.some((going) => going.tag === tag));
  const going = item?.tags.find((entry) => entry.tag === tag);
  if (item === undefined || going === undefined) return {};
  const { digest, how, after } = item;
  const evidence = { commits: commitsOf(tag, plan), ...timeOf(tag), keepBuiltWithinHours };
  return { deletion: { digest, how, after, ...going, ...evidence } };
}

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
