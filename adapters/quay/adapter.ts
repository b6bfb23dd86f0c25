import { unreadableCredentials } from "../../src/distribution/error-response.ts";
import { openDistribution, openWire } from "../../src/distribution/open-distribution.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext, CredentialSource } from "../../src/registry/adapter.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { RegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { readAccess } from "./access.ts";
import { capabilities, withoutToken } from "./capabilities.ts";
import { PAGE_SIZE, createQuayClient } from "./client.ts";
import type { QuayClient } from "./client.ts";
import { explainRefusal } from "./errors.ts";
import { listTags } from "./listing.ts";
import { refuseNewcomers } from "./newcomers.ts";
import { checkRights } from "./rights.ts";
import { withQuayScopes } from "./scopes.ts";
import { undelete } from "./undelete.ts";

export { capabilities };

/**
 * Quay: `/v2/` for content and deletions; with a token, its API for the list, which knows digests and times, and for
 * the time machine.
 */
export async function openRegistry(context: AdapterContext): Promise<Registry> {
  const { credentials, token, apiUrl, isNested } = readAccess(context);
  const own = { ...context, credentials, http: withQuayScopes(context.http) };
  const wire = openWire(own);
  const record = {
    ...(token === undefined ? withoutToken : capabilities),
    nestedRepositories: isNested,
    repositoryComponents: isNested ? 0 : 2,
  };
  const base = await openDistribution(own, { capabilities: record, tagPageSize: PAGE_SIZE }, wire);
  const client =
    token === undefined
      ? undefined
      : createQuayClient({ context, origin: wire.origin, apiUrl, token });

  return {
    ...base,

    listTags(repository, options = {}) {
      if (client !== undefined) return listTags(client, repository, options.signal);
      context.warn(
        `${context.host}: without quay-token, tags are listed without digests and times, and nothing can be undeleted`,
      );
      return base.listTags(repository, options);
    },

    listRepositories: (namespace, options = {}) =>
      client === undefined || namespace === ""
        ? base.listRepositories(namespace, options)
        : listRepositories(client, context.host, namespace, options.signal),

    async *deleteTags(repository, tags, options) {
      for await (const outcome of base.deleteTags(repository, tags, options)) {
        yield outcome.status === "failed"
          ? { ...outcome, error: explainRefusal(outcome.error) }
          : outcome;
      }
    },

    async *deleteManifests(repository, digests, options = {}) {
      const refused = await refusalsOf(repository, digests, options);
      for (const [digest, error] of refused) yield { digest, status: "failed", error };
      const open = digests.filter((digest) => !refused.has(digest));
      for await (const outcome of base.deleteManifests(repository, open, options)) {
        yield outcome.status === "failed"
          ? { ...outcome, error: explainRefusal(outcome.error) }
          : outcome;
      }
    },

    undelete: (repository, deleted, { signal } = {}) =>
      client === undefined
        ? base.undelete(repository, deleted)
        : undelete(client, base, repository, deleted, signal),

    async checkRights(repository, { signal } = {}) {
      signal?.throwIfAborted();
      const username = await usernameIn(credentials, context.host, repository.name);
      return checkRights({ client, base, repository, username, signal });
    },
  };

  /** Without a token, nothing tells which tags a manifest has. When it cannot be told, all of them stay. */
  async function refusalsOf(
    ...[repository, digests, options = {}]: Parameters<Registry["deleteManifests"]>
  ): Promise<ReadonlyMap<Digest, RegistryError>> {
    options.signal?.throwIfAborted();
    if (client === undefined) return new Map();
    try {
      return await refuseNewcomers(client, repository, digests, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      return new Map(digests.map((digest) => [digest, error]));
    }
  }
}

/** Of the namespace that the first part of the name is; its pages name the next one. */
async function* listRepositories(
  client: QuayClient,
  host: string,
  namespace: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Repository> {
  const [account = ""] = namespace.split("/");
  const pages = new Set<string>();
  const seen = new Set<string>();
  let next: string | undefined;
  do {
    const page = await client.repositories(account, next, signal);
    for (const found of page.repositories) {
      const name = `${found.namespace}/${found.name}`;
      if (seen.has(name)) continue;
      seen.add(name);
      if (isBelow(name, namespace)) yield { host, name };
    }
    next = page.next_page ?? undefined;
    if (next !== undefined && pages.has(next)) {
      throw client.nonsense({ host, name: namespace }, "the pages go round in a circle");
    }
    if (next !== undefined) pages.add(next);
  } while (next !== undefined);
}

async function usernameIn(
  credentials: CredentialSource,
  host: string,
  name: string,
): Promise<string | undefined> {
  try {
    const found = await credentials.find(host, name);
    return found?.kind === "password" ? found.username : undefined;
  } catch (error) {
    const purpose = { host, verb: "find credentials for", reference: `${host}/${name}` };
    throw unreadableCredentials({ ...purpose, scrub: (text) => text }, error);
  }
}
