import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { nameOf } from "./address.ts";
import type { Addressing } from "./address.ts";
import { createClient } from "./client.ts";
import type { Client, Purpose } from "./client.ts";
import type { Images } from "./images.ts";
import { catalog, repositoryList } from "./schema.ts";

const PAGE_SIZE = 1000;

/** Kinds of repositories that hold Docker images. */
const PACKAGE_TYPES = ["docker", "oci"];

/** Images at or below a namespace: of one repository where the address shows its key, else of all. */
export async function* listRepositories(
  images: Images,
  namespace: string,
  options: CallOptions = {},
): AsyncGenerator<Repository> {
  const { context, wire, settings } = images;
  const { host } = context;
  const addressing = await images.addressing(options);
  const client = createClient({ context, wire, settings, addressing, name: namespace });
  const purpose: Purpose = {
    verb: "list repositories of",
    reference: namespace === "" ? host : `${host}/${namespace}`,
    signal: options.signal,
  };
  const seen = new Set<string>();
  for (const key of await keysFor(client, addressing, namespace, purpose)) {
    for await (const image of readCatalog(client, key, purpose)) {
      const name = nameOf(addressing, { key, image });
      if (seen.has(name) || !isBelow(name, namespace)) continue;
      seen.add(name);
      yield { host, name };
    }
  }
}

async function keysFor(
  client: Client,
  { boundKey }: Addressing,
  namespace: string,
  purpose: Purpose,
): Promise<readonly string[]> {
  if (boundKey !== undefined) return [boundKey];
  const [first = ""] = namespace.split("/");
  if (first !== "") return [first];
  const keys: string[] = [];
  for (const type of PACKAGE_TYPES) {
    const path = `/api/repositories?packageType=${type}`;
    const list = repositoryList.safeParse((await client.get(path, purpose)).json);
    if (!list.success) throw client.protocolError(path, purpose, "the answer is no list");
    // A virtual repository would show the images of the others once more.
    keys.push(...list.data.filter((one) => one.type !== "VIRTUAL").map(({ key }) => key));
  }
  return keys;
}

/** Source: JFrog REST APIs, "List Docker Repositories". */
async function* readCatalog(client: Client, key: string, purpose: Purpose): AsyncGenerator<string> {
  const queries = new Set<string>();
  let query: string | undefined = `?n=${PAGE_SIZE}`;
  while (query !== undefined) {
    queries.add(query);
    const path: string = `/api/docker/${encodeURIComponent(key)}/v2/_catalog${query}`;
    const answer = await client.get(path, purpose);
    const page = catalog.safeParse(answer.json);
    if (!page.success) throw client.protocolError(path, purpose, "the answer has no repositories");
    yield* page.data.repositories ?? [];
    query = nextPageQuery(answer.headers["link"], answer.url);
    if (query !== undefined && (query === "" || queries.has(query))) {
      throw client.protocolError(path, purpose, "the pages go round in a circle");
    }
  }
}
