import { answerJson } from "../message.ts";
import type { FakeRequest, FakeResponse } from "../message.ts";
import type { RegistryState } from "../state.ts";

/**
 * GraphQL of a server with the old Docker registry: every tag is a version, besides a hidden one.
 *
 * Source: GitHub Docs, GraphQL reference, "PackageVersion", "deletePackageVersion".
 */
export function createGraphql(
  state: RegistryState,
  tokens: readonly { readonly token: string }[],
): (request: FakeRequest) => FakeResponse {
  return ({ method, headers, body }) => {
    const given = /^(?:bearer|token) (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
    if (!tokens.some(({ token }) => token === given)) {
      return answerJson(401, { message: "Bad credentials" });
    }
    if (method !== "POST") return answerJson(404, { message: "Not Found" });
    const { query, variables } = readQuestion(body);
    if (/deletePackageVersion/.test(query)) return remove(variables["id"] ?? "");
    if (/versions\(first: 100/.test(query)) return list(variables);
    return failed("undefinedField", "the query is not known");
  };

  function list(variables: Readonly<Record<string, string | null>>): FakeResponse {
    const { owner, repository, image, after } = variables;
    const name = `${owner}/${repository}/${image}`;
    const found = state.repositories.get(name);
    if (found === undefined) return answerJson(200, { data: { repository: null } });
    const tags = ["docker-base-layer", ...found.tags.keys()];
    const start = Number(after ?? 0);
    const nodes = tags
      .slice(start, start + 100)
      .map((version) => ({ id: idOf(name, version), version }));
    const hasNextPage = start + 100 < tags.length;
    const pageInfo = { hasNextPage, endCursor: String(start + 100) };
    const packages = { nodes: [{ versions: { nodes, pageInfo } }] };
    return answerJson(200, { data: { repository: { packages } } });
  }

  function remove(id: string): FakeResponse {
    const [name = "", tag = ""] = Buffer.from(id, "base64url").toString("utf8").split(" ");
    const found = state.repositories.get(name);
    const digest = found?.tags.get(tag);
    if (found === undefined || digest === undefined) {
      return failed("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
    }
    found.tags.delete(tag);
    if (![...found.tags.values()].includes(digest)) found.manifests.delete(digest);
    return answerJson(200, { data: { deletePackageVersion: { success: true } } });
  }
}

function idOf(name: string, version: string): string {
  return Buffer.from(`${name} ${version}`).toString("base64url");
}

function failed(type: string, message: string): FakeResponse {
  return answerJson(200, { data: null, errors: [{ type, message }] });
}

interface Question {
  readonly query: string;
  readonly variables: Readonly<Record<string, string | null>>;
}

function readQuestion(body: Uint8Array): Question {
  const json: Partial<Question> = JSON.parse(new TextDecoder().decode(body));
  return { query: json.query ?? "", variables: json.variables ?? {} };
}
