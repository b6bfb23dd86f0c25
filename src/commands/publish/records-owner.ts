import { formatRepository } from "../../oci/reference.ts";
import type { CallOptions } from "../../registry/registry.ts";
import { LABEL } from "../../stages/labels.ts";
import { classifyTag } from "../../stages/tag.ts";
import { GuardError } from "../error.ts";
import { readFacts } from "../facts.ts";
import { resolveIfAny } from "./custom-tags-record.ts";
import type { RecordHome } from "./records-writer.ts";

/** Records that are read at most to tell whose they are: one that says it is enough. */
const MAX_READ = 3;

/**
 * Refuses to mix the records of two projects: a cleanup of either would take the other's images for its own. Rejects with
 * `GuardError("other-project")` where the names that are recorded are another project's.
 *
 * @param tags Of the repository of the records.
 */
export async function refuseOtherProject(
  tags: ReadonlySet<string>,
  { registry, repository, project }: RecordHome,
  options: CallOptions,
): Promise<void> {
  const names = [...tags].filter((tag) => classifyTag(tag).kind === "managed-image");
  const { host, name } = repository;
  for (const tag of names.slice(0, MAX_READ)) {
    const found = await resolveIfAny(registry, { host, name, tag }, options);
    if (found === undefined) continue;
    const { digest } = found;
    const facts = await readFacts(registry, repository, { digest, config: true }, options);
    if (facts.kind !== "image" || typeof facts.image !== "object") continue;
    const owner = facts.image.labels[LABEL.project];
    if (owner === project) return;
    if (owner === undefined) continue;
    throw new GuardError(
      "other-project",
      `${formatRepository(repository)}:${tag} belongs to project "${owner}", and this is project "${project}": is this the right repository? --allow other-project publishes there all the same`,
    );
  }
}
