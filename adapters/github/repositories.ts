import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { GithubCall, GithubClient } from "./client.ts";
import type { Packages } from "./packages.ts";
import { ownerOf } from "./packages.ts";
import { PackagePage } from "./schema.ts";

/** The repositories of an owner at or below a name. A whole host cannot be listed. */
export async function* listRepositories(
  { client, packages }: { readonly client: GithubClient; readonly packages: Packages },
  namespace: Repository,
  options: CallOptions = {},
): AsyncGenerator<Repository> {
  const { host, name } = namespace;
  options.signal?.throwIfAborted();
  if (name === "") {
    throw new RegistryError(
      "invalid",
      `${host}: cannot list repositories of ${host}: invalid (GitHub lists them by owner)`,
      { hint: `Name one: ${host}/OWNER.` },
    );
  }
  const owner = await packages.ownerPath(namespace, options);
  if (owner === undefined) return;
  const seen = new Set<string>();
  let page: number | undefined = 1;
  while (page !== undefined) {
    const call = callFor(namespace, `${owner}/packages`, page, options);
    const answer = await client.call(call);
    const found = PackagePage.safeParse(answer.json);
    if (!found.success) throw client.protocolError(call, "the answer is no list of packages");
    for (const one of found.data) {
      const repository = `${ownerOf(namespace)}/${one.name}`.toLowerCase();
      if (seen.has(repository)) continue;
      seen.add(repository);
      if (isBelow(repository, name)) yield { host, name: repository };
    }
    const query = nextPageQuery(answer.headers["link"], answer.url);
    const next = query === undefined ? undefined : Number(new URLSearchParams(query).get("page"));
    if (next !== undefined && next !== page + 1) {
      throw client.protocolError(call, "the pages of packages go round in a circle");
    }
    page = next;
  }
}

function callFor(
  { host, name }: Repository,
  path: string,
  page: number,
  { signal }: CallOptions,
): GithubCall {
  return {
    method: "GET",
    target: `${path}?package_type=container&per_page=100&page=${page}`,
    verb: "list repositories of",
    reference: `${host}/${name}`,
    repositoryName: name,
    signal,
  };
}
