import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { DeletionMeans } from "./deletions.ts";
import type { InventoryTag } from "./inventory.ts";
import type { CleanupPlan, DeletedTag, Deletion } from "./plan.ts";

/** One of the two repositories that a plan is about. */
export interface PlannedHome {
  readonly repository: Repository;
  /** Every tag in it. */
  readonly tags: readonly InventoryTag[];
  /** Which of them the plan may be about; by default all. */
  readonly counts?: (entry: InventoryTag) => boolean;
  readonly means: DeletionMeans;
}

export interface PlanParts {
  /** What goes among the records before anything among the stages. */
  readonly first: CleanupPlan;
  readonly stages: CleanupPlan;
  /** What goes among the records after the stages. */
  readonly last: CleanupPlan;
}

/**
 * Takes a plan about stages and records apart where they lie in two repositories. Each part deletes only what it can without
 * harm to any other tag in its own repository; what it cannot delete so stays.
 */
export function splitPlan(
  plan: CleanupPlan,
  { stages, records }: { readonly stages: PlannedHome; readonly records: PlannedHome },
): PlanParts {
  const amongStages = shareOf(plan, stages);
  const amongRecords = shareOf(plan, records);
  const needed = new Set(amongStages.flatMap(({ after }) => after));
  const isFirst = ({ tags }: Deletion): boolean => tags.some(({ tag }) => needed.has(tag));
  const names = new Set(records.tags.filter(countsIn(records)).map(({ tag }) => tag));
  const kept = (inRecords: boolean): CleanupPlan["kept"] =>
    plan.kept.filter(({ tag }) => names.has(tag) === inRecords);
  const { repository } = records;
  const recordsPart = { ...plan, repository, kept: kept(true), keptManifests: [], warnings: [] };
  return {
    first: { ...recordsPart, deletions: amongRecords.filter(isFirst) },
    stages: { ...plan, kept: kept(false), deletions: amongStages },
    last: { ...recordsPart, deletions: amongRecords.filter((item) => !isFirst(item)) },
  };
}

/** Classes whose tag is all they say: two of one name are the same record, whatever they point at. */
const SAID_BY_TAG: ReadonlySet<string> = new Set(["image-metadata", "managed-image", "rejected"]);

/** The deletions of one home. */
function shareOf(plan: CleanupPlan, home: PlannedHome): Deletion[] {
  const going = new Map(plan.deletions.flatMap((item) => item.tags.map((tag) => [tag.tag, item])));
  const own = new Map(home.tags.filter(countsIn(home)).map((entry) => [entry.tag, entry]));
  const onDigest = Map.groupBy(home.tags, ({ digest }) => digest);
  return plan.deletions.flatMap((item) => {
    if (item.tags.length === 0) return home.counts === undefined ? [item] : [];
    const groups = new Map<Digest, DeletedTag[]>();
    for (const tag of item.tags) {
      const digest = own.get(tag.tag)?.digest;
      if (digest === undefined) continue;
      if (digest !== item.digest && !SAID_BY_TAG.has(tag.class)) continue;
      groups.set(digest, [...(groups.get(digest) ?? []), tag]);
    }
    return [...groups].flatMap(([digest, tags]) => {
      const others = (onDigest.get(digest) ?? []).filter(({ tag }) => !goesHere(tag));
      const alone = item.how === "tag" || others.length > 0 || !home.means.manifest;
      if (!alone) return [{ ...item, digest, tags }];
      if (home.means.tagAlone !== true) return [];
      return tags.map((tag): Deletion => ({ ...item, digest, how: "tag", tags: [tag] }));
    });
  });

  function goesHere(tag: string): boolean {
    return own.has(tag) && going.has(tag);
  }
}

function countsIn({ counts }: PlannedHome): (entry: InventoryTag) => boolean {
  return counts ?? (() => true);
}
