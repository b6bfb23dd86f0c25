import type { Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { GitlabApi } from "./api.ts";
import { readIdentity } from "./rest.ts";

/** The rights as tried, with what is missing in GitLab's words. Source: GitLab docs, container registry permissions. */
export async function checkRightsOf(
  base: Registry,
  api: GitlabApi | undefined,
  ...[repository, options = {}]: Parameters<Registry["checkRights"]>
): Promise<Rights> {
  const rights = await base.checkRights(repository, options);
  const identity = api === undefined ? undefined : await readIdentity(api, options);
  return {
    ...(identity === undefined ? {} : { identity }),
    list: named(rights.list, "the scope read_registry, and the role Reporter in a private project"),
    read: named(rights.read, "the scope read_registry, and the role Reporter in a private project"),
    push: named(rights.push, "the scope write_registry and the role Developer"),
    delete: named(rights.delete, "the scope write_registry and the role Developer"),
  };
}

function named(state: RightState, missing: string): RightState {
  if (state.status !== "refused") return state;
  return { status: "refused", missing: `${missing} (${state.missing})` };
}
