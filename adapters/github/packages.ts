import type { Repository } from "../../src/oci/reference.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Access } from "./access.ts";
import type { Address } from "./address.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import { isOwnWord } from "./errors.ts";
import { OwnerAnswer, PackageAnswer } from "./schema.ts";

/** Where the packages of an owner are, and that of a repository. */
export interface Packages {
  /** `/orgs/acme`, `/users/ann`, `/user` for the token's own; `undefined` when there is no such owner. */
  ownerPath(repository: Repository, options: CallOptions): Promise<string | undefined>;
  /** `/orgs/acme/packages/container/shop%2Fapi`; `undefined` when there is no such owner. */
  packagePath(repository: Repository, options: CallOptions): Promise<string | undefined>;
  /** The package as it is now; `undefined` when there is none, or it is hidden from this token. */
  describe(repository: Repository, options: CallOptions): Promise<Described | undefined>;
  /** Whose the token is; `undefined` for tokens that may not ask. */
  login(repository: Repository, options: CallOptions): Promise<string | undefined>;
}

export interface Described {
  /** As `packagePath` answers. */
  readonly path: string;
  /** How many versions it has; absent where the API does not tell. */
  readonly count: number | undefined;
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
    describe,
    login,
  };

  /** Most owners are organisations: that is tried before anyone is asked, and saves a request. */
  async function describe(
    repository: Repository,
    options: CallOptions,
  ): Promise<Described | undefined> {
    if (serves === "containers" && !owners.has(ownerOf(repository))) {
      const owner = `/orgs/${encodeURIComponent(ownerOf(repository))}`;
      const path = `${owner}/packages/container/${encodeURIComponent(packageName(repository))}`;
      const described = await read(path, repository, options);
      if (described !== undefined) {
        owners.set(ownerOf(repository), Promise.resolve(owner));
        return described;
      }
      if ((await ownerPath(repository, options)) === owner) return undefined;
    }
    const path = await findPackage(repository, options);
    return path === undefined ? undefined : read(path, repository, options);
  }

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
    const moved = await read(container, repository, options);
    return moved === undefined ? `${owner}/packages/docker/${name}` : container;
  }

  async function read(
    path: string,
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<Described | undefined> {
    const call: GithubCall = {
      method: "GET",
      target: path,
      verb: "find",
      reference: formatRepository(repository),
      accept: [200, 404],
      repositoryName: repository.name,
      signal,
    };
    const answer = await client.call(call);
    if (answer.status === 404 && isOwnWord(answer)) return undefined;
    const found = PackageAnswer.safeParse(answer.json);
    if (answer.status === 200 && found.success) return { path, count: found.data.version_count };
    throw client.protocolError(call, "the answer is no package");
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
