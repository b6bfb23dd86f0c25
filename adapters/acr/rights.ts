import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { AcrClient } from "./client.ts";

/** The registry's rights, under the names that Azure has for what is missing. */
export async function checkAcrRights(
  { base, client }: { readonly base: Registry; readonly client: AcrClient },
  repository: Repository,
  options: CallOptions,
): Promise<Rights> {
  const rights = await base.checkRights(repository, options);
  return {
    ...rights,
    list: named(await tryListing(), "role AcrPull, or metadata/read in the token's scope map"),
    read: named(rights.read, "role AcrPull, or content/read in the token's scope map"),
    push: named(rights.push, "role AcrPush, or content/write in the token's scope map"),
    delete: named(rights.delete, "role AcrDelete, or content/delete in the token's scope map"),
  };

  async function tryListing(): Promise<RightState> {
    try {
      await client.attributes(repository, options);
      return rights.list.status === "unknown" ? rights.list : { status: "granted" };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      return error.code === "denied" || error.code === "unauthorized"
        ? { status: "refused", missing: error.message }
        : { status: "unknown", why: error.message };
    }
  }
}

/** Source: learn.microsoft.com, "Azure Container Registry roles", "Tokens and scope maps". */
function named(state: RightState, what: string): RightState {
  return state.status === "refused"
    ? { status: "refused", missing: `${what}: ${state.missing}` }
    : state;
}
