import { randomBytes } from "node:crypto";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { HubClient } from "./client.ts";
import type { HubLogin } from "./login.ts";

interface Ways {
  readonly base: Registry;
  /** Absent: anonymous. */
  readonly login: HubLogin | undefined;
  readonly client: HubClient | undefined;
}

/** The registry's rights, and of deletion what the Hub API says too. */
export async function checkHubRights(
  { base, login, client }: Ways,
  repository: Repository,
  options: CallOptions,
): Promise<Rights> {
  const rights = await base.checkRights(repository, options);
  const identity = login?.kind === "jwt" ? login.username : login?.identifier;
  const deletion = named(rights.delete, "Read, Write, Delete");
  return {
    ...(identity === undefined ? {} : { identity }),
    list: named(rights.list, "Read-only"),
    read: named(rights.read, "Read-only"),
    push: named(rights.push, "Read & Write"),
    delete:
      deletion.status === "granted" ? await tryTagDeletion(client, repository, options) : deletion,
  };
}

/** Deletes a tag that nobody has. */
async function tryTagDeletion(
  client: HubClient | undefined,
  { host, name }: Repository,
  options: CallOptions,
): Promise<RightState> {
  if (client === undefined) {
    return { status: "refused", missing: "a login for the Hub API, which alone removes tags" };
  }
  const tag = `tidemark-probe-${randomBytes(PROBE_BYTES).toString("hex")}`;
  try {
    const outcome = await client.deleteTag({ host, name, tag }, options);
    if (typeof outcome === "string") return { status: "granted" };
    return stateOf(outcome);
  } catch (error) {
    options.signal?.throwIfAborted();
    return stateOf(error);
  }
}

/** 106 characters of chance. */
const PROBE_BYTES = 53;

function stateOf(error: unknown): RightState {
  if (!isRegistryError(error)) throw error;
  return error.code === "denied" || error.code === "unauthorized"
    ? named({ status: "refused", missing: error.message }, "Read, Write, Delete")
    : { status: "unknown", why: error.message };
}

/** Source: docs.docker.com, "Personal access tokens": permissions of a token. */
function named(state: RightState, permission: string): RightState {
  return state.status === "refused"
    ? { status: "refused", missing: `access permission ${permission}: ${state.missing}` }
    : state;
}
