import { attempt, deletionOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference, formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import type { Packages } from "./packages.ts";
import type { PackageVersion } from "./schema.ts";
import type { Versions } from "./versions.ts";

export interface Deletion {
  readonly deleteManifests: Registry["deleteManifests"];
  /** The version of a manifest as it is now, waited for when the list lags; `undefined` when the manifest is gone. */
  find(
    repository: Repository,
    digest: Digest,
    lookup: Lookup,
    options: CallOptions,
  ): Promise<PackageVersion | undefined>;
  /** A list of versions that is read once, when it is needed. */
  lookup(repository: Repository, options: CallOptions): Lookup;
  /** Deletes a version whose tags were looked at. Rejects with `RegistryError`. */
  deleteVersion(
    repository: Repository,
    version: PackageVersion,
    options: CallOptions,
  ): Promise<void>;
}

export interface Lookup {
  find(digest: Digest): Promise<PackageVersion | undefined>;
}

export interface DeletionParts {
  readonly context: AdapterContext;
  readonly client: GithubClient;
  readonly packages: Packages;
  readonly versions: Versions;
  readonly images: Pick<Registry, "resolve" | "listTags">;
}

/** How long the list of versions is given to show what the registry has. How long it lags is not documented. */
export const LAG_DELAYS_MS: readonly number[] = [1000, 2000, 4000, 8000, 16_000, 30_000];

export function createDeletion({
  context,
  client,
  packages,
  versions,
  images,
}: DeletionParts): Deletion {
  const deletesPackages = context.options["github-delete-packages"] === "true";

  return {
    async *deleteManifests(repository, digests, { tags, ...options } = {}) {
      options.signal?.throwIfAborted();
      const list = lookup(repository, options);
      yield* settleAll(digests, async (digest) => {
        const error = await attempt(options, async () => {
          const version = await find(repository, digest, list, options);
          if (version === undefined) return;
          refuseOtherTags(repository, version, tags?.get(digest));
          await deleteVersion(repository, version, options);
        });
        return deletionOutcome(digest, error);
      });
    },
    find,
    lookup,
    deleteVersion,
  };

  function lookup(repository: Repository, options: CallOptions): Lookup {
    let reading: Promise<ReadonlyMap<Digest, PackageVersion>> | undefined;
    const read = async (): Promise<ReadonlyMap<Digest, PackageVersion>> => {
      const list = (await versions.list(repository, options)) ?? [];
      return new Map(list.map((version) => [version.digest, version]));
    };
    return {
      async find(digest) {
        reading ??= read();
        return (await reading).get(digest);
      },
    };
  }

  /** A version that the list told of is read again: since then, a tag may have come. */
  async function find(
    repository: Repository,
    digest: Digest,
    list: Lookup,
    options: CallOptions,
  ): Promise<PackageVersion | undefined> {
    const id = versions.idOf(repository, digest) ?? (await list.find(digest))?.id;
    const version = id === undefined ? undefined : await versions.read(repository, id, options);
    if (version?.digest === digest) return version;
    return findLagging(repository, digest, options);
  }

  async function findLagging(
    repository: Repository,
    digest: Digest,
    options: CallOptions,
  ): Promise<PackageVersion | undefined> {
    for (const delayMs of [0, ...LAG_DELAYS_MS]) {
      if (delayMs > 0) await context.sleep(delayMs, options.signal);
      if ((await images.resolve({ ...repository, digest }, options)) === undefined)
        return undefined;
      const recent = await versions.listRecent(repository, options);
      const found = recent.find((version) => version.digest === digest);
      if (found !== undefined) return found;
    }
    const list = await versions.list(repository, options);
    const found = list?.find((version) => version.digest === digest);
    if (found !== undefined) return versions.read(repository, found.id, options);
    const reference = formatReference({ ...repository, digest });
    throw new RegistryError(
      "denied",
      `${context.host}: cannot delete ${reference}: denied (it is there, but no version of the package shows it)`,
      {
        hint: "GitHub hides by a 404 what a token may not see; it needs read:packages and delete:packages.",
      },
    );
  }

  async function deleteVersion(
    repository: Repository,
    version: PackageVersion,
    options: CallOptions,
  ): Promise<void> {
    const path = (await packages.packagePath(repository, options)) ?? "";
    const call = callFor(repository, version, `${path}/versions/${version.id}`, options);
    const answer = await client.call({ ...call, accept: [204, 400, 404] });
    if (answer.status === 204) return;
    const refusal = client.refusal(call, answer);
    if (answer.status === 400) {
      if (deletesPackages && (await isAlone(repository, version, options))) {
        return deletePackage(repository, version, path, options);
      }
      throw refusal;
    }
    // Gone meanwhile, or hidden from whoever may not delete it.
    if ((await versions.read(repository, version.id, options)) !== undefined) {
      throw asHidden(refusal);
    }
  }

  /**
   * Whether a package holds this version and nothing else, under the tags that were looked at. The registry is asked too:
   * the API learns of a push later.
   */
  async function isAlone(
    repository: Repository,
    { id, tags }: PackageVersion,
    options: CallOptions,
  ): Promise<boolean> {
    const [only, ...others] = (await versions.list(repository, options)) ?? [];
    if (others.length > 0 || only?.id !== id) return false;
    if (!only.tags.every((tag) => tags.includes(tag))) return false;
    for await (const { tag } of images.listTags(repository, options)) {
      if (!tags.includes(tag)) return false;
    }
    return true;
  }

  async function deletePackage(
    repository: Repository,
    { id }: PackageVersion,
    target: string,
    options: CallOptions,
  ): Promise<void> {
    const call: GithubCall = {
      method: "DELETE",
      target,
      verb: "delete the package of",
      reference: formatRepository(repository),
      accept: [204, 404],
      repositoryName: repository.name,
      signal: options.signal,
    };
    const answer = await client.call(call);
    if (answer.status === 204) return;
    if ((await versions.read(repository, id, options)) === undefined) return;
    throw asHidden(client.refusal(call, answer));
  }
}

/** A version goes with all its tags: one that the caller does not know keeps it. */
export function refuseOtherTags(
  repository: Repository,
  { digest, tags }: PackageVersion,
  known: readonly string[] | undefined,
): void {
  const other = known === undefined ? undefined : tags.find((tag) => !known.includes(tag));
  if (other === undefined) return;
  throw new RegistryError(
    "conflict",
    `${repository.host}: cannot delete ${formatReference({ ...repository, digest })}: conflict (it has the tag ${other} too)`,
    { hint: "A version goes with all its tags, so it stays." },
  );
}

function callFor(
  repository: Repository,
  { digest }: PackageVersion,
  target: string,
  { signal }: CallOptions,
): GithubCall {
  return {
    method: "DELETE",
    target,
    verb: "delete",
    reference: formatReference({ ...repository, digest }),
    repositoryName: repository.name,
    signal,
  };
}

/** A 404 for what is there all the same. */
function asHidden({ message, status }: RegistryError): RegistryError {
  return new RegistryError(
    "denied",
    message.replace(": not-found (", ": denied (it is still there, though the answer was "),
    {
      ...(status === undefined ? {} : { status }),
      hint: "Deleting takes delete:packages, or for GITHUB_TOKEN the role Admin on the package.",
    },
  );
}
