import { formatRepository } from "../../oci/reference.ts";
import { classifyTag } from "../../stages/tag.ts";
import type { HomeListing, Homes } from "../cleanup/homes.ts";
import { GuardError } from "../error.ts";

/** Refuses stages whose records lie elsewhere: without them the first cleanup of the target would take every stage. */
export function refuseRecordsElsewhere(homes: Homes, { stages }: HomeListing): void {
  if (homes.records !== undefined) return;
  const marker = stages.find(({ tag }) => classifyTag(tag).kind === "meta-repo-marker");
  if (marker === undefined) return;
  throw new GuardError(
    "meta-repo",
    `tag ${marker.tag} says that the records of ${formatRepository(homes.stages.repository)} lie in another repository; name it with --from-meta-repo, and they come to the target with the stages`,
  );
}
