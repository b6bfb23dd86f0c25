import type { Repository } from "../../src/oci/reference.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Access } from "./access.ts";
import type { Address } from "./address.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import { isOwnWord } from "./errors.ts";
import { OwnerAnswer } from "./schema.ts";

/** Where the packages of an owner are, and that of a repository. */
export interface Packages {
  /** `/orgs/acme`, `/users/ann`, `/user` for the token's own; `undefined` when there is no such owner. */
  ownerPath(repository: Repository, options: CallOptions): Promise<string | undefined>;
  /** `/orgs/acme/packages/container/shop%2Fapi`; `undefined` when there is no such owner. */
  packagePath(repository: Repository, options: CallOptions): Promise<string | undefined>;
  /** Whose the token is; `undefined` for tokens that may not ask. */
  login(repository: Repository, options: CallOptions): Promise<string | undefined>;
}

/** Tokens of an app's installation, `GITHUB_TOKEN` among them: they are nobody's, and `GET /user` refuses them. */
const INSTALLATION_TOKEN = /^ghs_/;

export function createPackages(
  client: GithubClient,
  access: Access,
  { serves }: Address,
): Packages {
  const owners = new Map<string, Promise<string | undefined>>();
  const found = new Map<string, Promise<string | undefined>>();

  return {
    ownerPath,
    packagePath: (repository, options) =>
      remembered(found, repository.name, () => findPackage(repository, options)),
    login,
  };

  function ownerPath(repository: Repository, options: CallOptions): Promise<string | undefined> {
    return remembered(owners, ownerOf(repository), () => findOwner(repository, options));
  }

  /** Source: GitHub Docs, "Get a user": organisations answer too. */
  async function findOwner(
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<string | undefined> {
    const owner = ownerOf(repository);
    const call: GithubCall = {
      method: "GET",
      target: `/users/${encodeURIComponent(owner)}`,
      verb: "find the owner of",
      reference: formatRepository(repository),
      accept: [200, 404],
      repositoryName: repository.name,
      signal,
    };
    const answer = await client.call(call);
    if (answer.status === 404) {
      if (isOwnWord(answer)) return undefined;
      throw client.protocolError(call, "a 404 that is not in the API's format");
    }
    const account = OwnerAnswer.safeParse(answer.json);
    if (!account.success) throw client.protocolError(call, "the answer is no account");
    if (account.data.type === "Organization") return `/orgs/${encodeURIComponent(owner)}`;
    const self = await login(repository, signal === undefined ? {} : { signal });
    const isSelf = self?.toLowerCase() === account.data.login.toLowerCase();
    return isSelf ? "/user" : `/users/${encodeURIComponent(owner)}`;
  }

  async function login(
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<string | undefined> {
    const token = await access.token(repository.name);
    if (token === undefined || INSTALLATION_TOKEN.test(token)) return undefined;
    const answer = await client.call({
      method: "GET",
      target: "/user",
      verb: "find the owner of the token for",
      reference: formatRepository(repository),
      accept: [200, 403],
      repositoryName: repository.name,
      signal,
    });
    return OwnerAnswer.safeParse(answer.json).data?.login;
  }

  /**
   * Images of `docker.pkg.github.com` were moved to the container registry under the same name; those that were not are
   * of the type `docker`. Source: GitHub Docs, "Migrating to the Container registry from the Docker registry".
   */
  async function findPackage(
    repository: Repository,
    options: CallOptions,
  ): Promise<string | undefined> {
    const owner = await ownerPath(repository, options);
    if (owner === undefined) return undefined;
    const name = encodeURIComponent(packageName(repository));
    const container = `${owner}/packages/container/${name}`;
    if (serves === "containers") return container;
    const moved = await isThere(container, repository, options);
    return moved ? container : `${owner}/packages/docker/${name}`;
  }

  async function isThere(
    target: string,
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<boolean> {
    const answer = await client.call({
      method: "GET",
      target,
      verb: "find",
      reference: formatRepository(repository),
      accept: [200, 404],
      repositoryName: repository.name,
      signal,
    });
    return answer.status === 200;
  }
}

/** `acme/shop/api` → `acme`. */
export function ownerOf({ name }: Repository): string {
  return name.split("/")[0] ?? "";
}

/** `acme/shop/api` → `shop/api`. */
export function packageName({ name }: Repository): string {
  return name.split("/").slice(1).join("/");
}

/** What `find` answered before; what it rejected with, or did not find, is asked for again. */
function remembered(
  known: Map<string, Promise<string | undefined>>,
  key: string,
  find: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const finding = find();
  known.set(key, finding);
  const forget = (): void => void known.delete(key);
  finding.then((path) => path ?? forget(), forget);
  return finding;
}
