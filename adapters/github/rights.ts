import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry, Rights, RightState } from "../../src/registry/registry.ts";
import type { Access } from "./access.ts";
import type { GithubClient } from "./client.ts";
import type { Packages } from "./packages.ts";
import { OwnerAnswer } from "./schema.ts";
import type { Versions } from "./versions.ts";

export interface RightsParts {
  readonly client: GithubClient;
  readonly packages: Packages;
  readonly versions: Versions;
  readonly access: Access;
  readonly base: Pick<Registry, "checkRights">;
}

/**
 * What the token may do. A classic token's scopes stand in every answer of the API; the role on the package shows only
 * when it is used. Source: GitHub Docs, "Scopes for OAuth apps": `x-oauth-scopes`.
 */
export function createRights(parts: RightsParts): Registry["checkRights"] {
  const { client, packages, versions, access, base } = parts;

  return async function checkRights(repository, options = {}): Promise<Rights> {
    const images = await base.checkRights(repository, options);
    const token = await access.token(repository.name);
    if (token === undefined) {
      const missing = "a token with read:packages and delete:packages";
      return { ...images, delete: { status: "refused", missing } };
    }
    const list = await tryListing(repository, options);
    const { login, scopes } = await ownerOfToken(repository, options);
    const isOwn = (await packages.ownerPath(repository, options)) === "/user";
    return {
      ...(login === undefined ? {} : { identity: login }),
      list: list.status === "refused" ? list : images.list,
      read: images.read,
      push: images.push,
      delete: deletionOf(scopes, isOwn),
    };
  };

  async function tryListing(repository: Repository, options: CallOptions): Promise<RightState> {
    try {
      await versions.listRecent(repository, options);
      return { status: "granted" };
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      const isRefusal = error.code === "denied" || error.code === "unauthorized";
      return isRefusal
        ? { status: "refused", missing: `read:packages (${error.message})` }
        : { status: "unknown", why: error.message };
    }
  }

  async function ownerOfToken(
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<{ readonly login?: string; readonly scopes?: readonly string[] }> {
    const answer = await client.call({
      method: "GET",
      target: "/user",
      verb: "find the owner of the token for",
      reference: formatRepository(repository),
      // Tokens of an installation are nobody's.
      accept: [200, 401, 403],
      repositoryName: repository.name,
      signal,
    });
    const login = OwnerAnswer.safeParse(answer.json).data?.login;
    const scopes = answer.headers["x-oauth-scopes"]?.split(",").map((scope) => scope.trim());
    return {
      ...(login === undefined ? {} : { login }),
      ...(scopes === undefined ? {} : { scopes }),
    };
  }
}

function deletionOf(scopes: readonly string[] | undefined, isOwn: boolean): RightState {
  if (scopes === undefined) {
    return {
      status: "unknown",
      why: "the token has no scopes to look at; GITHUB_TOKEN needs packages: write and the role Admin on the package",
    };
  }
  if (!scopes.includes("delete:packages")) return { status: "refused", missing: "delete:packages" };
  if (isOwn) return { status: "granted" };
  return {
    status: "unknown",
    why: "the token has delete:packages; whether its owner has the role Admin on the package shows when it is used",
  };
}
