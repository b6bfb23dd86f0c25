import type { AdapterContext } from "../registry/adapter.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import { RegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import { createAuthorizer } from "./authorizer.ts";
import { createBlobs } from "./blobs.ts";
import { createConnection } from "./connection.ts";
import { createDeletion } from "./deletion.ts";
import { createManifests } from "./manifests.ts";
import { createOrigin } from "./origin.ts";
import { createReferrers } from "./referrers.ts";
import { listTags } from "./tag-list.ts";

export interface DistributionOptions {
  readonly capabilities: Capabilities;
  /** Tags asked for in one page; default 1000. */
  readonly tagPageSize?: number;
}

/**
 * A registry over the OCI Distribution API, version 1.1. Adapters build on it: `{ ...base, … }`.
 *
 * Sends nothing by itself: scheme, authorisation and what a `probe` capability stands for are found out by the
 * first request that needs them.
 */
export async function openDistribution(
  context: AdapterContext,
  { capabilities, tagPageSize }: DistributionOptions,
): Promise<Registry> {
  const { host, http, credentials, now } = context;
  const origin = createOrigin({ host, http, insecure: context.insecure ?? false });
  const authorizer = createAuthorizer({ host, http, origin, credentials, now });
  const connection = createConnection(host, origin, authorizer);
  const manifests = createManifests(connection);
  const referrers = createReferrers(connection, manifests, capabilities.referrers);
  const deletion = createDeletion(connection, manifests, capabilities);

  return {
    host,
    capabilities,
    async learn(repository, options) {
      return Object.freeze({
        ...capabilities,
        tagDeletion: await deletion.learn(repository, options),
        referrers: await referrers.learn(repository, options),
      });
    },
    listTags: (repository, { signal } = {}) =>
      listTags(connection, repository, {
        ...(signal === undefined ? {} : { signal }),
        ...(tagPageSize === undefined ? {} : { pageSize: tagPageSize }),
      }),
    resolve: manifests.resolve,
    getManifest: manifests.getManifest,
    putManifest: manifests.putManifest,
    ...createBlobs(connection),
    listReferrers: referrers.listReferrers,
    deleteTags: deletion.deleteTags,
    deleteManifests: deletion.deleteManifests,
    async collectGarbage({ host, name }) {
      throw new RegistryError(
        "unsupported",
        `${host}: cannot collect garbage of ${host}/${name}: unsupported (the registry does that itself)`,
      );
    },
    // Connections belong to whoever opened the door.
    async [Symbol.asyncDispose]() {},
  };
}
