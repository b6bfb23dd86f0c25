import type { TagLabel } from "../../engine/cleanup/plan.ts";
import { orderManifests, sortTags } from "../../engine/migrate/order.ts";
import type { PlannedTag, RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Group } from "./gather-groups.ts";
import type { SourceBook } from "./gather-source.ts";
import type { SourceTags } from "./gather-tags.ts";
import type { TargetPlaces } from "./target-places.ts";

/** Classes that nobody's project is told by. */
const OF_NOBODY: ReadonlySet<TagLabel> = new Set(["image", "foreign", "signature"]);

/** Puts what goes into the order in which it is copied. */
export function planGroup(
  { home, target, closed }: Group,
  { project }: Pick<SourceTags, "project">,
  { book, places }: { readonly book: SourceBook; readonly places: TargetPlaces },
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
    from: home.repository,
    to: target.repository,
    ...(project === undefined || !hasProject ? {} : { project }),
    needsCreation: isFresh && places.registry.capabilities.repositoryCreation === "explicit",
    isFresh,
    manifests: orderManifests(
      [...roots],
      closed.flatMap(({ referrers }) => referrers),
      book.known,
    ),
    tags,
  };
}
