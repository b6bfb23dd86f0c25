import { below, pathBelow } from "../../engine/migrate/names.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import type { MigrationPlan, RepositoryPlan } from "../../engine/migrate/plan.ts";
import { isSameHost, isSameRepository } from "../../oci/image-address.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { GuardError, UsageError } from "../error.ts";
import { gatherRepository } from "./gather-repository.ts";
import type { GatheredRepository, SourceRepository } from "./gather-repository.ts";
import type { GatheredMigration, MigrationRequest, MigrationSide, OpenSides } from "./request.ts";
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

function addressOf(side: MigrationSide): Repository {
  return side.kind === "repository" ? side.repository : side.namespace;
}

/** Every repository of the source by name, with what its tags are called in the target. */
async function findSources(
  request: MigrationRequest,
  registry: Registry,
  deps: CommandDeps,
): Promise<readonly SourceRepository[]> {
  const { from, to, fromMetaRepo } = request;
  if (from.kind === "below" && fromMetaRepo !== undefined) {
    throw new UsageError(
      "--from-meta-repo belongs to one repository of stages, and --from names several",
    );
  }
  refuseWithin(from, to);
  const records = fromMetaRepo && {
    registry: await deps.openRegistry(fromMetaRepo, "from-meta-repo"),
    repository: fromMetaRepo,
  };
  const sources = (await repositoriesOf(from, registry, deps)).map((repository) => {
    const stages: Home = { registry, repository };
    const homes = { stages, ...(records === undefined ? {} : { records }) };
    const path = from.kind === "below" ? pathBelow(repository, from.namespace) : "";
    return {
      homes,
      naming: namingOf(path, from, to),
      ...(path === "" ? {} : { image: path }),
    };
  });
  refuseSameSides(
    sources,
    sources.map(({ naming }) => naming.to),
  );
  return sources;
}

/** Refuses a target below the source: the next run would take what this one has copied for more to copy. */
function refuseWithin(from: MigrationSide, to: MigrationSide): void {
  if (from.kind === "repository") return;
  const { namespace } = from;
  const target = addressOf(to);
  const isBelow = namespace.name === "" || `${target.name}/`.startsWith(`${namespace.name}/`);
  if (!isBelow || !isSameHost(target, namespace)) return;
  throw new UsageError(
    `--to ${formatRepository(target)} lies in --from ${formatRepository(namespace)}; name a target outside of it`,
  );
}

/** Refuses a repository that is on both sides: what is copied would be read again as a source. */
function refuseSameSides(
  sources: readonly SourceRepository[],
  targets: readonly Repository[],
): void {
  for (const { homes } of sources) {
    for (const home of [homes.stages, ...(homes.records === undefined ? [] : [homes.records])]) {
      const { repository } = home;
      if (!targets.some((target) => isSameRepository(target, repository))) continue;
      throw new UsageError(
        `--from and --to both have ${formatRepository(repository)}; each side needs repositories of its own`,
      );
    }
  }
}

function namingOf(path: string, from: MigrationSide, to: MigrationSide): Naming {
  if (to.kind === "repository") {
    return from.kind === "repository"
      ? { kind: "same", to: to.repository }
      : { kind: "join", to: to.repository, image: path };
  }
  if (from.kind === "repository") return { kind: "split", to: to.namespace, images: [] };
  const place = below(to.namespace, path);
  if (place !== undefined) return { kind: "same", to: place };
  throw new UsageError(
    `${formatRepository(addressOf(from))} is a repository itself, and --to is a whole registry; name a namespace with --to host/name/`,
  );
}

async function repositoriesOf(
  side: MigrationSide,
  registry: Registry,
  { report, signal }: CommandDeps,
): Promise<readonly Repository[]> {
  if (side.kind === "repository") return [side.repository];
  const { namespace } = side;
  report({ type: "phase.started", phase: "listing repositories" });
  const found = await Array.fromAsync(registry.listRepositories(namespace.name, { signal }));
  if (found.length > 0) return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  throw new UsageError(
    `no repository lies at or below ${formatRepository(namespace)}; check the address, and whether the credentials may list repositories`,
  );
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
