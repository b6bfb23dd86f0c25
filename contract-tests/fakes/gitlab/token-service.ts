import { problem } from "../message.ts";
import type { FakeRequest, FakeResponse, Handler } from "../message.ts";

/** Failed logins within the window that shut an address out. Source: GitLab docs, "Failed authentication ban". */
const MOST_FAILURES = 30;

/**
 * `/jwt/auth` in front of a registry that calls it `/token`: GitLab's path and service name, and its ban. Access tokens
 * are taken with any user name.
 */
export function asJwtAuth(handle: Handler, tokens: Readonly<Record<string, string>>): Handler {
  let failures = 0;
  return async (request) => {
    if (request.path !== "/jwt/auth") return renamed(await handle(request));
    if (failures >= MOST_FAILURES) return problem(403, { code: "DENIED", message: "forbidden" });
    const query = new URLSearchParams(request.query);
    if (query.get("service") !== "container_registry") return problem(404, "NOT_FOUND");
    query.set("service", "fake-registry");
    const headers = { ...request.headers, ...asOwner(request, tokens) };
    const response = await handle({ ...request, path: "/token", query, headers });
    if (response.status === 401) failures += 1;
    return response;
  };
}

/** The login with the user name that the registry keeps for a token. */
function asOwner({ headers }: FakeRequest, tokens: Readonly<Record<string, string>>): object {
  const encoded = /^basic (.+)$/i.exec(headers["authorization"] ?? "")?.[1];
  if (encoded === undefined) return {};
  const [, secret = ""] = Buffer.from(encoded, "base64").toString().split(/:(.*)/s);
  const owner = tokens[secret];
  if (owner === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${owner}:${secret}`).toString("base64")}` };
}

function renamed(response: FakeResponse): FakeResponse {
  const challenge = response.headers["www-authenticate"];
  if (typeof challenge !== "string") return response;
  const own = challenge
    .replace(/realm="([^"]*)\/token"/, 'realm="$1/jwt/auth"')
    .replace('service="fake-registry"', 'service="container_registry"');
  return { ...response, headers: { ...response.headers, "www-authenticate": own } };
}
