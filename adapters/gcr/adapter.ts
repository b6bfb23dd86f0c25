import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import { artifactRegistryCapabilities, capabilities } from "./capabilities.ts";
import { googleCredentials } from "./credentials.ts";
import { asRule } from "./errors.ts";
import { createManifestDeletion } from "./manifest-deletion.ts";
import { walkRepositories } from "./repositories.ts";
import { checkRightsOf } from "./rights.ts";
import { manifestsIn, readListing } from "./tag-listing.ts";
import type { Listing } from "./tag-listing.ts";

export { capabilities };

/** Container Registry names and Artifact Registry: OCI Distribution with a listing that tells everything. */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const credentials = googleCredentials(context);
  const own = { ...context, credentials };
  const wire = openWire(own);
  const isPackages = context.host.endsWith("-docker.pkg.dev");
  const record = isPackages ? artifactRegistryCapabilities : capabilities;
  const base = await openDistribution(own, { capabilities: record }, wire);
  const read = (repository: Repository, options: CallOptions): Promise<Listing> =>
    readListing(wire.connection, repository, options);

  return {
    ...base,
    async *listTags(repository, options = {}) {
      options.signal?.throwIfAborted();
      const { tags } = await read(repository, options);
      yield* tags.values();
    },
    async *listManifests(repository, options = {}) {
      options.signal?.throwIfAborted();
      yield* manifestsIn(repository, await read(repository, options));
    },
    async *listRepositories(namespace, options = {}) {
      options.signal?.throwIfAborted();
      yield* walkRepositories({ host: context.host, name: namespace }, read, options);
    },
    async putManifest(...call) {
      try {
        return await base.putManifest(...call);
      } catch (error) {
        throw isRegistryError(error) ? asRule(error) : error;
      }
    },
    async *deleteTags(repository, tags, options) {
      for await (const outcome of base.deleteTags(repository, tags, options)) {
        yield outcome.status === "deleted" ? outcome : { ...outcome, error: asRule(outcome.error) };
      }
    },
    deleteManifests: createManifestDeletion({ base, read, now: context.now }),
    async checkRights(repository, options) {
      return checkRightsOf(base, credentials.identity, repository, options);
    },
  };
}
