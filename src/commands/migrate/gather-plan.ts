import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { orderManifests, sortTags } from "../../engine/migrate/order.ts";
import type { PlannedTag, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Closed } from "./gather-closure.ts";
import type { SourceBook } from "./gather-source.ts";
import type { TargetBook } from "./target-book.ts";
import type { TargetPlaces } from "./target-places.ts";

/** What goes from one repository to another, and is whole. */
export interface ClosedGroup {
  readonly from: Repository;
  readonly target: TargetBook;
  readonly closed: readonly Closed[];
  /** Absent: the source has neither a stage nor a record. */
  readonly project: string | undefined;
}

/** Classes that nobody's project is told by. */
const OF_NOBODY: ReadonlySet<TagLabel> = new Set(["image", "foreign", "signature"]);

/** Puts what goes into the order in which it is copied. */
export function planGroup(
  { from, target, closed, project }: ClosedGroup,
  { known }: Pick<SourceBook, "known">,
  { registry }: Pick<TargetPlaces, "registry">,
): Omit<RepositoryPlan, "left"> {
  const tags = sortTags(
    closed.flatMap((one) =>
      one.tags.map(({ tag, as, class: label, digest, there }): PlannedTag => ({
        tag,
        as,
        class: label,
        digest,
        there,
      })),
    ),
  );
  const missing = tags.filter(({ there }) => there !== "present");
  const roots = new Set<Digest>(missing.map(({ digest }) => digest));
  const isFresh = target.listing.size === 0;
  const hasProject = tags.some((tag) => !OF_NOBODY.has(tag.class));
  return {
    from,
    to: target.repository,
    ...(project === undefined || !hasProject ? {} : { project }),
    needsCreation: isFresh && registry.capabilities.repositoryCreation === "explicit",
    isFresh,
    manifests: orderManifests(
      [...roots],
      closed.flatMap(({ referrers }) => referrers),
      known,
    ),
    tags,
  };
}
