import { randomBytes } from "node:crypto";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { Registry, RightState, Rights } from "../../src/registry/registry.ts";
import type { HarborClient } from "./client.ts";
import { rightFor } from "./errors.ts";

const GRANTED: RightState = { status: "granted" };

/**
 * What a user or a robot may do: a page is listed, and a digest and a tag that nobody has are deleted. Harbor looks at
 * the permission first and answers 403, or else 404.
 */
export async function checkRights(
  client: HarborClient,
  base: Pick<Registry, "checkRights">,
  repository: Repository,
  signal: AbortSignal | undefined,
): Promise<Rights> {
  const nobody: Digest = `sha256:${randomBytes(32).toString("hex")}`;
  const tag = `tidemark-probe-${nobody.slice("sha256:".length)}`;
  const { read, push, list: names } = await base.checkRights(repository, signal ? { signal } : {});
  const list = await attempt("GET", "/artifacts", () => client.artifacts(repository, 1, signal));
  const artifact = await attempt("DELETE", "/artifacts/x", () =>
    client.deleteArtifact(repository, nobody, signal),
  );
  const oneTag = await attempt("DELETE", "/artifacts/x/tags/y", () =>
    client.deleteTag(repository, nobody, tag, signal),
  );
  return {
    ...(client.username === undefined ? {} : { identity: client.username }),
    list: worst(list, names),
    read: named(read, "permission Repository: Pull (project role Limited Guest)"),
    push: named(push, "permission Repository: Push and Pull (project role Developer)"),
    delete: worst(artifact, oneTag),
  };

  async function attempt(
    method: string,
    target: string,
    call: () => Promise<unknown>,
  ): Promise<RightState> {
    try {
      await call();
      return GRANTED;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      if (error.code === "denied") {
        return { status: "refused", missing: rightFor(method, target) };
      }
      if (error.code === "unauthorized") {
        return { status: "refused", missing: `a valid user or robot account (${error.message})` };
      }
      return { status: "unknown", why: error.message };
    }
  }
}

/** Harbor's own name for what is lacking, in front of its answer. */
function named(state: RightState, right: string): RightState {
  return state.status === "refused" ? { ...state, missing: `${right}: ${state.missing}` } : state;
}

/** Both are needed: what is refused says more than what is not known, and that more than what is granted. */
function worst(one: RightState, other: RightState): RightState {
  if (one.status === "refused" && other.status === "refused" && one.missing !== other.missing) {
    return { status: "refused", missing: `${one.missing}; ${other.missing}` };
  }
  const order = [one, other].toSorted((a, b) => weight(b) - weight(a));
  return order[0] ?? one;
}

function weight({ status }: RightState): number {
  return { granted: 0, unknown: 1, refused: 2 }[status];
}
