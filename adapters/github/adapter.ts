import { openDistribution } from "../../src/distribution/open-distribution.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  ManifestEntry,
  Registry,
  TagEntry,
} from "../../src/registry/registry.ts";
import { createAccess } from "./access.ts";
import { addressOf } from "./address.ts";
import type { Address } from "./address.ts";
import { capabilities, dockerCapabilities, oldDockerCapabilities } from "./capabilities.ts";
import { createClient } from "./client.ts";
import { createDeletion } from "./deletion.ts";
import { createPackages } from "./packages.ts";
import { listRepositories } from "./repositories.ts";
import { createRights } from "./rights.ts";
import { createUndelete } from "./undelete.ts";
import { createUntag } from "./untag.ts";
import { createVersions } from "./versions.ts";

export { capabilities };

const RECORDS: Readonly<Record<Address["serves"], Capabilities>> = {
  containers: capabilities,
  docker: dockerCapabilities,
  "old-docker": oldDockerCapabilities,
};

/**
 * GitHub's container registry: OCI Distribution for content, the Packages API for listing and deletion. It answers
 * `DELETE` of a manifest with 405: what goes is a version of the package, with every tag on it.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const address = addressOf(context);
  const access = createAccess(context, address);
  const own = { ...context, credentials: access.credentials };
  const record = RECORDS[address.serves];
  const base = await openDistribution(own, { capabilities: record });
  const client = createClient(own, address, access);
  if (address.serves === "old-docker") {
    const { openOldDocker } = await import("./old-docker.ts");
    return openOldDocker({ base, client, address });
  }
  const packages = createPackages(client, access, address);
  const versions = createVersions(client, packages);
  const deletion = createDeletion({
    context,
    client,
    packages,
    versions,
    images: base,
  });

  return {
    ...base,
    listTags,
    listManifests,
    listRepositories: (namespace, options) =>
      listRepositories({ client, packages }, { host: context.host, name: namespace }, options),
    deleteManifests: deletion.deleteManifests,
    deleteTags: createUntag({ context, images: base, versions, deletion }),
    undelete: createUndelete({ client, packages, versions, images: base }),
    checkRights: createRights({ client, packages, versions, access, base }),
  };

  async function* listTags(
    repository: Repository,
    options: CallOptions = {},
  ): AsyncGenerator<TagEntry> {
    options.signal?.throwIfAborted();
    if ((await access.token(repository.name)) === undefined) {
      context.warn(
        `${context.host}: without a token, tags are listed by name only; give one with --repo-github-token`,
      );
      return yield* base.listTags(repository, options);
    }
    const list = await versions.list(repository, options);
    if (list === undefined) return proveAbsence(repository, options);
    const listed = new Map<string, TagEntry>();
    for (const { digest, tags, pushedAt } of list) {
      for (const tag of tags) {
        const entry = { tag, digest, ...(pushedAt === undefined ? {} : { pushedAt }) };
        listed.set(tag, listed.has(tag) ? await ask(repository, tag, options) : entry);
      }
    }
    yield* listed.values();
  }

  async function* listManifests(
    repository: Repository,
    options: CallOptions = {},
  ): AsyncGenerator<ManifestEntry> {
    options.signal?.throwIfAborted();
    const list = await versions.list(repository, options);
    if (list === undefined) return proveAbsence(repository, options);
    for (const { digest, tags, pushedAt } of list) {
      yield { digest, tags, ...(pushedAt === undefined ? {} : { pushedAt }) };
    }
  }

  /** A list that lags may show a tag that moved on two versions; the registry knows. */
  async function ask(repository: Repository, tag: string, options: CallOptions): Promise<TagEntry> {
    const found = await base.resolve({ ...repository, tag }, options);
    return found === undefined ? { tag } : { tag, ...found };
  }

  /** GitHub hides by a 404 what a token may not see: a package with tags is there. */
  async function proveAbsence(repository: Repository, options: CallOptions): Promise<void> {
    for await (const { tag } of base.listTags(repository, options)) {
      throw new RegistryError(
        "denied",
        `${context.host}: cannot list tags of ${formatRepository(repository)}: denied (the API knows no such package, but the registry has its tag ${tag})`,
        { status: 404, hint: "Listing takes a classic token with read:packages." },
      );
    }
  }
}
