import { isDigest } from "../../../src/oci/digest.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { isIndexType } from "../../../src/oci/media-type.ts";
import { readManifest } from "../check-manifest.ts";
import { problem } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { Route } from "../names.ts";
import type { RepositoryState, StoredManifest } from "../state.ts";
import type { World } from "./world.ts";

/** What the registry refuses by rules of the project. Source: container-registry, `registry/handlers/manifests.go`. */
export function refusedByRule(
  world: World,
  { method }: FakeRequest,
  { name, reference }: Route & { readonly kind: "manifest" },
): FakeResponse | undefined {
  const repository = world.state.repositories.get(name);
  if (repository === undefined) return undefined;
  if (method === "PUT") {
    if (!repository.tags.has(reference) || !world.freezes(reference)) return undefined;
    return problem(400, { code: "IMMUTABLE_TAG", message: `tag "${reference}" is immutable` });
  }
  if (method !== "DELETE") return undefined;
  if (!isDigest(reference)) {
    if (!repository.tags.has(reference)) return undefined;
    if (world.protects(reference))
      return problem(401, { code: "PROTECTED_TAG", message: "tag is protected" });
    return world.freezes(reference)
      ? problem(401, { code: "IMMUTABLE_TAG", message: "tag is immutable" })
      : undefined;
  }
  if (world.hasRules)
    return problem(401, { code: "PROTECTED_MANIFEST", message: "manifest is protected" });
  if (!repository.manifests.has(reference) || !isNamed(repository, reference)) return undefined;
  return problem(409, {
    code: "MANIFEST_REFERENCED",
    message: "manifest referenced by a manifest list",
  });
}

/** Online garbage collection, without its review delay: what no tag and no index names goes. */
export function collect(repository: RepositoryState, candidates: readonly Digest[]): void {
  for (const digest of candidates) {
    const manifest = repository.manifests.get(digest);
    if (manifest === undefined || isNamed(repository, digest)) continue;
    if ([...repository.tags.values()].includes(digest)) continue;
    repository.manifests.delete(digest);
    collect(repository, childrenOf(manifest));
  }
}

export function childrenOf(manifest: StoredManifest | undefined): readonly Digest[] {
  if (manifest === undefined || !isIndexType(manifest.mediaType)) return [];
  return readManifest(manifest).children.map(({ digest }) => digest);
}

function isNamed({ manifests }: RepositoryState, digest: Digest): boolean {
  return [...manifests.values()].some(
    (manifest) =>
      isIndexType(manifest.mediaType) &&
      readManifest(manifest).children.some((child) => child.digest === digest),
  );
}
