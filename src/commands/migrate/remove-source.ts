import type { GuardName } from "../../engine/cleanup/guards.ts";
import { namesOf } from "../../engine/cleanup/plan.ts";
import type { CleanupPlan, Deletion } from "../../engine/cleanup/plan.ts";
import type { Rule } from "../../engine/cleanup/rules/rule.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { carryOut, openViolations } from "../cleanup/cleanup.ts";
import { gatherCleanup } from "../cleanup/gather-cleanup.ts";
import type { Gathered } from "../cleanup/gathered.ts";
import { listHomes } from "../cleanup/homes.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CleanupPolicy } from "../cleanup/policy.ts";
import { refuseViolations } from "../cleanup/refuse.ts";
import type { UsagePolicy } from "../cleanup/usage.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { refusalOf } from "./removal-refusal.ts";
import { removalOf } from "./removal-result.ts";
import type { Removal } from "./result.ts";
import { takenAlong } from "./taken-along.ts";
import type { Surroundings } from "./taken-along.ts";

/** How tags are removed from the source of a migration. */
export interface RemovalPolicy {
  /** The configured one. Absent: the one whose stages and records are in the source. */
  readonly project?: string;
  /** Who is asked which images are in use; absent: nobody. */
  readonly usage?: UsagePolicy;
  /** Guards that this run may pass. */
  readonly allow: ReadonlySet<GuardName>;
  /** How old a blob that nothing refers to must be before it is removed. Milliseconds. */
  readonly gcGraceMs: number;
  /** How long a cleanup of the source is waited for. Milliseconds. Default: not at all. */
  readonly waitMs?: number;
  /** How long a journal in the repository stays. Milliseconds. Absent: for good. */
  readonly journalKeepMs?: number;
}

export interface RemovalRequest {
  readonly from: Repository;
  readonly to: Repository;
  /** Tags of the source, with the digest under which the target was seen to have them whole. No other tag goes. */
  readonly proved: ReadonlyMap<string, Digest>;
  /** Whose stages and records are in the source. Absent: there are none. */
  readonly project?: string;
  readonly policy: RemovalPolicy;
}

/**
 * Removes from the source of a migration what the target was proved to have.
 *
 * It is a purge that keeps every tag but those: same order, journal, lock, relisting and precondition as a cleanup. So
 * whatever is not proved keeps all that it needs, and what a cluster or a running publisher needs stays too. A manifest
 * without a tag that would go along with what it is about stays, and keeps that, unless the target has it.
 *
 * What keeps it from removing anything is part of the result, since there was a migration before; only an interruption
 * and bugs are thrown.
 */
export async function removeSource(request: RemovalRequest, deps: CommandDeps): Promise<Removal> {
  const { proved } = request;
  if (proved.size === 0) return { deleted: [], kept: [], failed: [] };
  try {
    return await remove(request, deps);
  } catch (error) {
    const refused = deps.signal.aborted ? undefined : refusalOf(error);
    if (refused === undefined) throw error;
    const kept = [...proved.keys()].map((tag) => ({ tag, why: refused.message }));
    return { deleted: [], kept, failed: [], refused };
  }
}

async function remove(
  { from, to, proved, policy, ...found }: RemovalRequest,
  deps: CommandDeps,
): Promise<Removal> {
  await using registry = await deps.openRegistry(from, "from");
  await using target = await deps.openRegistry(to, "to");
  const home: Home = { registry, repository: from };
  const listing = await listHomes({ stages: home }, deps);
  const others = listing.stages.flatMap(({ tag }) => (proved.has(tag) ? [] : [tag]));
  const project = policy.project ?? found.project ?? lastPartOf(from);
  const asked = removalPolicy(policy, { project, repository: from, keepList: new Set(others) });
  const gathered = await gatherCleanup(registry, asked, deps, { listing });
  refuseViolations(openViolations(gathered, policy));
  const tagged = new Set(gathered.tags().stages.flatMap(({ digest }) => digest ?? []));
  const isTagged = (digest: Digest): boolean => tagged.has(digest);
  const source = { ...home, facts: gathered.facts, isTagged };
  const proof = { proved, target, to, source, there: new Set<Digest>() };
  const { plan, unproved } = await keepUnproved(gathered, proof, deps);
  const replan: Gathered["replan"] = (held, gone) =>
    gathered.replan(new Set([...unproved, ...held]), gone);
  const result = await carryOut(plan, { ...gathered, plan, replan }, registry, policy, deps);
  return removalOf(result, { proved, unproved });
}

function lastPartOf({ name }: Repository): string {
  return name.split("/").at(-1) ?? name;
}

/** The policy of a purge that keeps a list of tags. */
function removalPolicy(
  { usage, journalKeepMs }: RemovalPolicy,
  place: Pick<CleanupPolicy, "project" | "repository" | "keepList">,
): CleanupPolicy {
  return {
    ...place,
    gitHistory: false,
    fetch: false,
    policies: [],
    builtInPolicies: true,
    rules: [EVERY_TAG],
    keepBuiltWithinHours: 0,
    purge: true,
    ...(usage === undefined ? {} : { usage }),
    ...(journalKeepMs === undefined ? {} : { journalKeepMs }),
  };
}

/** Foreign tags may go that were proved; the others are in the keep list. */
const EVERY_TAG: Rule = {
  name: "migrated",
  tags: { pattern: "/.*/", regexp: "^.*$", flags: "" },
  gitHistory: false,
  readRevision: false,
  keep: [],
};

interface Proof {
  readonly proved: ReadonlyMap<string, Digest>;
  readonly target: Registry;
  readonly to: Repository;
  readonly source: Surroundings;
  /** Digests that the target was seen to have; grows. */
  readonly there: Set<Digest>;
}

/** Plans again until everything that would go is proved. Rejects with `GuardError` where that leads nowhere. */
async function keepUnproved(
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
  for await (const along of takenAlong(digest, proof.source, { signal })) {
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
