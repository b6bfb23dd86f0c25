import { isDigest } from "../../src/oci/digest.ts";
import { isTag } from "../../src/oci/reference.ts";
import type { Namespace, Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, TagEntry } from "../../src/registry/registry.ts";
import type { HubClient } from "./client.ts";
import type { TagPage } from "./schema.ts";

/** Readings of a list that changes while it is read. */
const MAX_READINGS = 3;

/**
 * Every tag once; `undefined` where the Hub knows no such repository.
 *
 * Pages are counted off from the front, so a deletion meanwhile makes the next page skip a tag. What betrays it, another
 * count or a tag that comes twice, makes the list be read again; a list that is shorter than its count is refused.
 */
export async function listHubTags(
  client: HubClient,
  repository: Repository,
  options: CallOptions,
): Promise<readonly TagEntry[] | undefined> {
  for (let reading = 1; reading <= MAX_READINGS; reading += 1) {
    const tags = await readTags(client, repository, options);
    if (tags !== "moved") return tags;
  }
  throw client.nonsense(repository, `the list changed in each of ${MAX_READINGS} readings`);
}

async function readTags(
  client: HubClient,
  repository: Repository,
  options: CallOptions,
): Promise<readonly TagEntry[] | "moved" | undefined> {
  const found = new Map<string, TagEntry>();
  let count: number | undefined;
  for (let page = 1; ; page += 1) {
    options.signal?.throwIfAborted();
    const read = await client.tagPage(repository, page, options);
    if (read === undefined) return page === 1 ? undefined : "moved";
    count ??= read.count;
    const fresh = entriesOf(client, repository, read).filter(({ tag }) => !found.has(tag));
    for (const entry of fresh) found.set(entry.tag, entry);
    if (read.results.length > 0 && fresh.length === 0) {
      throw client.nonsense(repository, "a page repeats");
    }
    if (read.count !== count || fresh.length < read.results.length) return "moved";
    const next = nextPage(read.next);
    if (next === undefined) break;
    if (next !== page + 1 || read.results.length === 0) {
      throw client.nonsense(repository, "the pages go round in a circle");
    }
  }
  if (found.size < count) {
    throw client.nonsense(repository, `the listing is cut: ${found.size} of ${count} tags came`);
  }
  return [...found.values()];
}

function entriesOf(client: HubClient, repository: Repository, { results }: TagPage): TagEntry[] {
  return results.map(({ name, digest, media_type: mediaType, tag_last_pushed: pushed }) => {
    if (!isTag(name)) throw client.nonsense(repository, "the listing's tags are no list of tags");
    const pushedAt = Date.parse(pushed ?? "");
    return {
      tag: name,
      ...(digest !== undefined && digest !== null && isDigest(digest) ? { digest } : {}),
      ...(mediaType === undefined || mediaType === null || mediaType === "" ? {} : { mediaType }),
      ...(Number.isNaN(pushedAt) ? {} : { pushedAt }),
    };
  });
}

/** `undefined`: there is none. `0` for a link that leads nowhere. */
function nextPage(next: string | null | undefined): number | undefined {
  if (next === null || next === undefined || next === "") return undefined;
  const query = next.slice(next.indexOf("?"));
  const page = Number(new URLSearchParams(query).get("page") ?? 0);
  return Number.isSafeInteger(page) ? page : 0;
}

/** Repositories of a namespace; where the name is a repository's, that one. */
export async function* listHubRepositories(
  client: HubClient,
  namespace: Namespace,
  options: CallOptions,
): AsyncGenerator<Repository> {
  const { host, name } = namespace;
  const depth = name === "" ? 0 : name.split("/").length;
  if (depth === 2) {
    if ((await client.repository(namespace, options)) !== undefined) yield { host, name };
  }
  if (depth === 0) {
    throw new RegistryError(
      "unsupported",
      `${host}: cannot list repositories of ${host}: unsupported (Docker Hub lists those of one namespace)`,
    );
  }
  if (depth !== 1) return;
  const seen = new Set<string>();
  for (let page = 1; ; page += 1) {
    const read = await client.repositoryPage(namespace, page, options);
    const fresh = (read?.results ?? []).filter((found) => !seen.has(found.name));
    for (const found of fresh) {
      seen.add(found.name);
      yield { host, name: `${name}/${found.name}` };
    }
    const next = nextPage(read?.next);
    if (next === undefined) return;
    if (next !== page + 1 || fresh.length === 0) {
      throw client.nonsense(namespace, "the pages of repositories go round in a circle");
    }
  }
}
