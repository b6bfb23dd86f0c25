import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { QuayClient } from "./client.ts";
import { scopeFor } from "./errors.ts";

export interface RightsOptions {
  readonly client: QuayClient | undefined;
  readonly base: Pick<Registry, "checkRights" | "listTags">;
  readonly repository: Repository;
  /** Whose credentials `/v2/` gets. */
  readonly username: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * What the token and the credentials may do.
 *
 * Leave to push is not asked for in a repository that is not there: the token service makes it on being asked.
 * Source: quay/quay `endpoints/v2/v2auth.py`.
 */
export async function checkRights(options: RightsOptions): Promise<Rights> {
  const { client, base, repository, username, signal } = options;
  const call = signal === undefined ? {} : { signal };
  const owner = await client?.owner(signal).catch(onlyRefusals);
  const identity = owner ?? username;
  const whose = identity === undefined ? {} : { identity };
  const names = await attempt(() => isListed(base, repository, signal));
  const page =
    client === undefined ? undefined : await attempt(() => client.tags(repository, 1, signal));
  const list =
    page === undefined ? names.state : named(page.state, `${scopeFor("GET")} of the token`);
  if (names.value !== true && page?.value === undefined) {
    const why =
      names.value === false
        ? "the repository is not there, and Quay makes it when leave to push is asked for"
        : "the repository cannot be read";
    const unknown: RightState = { status: "unknown", why };
    return { ...whose, list, read: names.state, push: unknown, delete: unknown };
  }
  const found = await base.checkRights(repository, call);
  return {
    ...whose,
    list,
    read: named(found.read, "Read permission on the repository"),
    push: named(found.push, "Write permission on the repository"),
    delete: named(found.delete, "Write permission on the repository"),
  };

  async function attempt<T>(
    ask: () => Promise<T>,
  ): Promise<{ readonly state: RightState; readonly value?: T }> {
    try {
      return { state: { status: "granted" }, value: await ask() };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      const isRefusal = error.code === "denied" || error.code === "unauthorized";
      return {
        state: isRefusal
          ? { status: "refused", missing: `Read permission on the repository (${error.message})` }
          : { status: "unknown", why: error.message },
      };
    }
  }

  /** Whose token it is, is nice to know and no more. */
  function onlyRefusals(error: unknown): undefined {
    signal?.throwIfAborted();
    if (!isRegistryError(error)) throw error;
    return undefined;
  }
}

/** Whether the repository has tags, as far as `/v2/` tells; an empty one cannot be told from none. */
async function isListed(
  base: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const _ of base.listTags(repository, signal === undefined ? {} : { signal }))
    return true;
  return false;
}

function named(state: RightState, right: string): RightState {
  return state.status === "refused" ? { ...state, missing: `${right}: ${state.missing}` } : state;
}
