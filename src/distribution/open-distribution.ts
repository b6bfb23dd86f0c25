import type { AdapterContext } from "../registry/adapter.ts";
import type { Capabilities } from "../registry/capabilities.ts";
import { RegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import { cannotCopy, cannotListManifests, cannotUndelete } from "../registry/unsupported.ts";
import { createAuthorizer } from "./authorizer.ts";
import { createBlobs } from "./blobs.ts";
import { createConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { createDeletion } from "./deletion.ts";
import { createManifests } from "./manifests.ts";
import { createOrigin } from "./origin.ts";
import type { Origin } from "./origin.ts";
import { createReferrers } from "./referrers.ts";
import { listRepositories } from "./repositories.ts";
import { checkRights } from "./rights.ts";
import { listTags } from "./tag-list.ts";

export interface DistributionOptions {
  readonly capabilities: Capabilities;
  /** Tags asked for in one page; default 1000. */
  readonly tagPageSize?: number;
}

/** The way to one registry, for adapters that send more than OCI Distribution knows. */
export interface Wire {
  /** Requests without authorisation, or with one of the caller's own. */
  readonly origin: Origin;
  /** Requests authorised as the registry asks for it. */
  readonly connection: Connection;
}

export interface WireOptions {
  /** See `AuthorizerOptions.deleteActions`. */
  readonly deleteActions?: readonly string[];
}

/** Sends nothing by itself: scheme and authorisation are found out by the first request. */
export function openWire(
  { host, http, credentials, now, ...context }: AdapterContext,
  { deleteActions }: WireOptions = {},
): Wire {
  const { protocol, challenges } = context.greeting ?? {};
  const origin = createOrigin({ host, http, insecure: context.insecure ?? false, protocol });
  const authorizer = createAuthorizer({
    host,
    http,
    origin,
    credentials,
    now,
    challenges,
    deleteActions,
  });
  return { origin, connection: createConnection(host, origin, authorizer) };
}

/**
 * A registry over the OCI Distribution API, version 1.1. Adapters build on it: `{ ...base, … }`.
 *
 * Sends nothing by itself: what a `probe` capability stands for is found out by the first request that needs it.
 */
export async function openDistribution(
  context: AdapterContext,
  { capabilities, tagPageSize }: DistributionOptions,
  { connection }: Wire = openWire(context),
): Promise<Registry> {
  const { host } = context;
  const manifests = createManifests(connection);
  const referrers = createReferrers(connection, manifests, capabilities.referrers);
  const deletion = createDeletion(connection, manifests, capabilities);

  return {
    host,
    capabilities,
    async learn(repository, { only, ...options } = {}) {
      return Object.freeze({
        ...capabilities,
        ...(only === undefined
          ? { tagDeletion: await deletion.learn(repository, options) }
          : undefined),
        referrers: await referrers.learn(repository, options),
      });
    },
    listTags: (repository, { signal } = {}) =>
      listTags(connection, repository, {
        ...(signal === undefined ? {} : { signal }),
        ...(tagPageSize === undefined ? {} : { pageSize: tagPageSize }),
      }),
    listManifests: (repository) => cannotListManifests(repository),
    listRepositories: (namespace, options) =>
      listRepositories(connection, { host, name: namespace }, options),
    async createRepository(_repository, { signal } = {}) {
      signal?.throwIfAborted();
    },
    resolve: manifests.resolve,
    getManifest: manifests.getManifest,
    putManifest: manifests.putManifest,
    ...createBlobs(connection, {
      chunkedUploads: capabilities.chunkedUploads,
      sleep: context.sleep,
    }),
    copyFrom: (target, from) => cannotCopy(target, from),
    listReferrers: referrers.listReferrers,
    deleteTags: deletion.deleteTags,
    deleteManifests: deletion.deleteManifests,
    undelete: (repository) => cannotUndelete(repository),
    checkRights: (repository, options) => checkRights(connection, repository, options),
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
