import { below, pathBelow } from "../../engine/migrate/names.ts";
import type { Naming } from "../../engine/migrate/names.ts";
import { isSameHost, isSameRepository } from "../../oci/image-address.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Home } from "../cleanup/homes.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import type { SourceRepository } from "./gather-repository.ts";
import type { MigrationRequest, MigrationSide } from "./request.ts";

/** The repository, or what repositories lie in. */
export function addressOf(side: MigrationSide): Repository {
  return side.kind === "repository" ? side.repository : side.namespace;
}

/** Every repository of the source by name, with what its tags are called in the target. */
export async function findSources(
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
export function refuseSameSides(
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
