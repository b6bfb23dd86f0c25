import type { RepositoryPlan } from "../../engine/migrate/plan.ts";
import type { Repository } from "../../oci/reference.ts";
import { formatRepository } from "../../oci/reference.ts";
import { LABEL } from "../../stages/labels.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError } from "../error.ts";
import { readFacts } from "../facts.ts";
import type { MigrationRequest } from "./request.ts";
import type { TargetPlaces } from "./target-places.ts";
import { tellingTags } from "./telling-tags.ts";

/** Refuses to put stages and records of two projects into one repository: a cleanup of one would misjudge the other's. */
export async function refuseOtherProjects(
  plans: readonly RepositoryPlan[],
  { allow }: Pick<MigrationRequest, "allow">,
  places: TargetPlaces,
  deps: Pick<CommandDeps, "signal">,
): Promise<void> {
  if (allow.has("other-project")) return;
  const projects = new Map<string, string>();
  for (const { to, project } of plans) {
    if (project === undefined) continue;
    const key = formatRepository(to);
    const there = projects.get(key) ?? (await projectIn(to, places, deps)) ?? project;
    projects.set(key, there);
    if (there === project) continue;
    throw new GuardError(
      "other-project",
      `${key} is to have stages of project "${project}" and has those of project "${there}"; give each project a repository of its own; --allow other-project lets this run through`,
    );
  }
}

/** The project that what is in the target names; `undefined` where nothing there tells. */
async function projectIn(
  repository: Repository,
  { open, registry }: TargetPlaces,
  { signal }: Pick<CommandDeps, "signal">,
): Promise<string | undefined> {
  const { listing, digestOf } = await open(repository);
  for (const tag of tellingTags(listing.keys())) {
    const digest = await digestOf(tag);
    if (digest === undefined) continue;
    const facts = await readFacts(registry, repository, { digest, config: true }, { signal });
    if (facts.kind !== "image" || typeof facts.image !== "object") continue;
    const project = facts.image.labels[LABEL.project];
    if (project !== undefined) return project;
  }
  return undefined;
}
