import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type {
  CallOptions,
  DeletionOutcome,
  Registry,
  TagEntry,
  TagOutcome,
} from "../../src/registry/registry.ts";
import { apiUrl, createApi } from "./api.ts";
import type { GitlabApi, Graphql } from "./api.ts";
import { withBanGuard } from "./ban-guard.ts";
import { BATCH_SIZE, untagBatch } from "./batch-untagging.ts";
import { capabilities } from "./capabilities.ts";
import { identityOf, identityOfJob } from "./credentials.ts";
import type { Identity } from "./credentials.ts";
import { asRule } from "./errors.ts";
import { once } from "./once.ts";
import { findRepositoryId } from "./repository-id.ts";
import { findRest, listRepositoriesByApi } from "./rest.ts";
import { checkRightsOf } from "./rights.ts";
import { deleteByReference, deleteByRest, findUntagging } from "./tag-deletion.ts";
import type { Untagging } from "./tag-deletion.ts";
import { listTagsByApi } from "./tag-listing.ts";

export { capabilities };

/** The container registry of GitLab: OCI Distribution, and the API beside it where a token is there for it. */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const given = identityOf(context);
  const job = identityOfJob(context);
  const own = { ...withIdentity(context, given, job), http: withBanGuard(context.http) };
  const wire = openWire(own);
  const base = await openDistribution(own, { capabilities }, wire);
  const token = given.api ?? job.api;
  const openApi = once(() => findApi(own, token, wire));
  const graphqlOf = async (): Promise<Graphql | undefined> =>
    token?.kind === "access" ? (await openApi())?.graphql : undefined;
  const ids = new Map<string, Promise<string | undefined>>();
  const rest = async (repository: Repository, options: CallOptions) => {
    const api = await openApi();
    return api === undefined ? undefined : findRest(api, repository, options);
  };
  let untagging: Untagging | undefined;
  let hasBatches = true;

  return {
    ...base,
    async learn(repository, options = {}) {
      if (options.only !== undefined) return base.learn(repository, options);
      const way = await waysOf(repository, options);
      const tagDeletion = way === "reference" || way === "rest" ? "native" : way;
      return Object.freeze({ ...(await base.learn(repository, options)), tagDeletion });
    },
    listTags,
    async *listRepositories(namespace, options = {}) {
      options.signal?.throwIfAborted();
      const api = await openApi();
      if (api === undefined || namespace === "")
        return yield* base.listRepositories(namespace, options);
      yield* listRepositoriesByApi(api, { host: context.host, name: namespace }, options);
    },
    async putManifest(...call) {
      try {
        return await base.putManifest(...call);
      } catch (error) {
        throw isRegistryError(error) ? asRule(error) : error;
      }
    },
    deleteTags,
    async *deleteManifests(repository, digests, options) {
      for await (const outcome of base.deleteManifests(repository, digests, options)) {
        yield settledByRule(outcome);
      }
    },
    async checkRights(repository, options) {
      options?.signal?.throwIfAborted();
      return checkRightsOf(base, await openApi(), repository, options);
    },
  };

  async function* listTags(
    repository: Repository,
    options: CallOptions = {},
  ): AsyncGenerator<TagEntry> {
    options.signal?.throwIfAborted();
    const found = await listing(repository, options);
    if (found === undefined) return yield* base.listTags(repository, options);
    yield* listTagsByApi(found.graphql, repository, found.id, options);
  }

  /** `undefined`: the API does not serve this repository to us; the registry itself tells whether it is there. */
  async function listing(
    repository: Repository,
    options: CallOptions,
  ): Promise<{ readonly graphql: Graphql; readonly id: string } | undefined> {
    const graphql = await graphqlOf();
    if (graphql === undefined) return undefined;
    try {
      const id = await idOf(graphql, repository, options);
      return id === undefined ? undefined : { graphql, id };
    } catch (error) {
      if (!isRegistryError(error, "unauthorized", "denied", "unsupported", "not-found"))
        throw error;
      context.warn(
        `tags of ${formatRepository(repository)} are listed without digests and times, which takes a request for each tag: ${error.message}`,
      );
      return undefined;
    }
  }

  async function* deleteTags(
    repository: Repository,
    tags: readonly string[],
    options: CallOptions = {},
  ): AsyncGenerator<TagOutcome> {
    options.signal?.throwIfAborted();
    if (tags.length === 0) return;
    const left: string[] = [];
    for await (const { deleted, others } of batches(repository, tags, options)) {
      for (const tag of deleted) yield { tag, status: "deleted" };
      left.push(...others);
    }
    yield* deleteSingly(repository, left, options);
  }

  /** By OCI, unless the server is known for, or shows itself as, one from before it could. */
  async function* deleteSingly(
    repository: Repository,
    tags: readonly string[],
    options: CallOptions,
  ): AsyncGenerator<TagOutcome> {
    if (untagging === "reference" || untagging === "rest") {
      return yield* deleteInOldWay(untagging, repository, tags, options);
    }
    const refused: Extract<TagOutcome, { readonly status: "failed" }>[] = [];
    for await (const outcome of base.deleteTags(repository, tags, options)) {
      const isOld = outcome.status === "failed" && outcome.error.code === "unsupported";
      if (isOld) refused.push(outcome);
      else yield settledByRule(outcome);
    }
    if (refused.length === 0) return;
    const way = await waysOf(repository, options).catch((error: unknown) => {
      if (!isRegistryError(error)) throw error;
      return "none" as const;
    });
    const again = refused.map(({ tag }) => tag);
    if (way === "reference" || way === "rest")
      yield* deleteInOldWay(way, repository, again, options);
    else yield* refused;
  }

  async function* deleteInOldWay(
    way: "reference" | "rest",
    repository: Repository,
    tags: readonly string[],
    options: CallOptions,
  ): AsyncGenerator<TagOutcome> {
    if (way === "reference") return yield* deleteByReference(base, wire, repository, tags, options);
    const found = await rest(repository, options);
    if (found !== undefined) return yield* deleteByRest(base, found, repository, tags, options);
    yield* base.deleteTags(repository, tags, options);
  }

  /** What one mutation each removed, and what is left to be removed one by one. */
  async function* batches(
    repository: Repository,
    tags: readonly string[],
    options: CallOptions,
  ): AsyncGenerator<Batch> {
    const found = hasBatches && tags.length > 1 ? await listing(repository, options) : undefined;
    if (found === undefined) return yield { deleted: [], others: tags };
    const groups = Array.from({ length: Math.ceil(tags.length / BATCH_SIZE) }, (_, at) =>
      tags.slice(at * BATCH_SIZE, (at + 1) * BATCH_SIZE),
    );
    yield* settleAll(groups, async (group): Promise<Batch> => {
      if (!hasBatches) return { deleted: [], others: group };
      const deleted = await untagBatch(found.graphql, repository, found.id, group, options);
      if (deleted === undefined) hasBatches = false;
      return {
        deleted: deleted ?? [],
        others: group.filter((tag) => deleted?.includes(tag) !== true),
      };
    });
  }

  async function waysOf(repository: Repository, options: CallOptions): Promise<Untagging> {
    untagging ??= await findUntagging(base, wire, rest, repository, options);
    return untagging;
  }

  async function idOf(
    graphql: Graphql,
    repository: Repository,
    options: CallOptions,
  ): Promise<string | undefined> {
    const { name } = repository;
    const known = ids.get(name) ?? findRepositoryId(graphql, repository, options);
    ids.set(name, known);
    try {
      const id = await known;
      // A repository that is not there yet may be made by a push.
      if (id === undefined) ids.delete(name);
      return id;
    } catch (error) {
      ids.delete(name);
      throw error;
    }
  }
}

interface Batch {
  readonly deleted: readonly string[];
  readonly others: readonly string[];
}

/** Options win, then what docker's configuration holds, then the token of the job we run in. */
function withIdentity(context: AdapterContext, given: Identity, job: Identity): AdapterContext {
  const { credentials } = context;
  return {
    ...context,
    credentials: {
      async find(host, name) {
        if (host !== context.host) return credentials.find(host, name);
        return given.registry ?? (await credentials.find(host, name)) ?? job.registry;
      },
    },
  };
}

async function findApi(
  context: AdapterContext,
  token: Identity["api"],
  wire: Wire,
): Promise<GitlabApi | undefined> {
  if (token === undefined) return undefined;
  const url = await apiUrl(context, wire);
  if (url === undefined) {
    context.warn(
      `${context.host} does not tell where its GitLab is, so its API is not used; name it with the option gitlab-api-url`,
    );
    return undefined;
  }
  return createApi(context, token, url);
}

function settledByRule<Outcome extends TagOutcome | DeletionOutcome>(outcome: Outcome): Outcome {
  return outcome.status === "deleted" ? outcome : { ...outcome, error: asRule(outcome.error) };
}
