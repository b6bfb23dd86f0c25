import type { Digest } from "../../src/oci/digest.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import type { CallOptions, Registry, TagEntry } from "../../src/registry/registry.ts";

/** Where each tag pointed when it was last seen: a tag is removed from that artifact or not at all. */
export interface KnownTags {
  /** `undefined`: it was not seen, or not with its digest. */
  digestOf(repository: Repository, tag: string): Digest | undefined;
  note(repository: Repository, entry: Pick<TagEntry, "tag" | "digest">): void;
  /** The methods that tell where a tag points, listening. */
  listen<T extends Pick<Registry, "resolve" | "getManifest" | "putManifest">>(registry: T): T;
}

export function createKnownTags(): KnownTags {
  const repositories = new Map<string, Map<string, Digest>>();

  function note(repository: Repository, { tag, digest }: Pick<TagEntry, "tag" | "digest">): void {
    const key = formatRepository({ host: repository.host, name: repository.name });
    const tags = repositories.get(key) ?? new Map<string, Digest>();
    repositories.set(key, tags);
    if (digest === undefined) tags.delete(tag);
    else tags.set(tag, digest);
  }

  function noteReference(reference: Reference, digest: Digest | undefined): void {
    if (!("tag" in reference)) return;
    note(reference, { tag: reference.tag, ...(digest === undefined ? {} : { digest }) });
  }

  return {
    digestOf: ({ host, name }, tag) => repositories.get(formatRepository({ host, name }))?.get(tag),
    note,
    listen: (registry) => ({
      ...registry,
      async resolve(reference: Reference, options?: CallOptions) {
        const found = await registry.resolve(reference, options);
        noteReference(reference, found?.digest);
        return found;
      },
      async getManifest(reference: Reference, options?: CallOptions) {
        const found = await registry.getManifest(reference, options);
        noteReference(reference, found.digest);
        return found;
      },
      async putManifest(...[reference, body, options]: Parameters<Registry["putManifest"]>) {
        const stored = await registry.putManifest(reference, body, options);
        noteReference(reference, stored.digest);
        return stored;
      },
    }),
  };
}
