import { attempt, undeleteOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, DeletedManifest, Registry } from "../../src/registry/registry.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import type { Packages } from "./packages.ts";
import type { PackageVersion } from "./schema.ts";
import type { Versions } from "./versions.ts";

export interface UndeleteParts {
  readonly client: GithubClient;
  readonly packages: Packages;
  readonly versions: Versions;
  readonly images: Pick<Registry, "resolve" | "getManifest" | "putManifest">;
}

/** Restores versions, with their tags. Source: GitHub Docs, "Restore package version": within 30 days. */
export function createUndelete(parts: UndeleteParts): Registry["undelete"] {
  const { client, packages, versions, images } = parts;

  return async function* undelete(repository, deleted, options = {}) {
    options.signal?.throwIfAborted();
    let listing: Promise<ReadonlyMap<Digest, PackageVersion>> | undefined;
    yield* settleAll(deleted, async (manifest) => {
      const { digest } = manifest;
      const error = await attempt(options, async () => {
        listing ??= listDeleted(repository, options);
        await restore(repository, manifest, (await listing).get(digest), options);
      });
      return undeleteOutcome(digest, error);
    });
  };

  /** A package that went with its last version comes back first. */
  async function listDeleted(
    repository: Repository,
    options: CallOptions,
  ): Promise<ReadonlyMap<Digest, PackageVersion>> {
    const list = await versions.listDeleted(repository, options);
    const known = list ?? (await restorePackage(repository, options));
    return new Map(known.map((version) => [version.digest, version]));
  }

  async function restorePackage(
    repository: Repository,
    options: CallOptions,
  ): Promise<readonly PackageVersion[]> {
    const path = await packages.packagePath(repository, options);
    if (path === undefined) return [];
    const answer = await client.call({
      ...callFor(`${path}/restore`, formatRepository(repository), repository, options),
      accept: [204, 404],
    });
    if (answer.status === 404) return [];
    return (await versions.listDeleted(repository, options)) ?? [];
  }

  async function restore(
    repository: Repository,
    { digest, tags }: DeletedManifest,
    version: PackageVersion | undefined,
    options: CallOptions,
  ): Promise<void> {
    const reference = formatReference({ ...repository, digest });
    if (version !== undefined) {
      const path = (await packages.packagePath(repository, options)) ?? "";
      const target = `${path}/versions/${version.id}/restore`;
      await client.call({ ...callFor(target, reference, repository, options), accept: [204] });
    } else if ((await images.resolve({ ...repository, digest }, options)) === undefined) {
      throw new RegistryError(
        "not-found",
        `${repository.host}: cannot undelete ${reference}: not-found (it is not among the deleted versions)`,
        { hint: "GitHub keeps deleted versions for 30 days." },
      );
    }
    for (const tag of tags) await bringBack(repository, digest, tag, options);
  }

  /** A tag that came back with its version is left as it is; one that points elsewhere by now too. */
  async function bringBack(
    repository: Repository,
    digest: Digest,
    tag: string,
    options: CallOptions,
  ): Promise<void> {
    const now = await images.resolve({ ...repository, tag }, options);
    if (now?.digest === digest) return;
    if (now === undefined) {
      const body = await images.getManifest({ ...repository, digest }, options);
      await images.putManifest({ ...repository, tag }, body, options);
      return;
    }
    const reference = formatReference({ ...repository, tag });
    throw new RegistryError(
      "conflict",
      `${repository.host}: cannot undelete ${reference}: conflict (the tag points at ${now.digest} by now; ${digest} is back without it)`,
    );
  }
}

function callFor(
  target: string,
  reference: string,
  { name }: Repository,
  { signal }: CallOptions,
): GithubCall {
  return {
    method: "POST",
    target,
    verb: "undelete",
    reference,
    repositoryName: name,
    signal,
  };
}
