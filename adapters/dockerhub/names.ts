import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";

/** The same registry for repositories as people write them: `library/` is spelled out, deeper names are refused. */
export function withSpelledNames(registry: Registry): Registry {
  return {
    ...registry,
    learn: async (repository, options) => registry.learn(spelled(repository), options),
    async *listTags(repository, options) {
      yield* registry.listTags(spelled(repository), options);
    },
    resolve: async (reference, options) => registry.resolve(spelled(reference), options),
    getManifest: async (reference, options) => registry.getManifest(spelled(reference), options),
    putManifest: async (reference, body, options) =>
      registry.putManifest(spelled(reference), body, options),
    hasBlob: async (repository, digest, options) =>
      registry.hasBlob(spelled(repository), digest, options),
    getBlob: async (repository, digest, options) =>
      registry.getBlob(spelled(repository), digest, options),
    putBlob: async (repository, blob, content, options) =>
      registry.putBlob(spelled(repository), blob, content, options),
    mountBlob: async (repository, digest, from, options) =>
      registry.mountBlob(spelled(repository), digest, spelled(from), options),
    async *listReferrers(subject, options) {
      yield* registry.listReferrers(spelled(subject), options);
    },
    async *deleteTags(repository, tags, options) {
      yield* registry.deleteTags(spelled(repository), tags, options);
    },
    async *deleteManifests(repository, digests, options) {
      yield* registry.deleteManifests(spelled(repository), digests, options);
    },
    checkRights: async (repository, options) => registry.checkRights(spelled(repository), options),
  };
}

/** `shop` → `library/shop`. Throws `RegistryError` (`invalid`) for a name of more than two parts. */
function spelled<T extends Repository>(reference: T): T {
  const { host, name } = reference;
  const parts = name.split("/");
  if (parts.length === 2) return reference;
  if (parts.length === 1) return { ...reference, name: `library/${name}` };
  throw new RegistryError(
    "invalid",
    `${host}: cannot serve ${host}/${name}: invalid (a name on Docker Hub is namespace/repository)`,
  );
}
