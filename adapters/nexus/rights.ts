import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, RightState, Rights } from "../../src/registry/registry.ts";
import { privileges } from "./errors.ts";
import type { Images } from "./images.ts";

/** What the user may do, in the words of Nexus. Whether tags may be removed shows only when one is. */
export async function checkRights(
  images: Images,
  base: Pick<Registry, "checkRights">,
  repository: Repository,
  options: CallOptions = {},
): Promise<Rights> {
  const { host, name } = repository;
  const rights = await base.checkRights(repository, options);
  const found = await images.context.credentials.find(host, name);
  const store = images.settings.repository ?? name.split("/")[0] ?? "";
  return {
    ...(found?.kind === "password" ? { identity: found.username } : {}),
    list: renamed(rights.list, ["browse", "read"]),
    read: renamed(rights.read, ["read"]),
    push: renamed(rights.push, ["add", "edit"]),
    delete: await lookAtApi(),
  };

  function renamed(state: RightState, actions: readonly string[]): RightState {
    if (state.status !== "refused") return state;
    return { ...state, missing: `${privileges(store, actions)}: ${state.missing}` };
  }

  async function lookAtApi(): Promise<RightState> {
    const needed = privileges(store, ["browse", "read", "delete"]);
    try {
      const image = await images.open(repository, options);
      const path = `/service/rest/v1/components?repository=${encodeURIComponent(image.store)}`;
      await image.client.get(path, {
        verb: "list components of",
        reference: image.text,
        signal: options.signal,
      });
      return {
        status: "unknown",
        why: `Nexus tells only when a tag is removed; it takes ${needed}`,
      };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      const isRefusal = ["denied", "unauthorized", "unsupported"].includes(error.code);
      return isRefusal
        ? { status: "refused", missing: `${needed} (${error.message})` }
        : { status: "unknown", why: error.message };
    }
  }
}
