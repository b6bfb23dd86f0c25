import type { HttpClient } from "../../src/http/client.ts";

/**
 * The door, asking Quay's token service for what it knows: `pull` and `push`. It answers any other action, `delete`
 * among them, and the scope of the catalog with 400; a deletion needs `push`.
 *
 * Source: quay/quay `endpoints/v2/v2auth.py`, `SCOPE_REGEX_TEMPLATE`.
 */
export function withQuayScopes(http: HttpClient): HttpClient {
  return {
    ...http,
    send: (request) =>
      request.url.pathname === "/v2/auth"
        ? http.send({ ...request, url: translated(request.url) })
        : http.send(request),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

function translated(address: URL): URL {
  const url = new URL(address);
  const scopes = url.searchParams.getAll("scope");
  url.searchParams.delete("scope");
  for (const scope of new Set(scopes.flatMap(translatedScope))) {
    url.searchParams.append("scope", scope);
  }
  return url;
}

function translatedScope(scope: string): string[] {
  const [, name, actions] = /^repository:(.+):([^:]+)$/.exec(scope) ?? [];
  if (name === undefined || actions === undefined) return [];
  const isPull = actions === "pull";
  return [`repository:${name}:${isPull ? "pull" : "pull,push"}`];
}
