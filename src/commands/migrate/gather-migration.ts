import type { MigrationPlan, RepositoryPlan } from "../../engine/migrate/plan.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError, UsageError } from "../error.ts";
import { gatherRepository } from "./gather-repository.ts";
import type { GatheredRepository } from "./gather-repository.ts";
import type { GatheredMigration, MigrationRequest, OpenSides } from "./request.ts";
import { addressOf, findSources, refuseSameSides } from "./select-repositories.ts";
import { refuseOtherProjects } from "./target-project.ts";
import { createTargetPlaces } from "./target-places.ts";

/** Reads both sides and decides what is copied. Sends nothing that changes anything. */
export async function gatherMigration(
  request: MigrationRequest,
  deps: CommandDeps,
): Promise<GatheredMigration> {
  const from = await deps.openRegistry(addressOf(request.from), "from");
  const to = await deps.openRegistry(addressOf(request.to), "to");
  const sources = await findSources(request, from, deps);
  const places = createTargetPlaces(to, deps);
  const gathered: GatheredRepository[] = [];
  // One after the other: of two tags that would have one name in the target, the first has it.
  for (const source of sources) {
    gathered.push(await gatherRepository(source, request, places, deps));
  }
  const plans = gathered.flatMap((one) => one.plans);
  refuseEmpty(gathered, request);
  refuseSameSides(
    sources,
    plans.map(({ plan }) => plan.to),
  );
  refuseUnnameable(plans.map(({ plan }) => plan));
  await refuseOtherProjects(
    plans.map(({ plan }) => plan),
    request,
    places,
    deps,
  );
  const registries = new Map<RepositoryPlan, OpenSides>(
    plans.map(({ plan, home }) => [plan, { from: home.registry, to }]),
  );
  const plan: MigrationPlan = {
    kind: "migration",
    schema: 1,
    createdAt: deps.now().toISOString(),
    repositories: plans.map((one) => one.plan),
    warnings: [...new Set(gathered.flatMap(({ warnings }) => warnings))],
  };
  return {
    plan,
    open(planned) {
      const sides = registries.get(planned);
      if (sides === undefined) throw new Error("this repository is none of the plan's");
      return sides;
    },
  };
}

/** An empty source is more often a wrong address, or a credential that sees nothing, than something to copy. */
function refuseEmpty(gathered: readonly GatheredRepository[], request: MigrationRequest): void {
  if (request.allow.has("empty-source") || !gathered.every(({ isEmpty }) => isEmpty)) return;
  throw new GuardError(
    "empty-source",
    `${formatRepository(addressOf(request.from))} has no tag that could be copied; check the address and the credentials; --allow empty-source lets this run through`,
  );
}

function refuseUnnameable(plans: readonly RepositoryPlan[]): void {
  if (plans.some(({ tags }) => tags.length > 0)) return;
  for (const { left } of plans) {
    for (const { tag, why } of left) {
      if (why.kind !== "unnameable") continue;
      throw new UsageError(
        `nothing can be copied: the target has no place for ${tag}: ${why.rule}`,
      );
    }
  }
}
