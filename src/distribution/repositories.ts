import type { Repository } from "../oci/reference.ts";
import type { CallOptions } from "../registry/registry.ts";
import type { Call, Connection } from "./connection.ts";
import { nextPageQuery } from "./link-header.ts";

/** What servers with a smaller maximum answer with their own page and a link for. */
const PAGE_SIZE = 1000;

const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/**
 * Repositories at or below a name, each once; an empty name means all of the registry.
 *
 * Source: Docker Registry HTTP API V2, "Catalog": `GET /v2/_catalog`. Not a part of OCI Distribution.
 */
export async function* listRepositories(
  connection: Connection,
  { host, name }: Repository,
  { signal }: CallOptions = {},
): AsyncGenerator<Repository> {
  const seen = new Set<string>();
  const queries = new Set<string>();
  let query: string | undefined = `?n=${PAGE_SIZE}`;
  while (query !== undefined) {
    queries.add(query);
    const call: Call = {
      method: "GET",
      target: `/v2/_catalog${query}`,
      access: { name: "", right: "pull" },
      verb: "list repositories of",
      reference: name === "" ? host : `${host}/${name}`,
      signal,
    };
    const answer = await connection.read(call, MAX_PAGE_BYTES);
    const names = readNames(answer.body);
    if (names === undefined) throw connection.protocolError(call, "the list has no repositories");
    for (const found of names) {
      if (seen.has(found)) continue;
      seen.add(found);
      if (isBelow(found, name)) yield { host, name: found };
    }
    query = nextPageQuery(answer.headers["link"], answer.url);
    if (query !== undefined && (query === "" || queries.has(query))) {
      throw connection.protocolError(call, "the pages of repositories go round in a circle");
    }
  }
}

/** Whether a repository's name is a namespace or lies below it; every name lies below the empty one. */
export function isBelow(name: string, namespace: string): boolean {
  return namespace === "" || name === namespace || name.startsWith(`${namespace}/`);
}

function readNames(body: Uint8Array): readonly string[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || !("repositories" in json)) return undefined;
  if (json.repositories === null) return [];
  return Array.isArray(json.repositories)
    ? json.repositories.filter((name) => typeof name === "string")
    : undefined;
}
