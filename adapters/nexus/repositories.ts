import { nextPageQuery } from "../../src/distribution/link-header.ts";
import { isBelow } from "../../src/distribution/repositories.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Client, Purpose } from "./client.ts";
import type { Images } from "./images.ts";
import { catalog, repositoryInfos } from "./schema.ts";

const PAGE_SIZE = 1000;

/** Images at or below a namespace, by the catalog of each repository that it may mean. */
export async function* listRepositories(
  images: Images,
  namespace: string,
  options: CallOptions = {},
): AsyncGenerator<Repository> {
  const { host } = images.context;
  const client = await images.client(namespace, options);
  const purpose: Purpose = {
    verb: "list repositories of",
    reference: namespace === "" ? host : `${host}/${namespace}`,
    signal: options.signal,
  };
  const own = images.settings.repository;
  // Where the name begins with the repository all the same, the address shows it.
  const isShown = own !== undefined && namespace !== "" && isBelow(namespace, own);
  const [first = ""] = namespace.split("/");
  const bound = isShown ? undefined : own;
  const stores =
    bound !== undefined ? [bound] : first === "" ? await readStores(client, purpose) : [first];
  const seen = new Set<string>();
  for (const store of stores) {
    for await (const image of readCatalog(client, store, purpose)) {
      const name = bound !== undefined ? image : `${store}/${image}`;
      if (seen.has(name) || !isBelow(name, namespace)) continue;
      seen.add(name);
      yield { host, name };
    }
  }
}

/** Repositories with images of their own that the user may browse. */
async function readStores(client: Client, purpose: Purpose): Promise<readonly string[]> {
  const path = "/service/rest/v1/repositories";
  const list = repositoryInfos.safeParse((await client.get(path, purpose)).json);
  if (!list.success) throw client.protocolError(path, purpose, "the answer is no list");
  return list.data
    .filter(({ format, type }) => type === "hosted" && (format === "docker" || format === "oci"))
    .map(({ name }) => name);
}

/** Every repository has its `/v2/` below its address too; its links may lack what stands before. */
async function* readCatalog(
  client: Client,
  store: string,
  purpose: Purpose,
): AsyncGenerator<string> {
  const queries = new Set<string>();
  let query: string | undefined = `?n=${PAGE_SIZE}`;
  while (query !== undefined) {
    queries.add(query);
    const path: string = `/repository/${encodeURIComponent(store)}/v2/_catalog${query}`;
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
