import type { CustomTagRecord, Facts, Primary } from "../../engine/cleanup/inventory.ts";
import type { CleanupPlan } from "../../engine/cleanup/plan.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Digest } from "../../oci/digest.ts";
import { refuseSameRepository } from "../roles.ts";
import type { CleanupPolicy } from "./policy.ts";
import type { Gathered } from "./gathered.ts";

/** Roles in which a repository holds copies of stages of the primary one. */
export type CopyRole = "final-repo" | "cache-repo";

export interface CopyTarget {
  readonly repository: Repository;
  readonly role: CopyRole;
}

/** The repositories of a project besides the primary one. */
export interface ProjectRepositories {
  readonly copies: readonly CopyTarget[];
  /** Only read by builds: cleanup leaves them alone. */
  readonly secondary: readonly Repository[];
}

/** What the policy of the primary repository means for a copy: no more than the primary, use and the keep list keep. */
export function copyPolicy(policy: CleanupPolicy, { repository }: CopyTarget): CleanupPolicy {
  const { metaRepo: _, ...rest } = policy;
  return {
    ...rest,
    repository,
    gitHistory: false,
    fetch: false,
    policies: [],
    rules: [],
    builtInPolicies: true,
    keepBuiltWithinHours: 0,
  };
}

/**
 * What a plan for the primary repository says about copies.
 *
 * @param gone What was removed when the plan was carried out: the rest of it stays. Absent: it is to be carried out yet.
 */
export function primaryOf(
  { plan: { repository }, findings, tags, leases }: Gathered,
  plan: CleanupPlan,
  gone?: ReadonlySet<string>,
): Primary {
  const going = gone === undefined ? [] : plan.deletions.flatMap((item) => item.tags);
  const left = going.filter(({ tag }) => gone?.has(tag) !== true);
  const stays = [...plan.kept, ...left].filter(
    (entry) => entry.class === "stage" || entry.class === "index",
  );
  const customTags = stillTold(findings.customTags, tags());
  return {
    repository,
    stays: new Set(stays.map(({ tag }) => tag)),
    leases: leases().others,
    digests: digestsOf(customTags, tags()),
    customTags,
  };
}

/** Facts that hold wherever the same digest is stored: what could not be read here may be readable there. */
export function factsForCopies(facts: ReadonlyMap<Digest, Facts>): ReadonlyMap<Digest, Facts> {
  return new Map(
    [...facts].filter(
      ([, known]) =>
        known.kind === "index" || (known.kind === "image" && known.image !== "unreadable"),
    ),
  );
}

/** Refuses two roles that are the same repository: what one of them decides would go where the other one needs it. */
export function refuseSharedRoles(
  primary: { readonly repository: Repository; readonly metaRepo?: Repository },
  { copies, secondary }: ProjectRepositories,
): void {
  refuseSameRepository([
    ["--repo", primary.repository],
    ...(primary.metaRepo === undefined ? [] : [["--meta-repo", primary.metaRepo] as const]),
    ...copies.map(({ role, repository }) => [`--${role}`, repository] as const),
    ...secondary.map((repository) => ["--secondary-repo", repository] as const),
  ]);
}

/** What the stages of custom tags are in the primary, as far as they are there. */
function digestsOf(
  customTags: readonly CustomTagRecord[],
  { tags }: ReturnType<Gathered["tags"]>,
): ReadonlyMap<string, Digest> {
  const wanted = new Set(customTags.map(({ stageId }) => stageId));
  return new Map(
    tags.flatMap(({ tag, digest }) =>
      digest !== undefined && wanted.has(tag) ? [[tag, digest]] : [],
    ),
  );
}

/** Custom tags whose record is still there: without it a custom tag is nobody's to delete. */
function stillTold(
  customTags: readonly CustomTagRecord[],
  { tags }: ReturnType<Gathered["tags"]>,
): readonly CustomTagRecord[] {
  const listed = new Set(tags.map(({ tag }) => tag));
  return customTags.filter(({ record }) => listed.has(record));
}
