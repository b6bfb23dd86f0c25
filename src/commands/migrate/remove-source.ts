import type { GuardName } from "../../engine/cleanup/guards.ts";
import type { Rule } from "../../engine/cleanup/rules/rule.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { classifyTag } from "../../stages/tag.ts";
import { carryOut, openViolations } from "../cleanup/cleanup.ts";
import { gatherCleanup } from "../cleanup/gather-cleanup.ts";
import type { Gathered } from "../cleanup/gathered.ts";
import { listHomes } from "../cleanup/homes.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CleanupPolicy } from "../cleanup/policy.ts";
import { refuseViolations } from "../cleanup/refuse.ts";
import type { SweepPolicy } from "../cleanup/untagged.ts";
import type { UsagePolicy } from "../cleanup/usage.ts";
import type { CommandDeps } from "../deps.ts";
import { keepUnproved } from "./removal-proof.ts";
import { refuseSamePlace } from "./refuse-same-place.ts";
import { refusalOf } from "./removal-refusal.ts";
import { NOTHING_REMOVED, byTag, removalOf } from "./removal-result.ts";
import type { Removal } from "./result.ts";

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
 * without a tag that would go along with what it is about stays, and keeps that, unless the target has it. Signatures whose
 * subject is not there any more, since a run was killed that had removed it, go in the end.
 *
 * What keeps it from removing anything, and an interruption, are part of the result, since there was a migration before; only
 * bugs are thrown.
 */
export async function removeSource(request: RemovalRequest, deps: CommandDeps): Promise<Removal> {
  const { proved } = request;
  if (proved.size === 0) return NOTHING_REMOVED;
  let removal = await tryRemoval(request, { deleteOrphans: false }, deps);
  // A signature may be about another one.
  for (;;) {
    const orphans = new Map(removal.kept.filter(isSignature).flatMap(({ tag }) => entryOf(tag)));
    const { refused, failed, brokeOff } = removal;
    const isOver = refused !== undefined || failed.length > 0 || brokeOff !== undefined;
    if (isOver || orphans.size === 0) return removal;
    const also = await tryRemoval({ ...request, proved: orphans }, { deleteOrphans: true }, deps);
    removal = joined(removal, also);
    if (also.deleted.length === 0) return removal;
  }

  function entryOf(tag: string): readonly (readonly [string, Digest])[] {
    const digest = proved.get(tag);
    return digest === undefined ? [] : [[tag, digest]];
  }
}

async function tryRemoval(
  request: RemovalRequest,
  sweep: Pick<SweepPolicy, "deleteOrphans">,
  deps: CommandDeps,
): Promise<Removal> {
  try {
    return await remove(request, sweep, deps);
  } catch (error) {
    if (deps.signal.aborted) return { ...NOTHING_REMOVED, brokeOff: "the run was interrupted" };
    const refused = refusalOf(error);
    if (refused === undefined) throw error;
    const kept = [...request.proved.keys()].map((tag) => ({ tag, why: refused.message }));
    return { ...NOTHING_REMOVED, kept, refused };
  }
}

function isSignature({ tag }: { readonly tag: string }): boolean {
  return classifyTag(tag).kind === "signature";
}

/** Signatures that the first pass kept are told as the second one left them; one that it was refused has failed. */
function joined(first: Removal, also: Removal): Removal {
  const { refused, brokeOff } = also;
  const failed =
    refused === undefined
      ? also.failed
      : also.kept.map(({ tag }) => ({ tag, message: refused.message }));
  const kept = refused === undefined ? also.kept : [];
  const settled = new Set([...also.deleted, ...[...failed, ...kept].map(({ tag }) => tag)]);
  return {
    deleted: [...first.deleted, ...also.deleted].toSorted(),
    kept: [...first.kept.filter(({ tag }) => !settled.has(tag)), ...kept].toSorted(byTag),
    failed,
    journals: [...new Set([...first.journals, ...also.journals])],
    warnings: [...new Set([...first.warnings, ...also.warnings])],
    ...(brokeOff === undefined ? {} : { brokeOff }),
  };
}

async function remove(
  { from, to, proved, policy, ...found }: RemovalRequest,
  { deleteOrphans = false }: Pick<SweepPolicy, "deleteOrphans">,
  deps: CommandDeps,
): Promise<Removal> {
  await using registry = await deps.openRegistry(from, "from");
  await using target = await deps.openRegistry(to, "to");
  const home: Home = { registry, repository: from };
  const listing = await listHomes({ stages: home }, deps);
  const others = listing.stages.flatMap(({ tag }) => (proved.has(tag) ? [] : [tag]));
  const project = policy.project ?? found.project ?? lastPartOf(from);
  const keepList = new Set(others);
  const sweep = { deleteOrphans, keepUntaggedWithinHours: 0 };
  const asked = removalPolicy(policy, { project, repository: from, keepList, sweep });
  const gathered = await gatherCleanup(registry, asked, deps, { listing });
  refuseViolations(openViolations(gathered, policy));
  const tagged = new Set(gathered.tags().stages.flatMap(({ digest }) => digest ?? []));
  const isTagged = (digest: Digest): boolean => tagged.has(digest);
  const source = { ...home, facts: gathered.facts, isTagged };
  const proof = { proved, target, to, source, there: new Set<Digest>() };
  const { plan, unproved } = await keepUnproved(gathered, proof, deps);
  if (plan.deletions.length > 0) {
    await refuseSamePlace(
      { from: home, to: { registry: target, repository: to }, project, others },
      deps,
    );
  }
  const replan: Gathered["replan"] = (held, gone) =>
    gathered.replan(new Set([...unproved, ...held]), gone);
  const result = await carryOut(plan, { ...gathered, plan, replan }, registry, policy, deps);
  const removal = removalOf(result, { proved, unproved });
  return { ...removal, warnings: removal.warnings.filter((text) => !isAboutRule(text)) };
}

/** That the project has everything is no news to anybody. */
function isAboutRule(warning: string): boolean {
  return warning.startsWith(`${EVERY_TAG.name} (`);
}

function lastPartOf({ name }: Repository): string {
  return name.split("/").at(-1) ?? name;
}

/** The policy of a purge that keeps a list of tags. */
function removalPolicy(
  { usage, journalKeepMs }: RemovalPolicy,
  place: Pick<CleanupPolicy, "project" | "repository" | "keepList" | "sweep">,
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
