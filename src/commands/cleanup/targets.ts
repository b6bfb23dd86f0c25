import type { Namespace, Repository } from "../../oci/reference.ts";
import { formatRepository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { chooseImagesRepo } from "../../stages/images-repo.ts";
import type { ImagesRepoMode } from "../../stages/images-repo.ts";
import type { CommandDeps } from "../deps.ts";
import { UsageError } from "../error.ts";
import type { Home } from "./homes.ts";

/** Where repositories are, and as whom they are opened. */
export type CleanupTarget = {
  readonly namespace: Namespace;
  /** See `CommandDeps.openRegistry`. */
  readonly role: string;
} & (
  | { readonly kind: "repository" }
  /** Every repository at or below the namespace. */
  | { readonly kind: "below" }
  /** What images were published to, laid out as this mode says. */
  | { readonly kind: "images"; readonly mode: ImagesRepoMode | "auto" }
);

/** Every repository of the targets, once, by name. The first target that has it says as whom it is opened. */
export async function findPlaces(
  targets: readonly CleanupTarget[],
  deps: CommandDeps,
): Promise<readonly Home[]> {
  const places = new Map<string, Home>();
  for (const target of targets) {
    const registry = await deps.openRegistry(target.namespace, target.role);
    for (const repository of await repositoriesOf(target, registry, deps)) {
      const name = formatRepository(repository);
      if (!places.has(name)) places.set(name, { repository, registry });
    }
  }
  return [...places].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
}

async function repositoriesOf(
  target: CleanupTarget,
  registry: Registry,
  { report, signal }: CommandDeps,
): Promise<readonly Repository[]> {
  const { namespace, kind } = target;
  if (kind === "repository") return [namespace];
  if (kind === "images") {
    const { nestedRepositories: nested, repositoryComponents: components } = registry.capabilities;
    const { mode } = chooseImagesRepo(namespace, target.mode, { nested, components });
    if (mode === "monorepo") return [namespace];
  }
  report({ type: "phase.started", phase: "listing repositories" });
  const found = await Array.fromAsync(registry.listRepositories(namespace.name, { signal }));
  if (found.length > 0) return found;
  throw new UsageError(
    `no repository lies at or below ${formatRepository(namespace)}; check the address, and whether the credentials may list repositories`,
  );
}
