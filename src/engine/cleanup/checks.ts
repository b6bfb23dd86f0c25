import { murmurHash } from "../../stages/hash.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { ImageMetadataTag } from "../../stages/tag.ts";
import type { BuildRecord } from "./git-policy.ts";
import { checkCommits } from "./history-checks.ts";
import type { CommitCheck } from "./history-checks.ts";
import type { CleanupInput } from "./inventory.ts";
import type { ClaimedAs, CleanupPlan, DeletedTag, Deletion } from "./plan.ts";

/**
 * Something that could have kept an image, and did not.
 *
 * - `rejected`: it is marked as broken, so neither Git nor its age counts
 * - `no-history`: the Git policies are off
 * - `no-commit`: nothing ties it to a commit
 * - `unknown-image`: a record names an image that the project does not have
 * - `rule`: the rule that claims it keeps others
 * - `age`: it is too old; `hours` 0: age keeps nothing
 * - `usage`: no cluster uses it; `images`: how many that are in use were compared, absent when no cluster was asked
 * - `named`: neither the keep list nor a running publisher names it
 * - `relations`: nothing that stays needs it
 */
export type Check =
  | { readonly kind: "rejected" }
  | { readonly kind: "no-history" }
  | { readonly kind: "no-commit" }
  | { readonly kind: "unknown-image"; readonly commit: string }
  | CommitCheck
  | { readonly kind: "rule"; readonly rule: string }
  | {
      readonly kind: "age";
      readonly hours: number;
      /** RFC 3339. Absent: the tag does not say. */
      readonly builtAt?: string;
      /** RFC 3339. Absent: the registry does not say. */
      readonly pushedAt?: string;
    }
  | { readonly kind: "usage"; readonly images?: number }
  | { readonly kind: "named" }
  | { readonly kind: "relations" };

/** Answers what was looked at before a tag, or a manifest without one, was let go. Nothing for what is no image. */
export type Checker = (item: Deletion, going: DeletedTag | undefined) => readonly Check[];

export function createChecker(plan: CleanupPlan, input: CleanupInput): Checker {
  let builds: Builds | undefined;
  const pushed = new Map(input.tags.map(({ tag, pushedAt }) => [tag, pushedAt]));
  const pushedUntagged = new Map(input.untagged?.map(({ digest, pushedAt }) => [digest, pushedAt]));
  const others: readonly Check[] = [
    { kind: "usage", ...(input.usage === undefined ? {} : { images: input.usage.length }) },
    { kind: "named" },
    { kind: "relations" },
  ];

  return ({ digest }, going) => {
    if (going === undefined) {
      const { keepUntaggedWithinHours: hours = input.keepBuiltWithinHours } = input;
      return [ageCheck(hours, undefined, pushedUntagged.get(digest)), ...others];
    }
    const { tag, class: label, because, claim } = going;
    if (label !== "stage" && label !== "index" && label !== "image") return [];
    if (because === "rejected") return [{ kind: "rejected" }, ...others];
    builds ??= buildsOf(plan, input);
    return [
      ...historyChecks(tag, claim, builds, input),
      ...(claim === undefined ? [] : [{ kind: "rule", rule: claim.rule } as const]),
      ageCheck(input.keepBuiltWithinHours, builtAt(tag), pushed.get(tag)),
      ...others,
    ];
  };
}

/** Which image each tag was built as, from which commits. */
interface Builds {
  /** Of images that the project has. */
  readonly records: readonly BuildRecord[];
  /** Commits of records of other images, by stage id. */
  readonly strangers: ReadonlyMap<string, readonly string[]>;
}

/** Records count as they do for the policies: of stages that are there and not rejected, of names that are not retired. */
function buildsOf({ kept, deletions }: CleanupPlan, { retired }: CleanupInput): Builds {
  const tags = [...kept, ...deletions.flatMap((item) => item.tags)];
  const stages = new Set<string>();
  const rejected = new Set<string>();
  const names = new Map<string, string>();
  const found: (ImageMetadataTag & { readonly tag: string })[] = [];
  for (const { tag, class: label } of tags) {
    const known = classifyTag(tag);
    if (label === "stage" || label === "index") stages.add(tag);
    if (known.kind === "rejected") rejected.add(known.stageId);
    if (known.kind === "image-metadata") found.push({ tag, ...known });
    if (known.kind !== "managed-image") continue;
    const hash = murmurHash(known.imageName);
    if (retired?.has(hash) !== true) names.set(hash, known.imageName);
  }
  const records: BuildRecord[] = [];
  const strangers = new Map<string, string[]>();
  for (const { tag, nameHash, commit, stageId } of found) {
    const image = names.get(nameHash);
    if (image === undefined) strangers.set(stageId, [...(strangers.get(stageId) ?? []), commit]);
    else if (stages.has(stageId) && !rejected.has(stageId)) {
      records.push({ tag, image, commit, stageId });
    }
  }
  for (const { tag, claim } of tags) {
    for (const commit of claim?.commits ?? []) {
      records.push({ tag, image: claim?.image ?? "", commit, stageId: tag });
    }
  }
  return { records, strangers };
}

function historyChecks(
  tag: string,
  claim: ClaimedAs | undefined,
  { records, strangers }: Builds,
  { history, policies, rules, now }: CleanupInput,
): readonly Check[] {
  const isOff = rules?.find(({ name }) => name === claim?.rule)?.gitHistory === false;
  if (history === undefined || isOff) return [{ kind: "no-history" }];
  const own = records.filter(({ stageId }) => stageId === tag);
  const unknown = (strangers.get(tag) ?? []).map((commit): Check => ({
    kind: "unknown-image",
    commit,
  }));
  if (own.length + unknown.length === 0) return [{ kind: "no-commit" }];
  return [...checkCommits(records, own, history, policies, now), ...unknown];
}

function builtAt(tag: string): number | undefined {
  const known = classifyTag(tag);
  return known.kind === "stage" ? known.builtAt : undefined;
}

function ageCheck(hours: number, built: number | undefined, pushed: number | undefined): Check {
  return { kind: "age", hours, ...timeField("builtAt", built), ...timeField("pushedAt", pushed) };
}

function timeField<Name extends "builtAt" | "pushedAt">(
  name: Name,
  milliseconds: number | undefined,
): { readonly [Key in Name]?: string } {
  if (milliseconds === undefined) return {};
  const time = new Date(milliseconds);
  if (Number.isNaN(time.getTime())) return {};
  const field: { [Key in Name]?: string } = {};
  field[name] = time.toISOString();
  return field;
}
