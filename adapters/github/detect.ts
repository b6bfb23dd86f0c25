import type { Ask, Greeting } from "../../src/registry/adapter.ts";

const HOSTS = [
  /^ghcr\.io$/,
  /^docker\.pkg\.github\.com$/,
  /^containers\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.ghe\.com$/,
];

/** `containers.HOST` and `docker.HOST` of a server of one's own: a name anyone may choose, so it proves nothing. */
const ENTERPRISE_HOST = /^(?:containers|docker)\../;

/** Hosts of github.com and ghe.com. A server of one's own is told by its answers. */
export function detectGithub(host: string): boolean {
  const name = withoutPort(host);
  return HOSTS.some((pattern) => pattern.test(name));
}

/**
 * The token service tells: `Bearer realm="https://ghcr.io/token",service="ghcr.io"`, whatever the host is called. A server
 * of one's own has the like below its own name; its answers then carry `X-GitHub-Request-Id`.
 */
export function recogniseGithub(
  { challenges, headers }: Greeting,
  host: string,
): "sure" | "maybe" | undefined {
  const services = challenges.map(readChallenge);
  if (services.some((one) => one?.realm === "ghcr.io" && one.service === "ghcr.io")) return "sure";
  const name = withoutPort(host);
  if (!ENTERPRISE_HOST.test(name)) return undefined;
  if (headers["x-github-request-id"] !== undefined) return "sure";
  const below = name.replace(/^[a-z]+\./, "");
  return services.some((one) => one?.realm === name || one?.realm === below) ? "maybe" : undefined;
}

/** A server of one's own tells its version to anyone. Source: REST API, "Get GitHub Enterprise Server meta information". */
export async function probeGithub(ask: Ask): Promise<boolean> {
  const page = await ask("/api/v3/meta");
  if (page?.status !== 200) return false;
  if (page.headers["x-github-enterprise-version"] !== undefined) return true;
  return /"installed_version"\s*:/.test(page.text);
}

interface TokenService {
  /** Host name. */
  readonly realm: string;
  readonly service: string | undefined;
}

function readChallenge(challenge: string): TokenService | undefined {
  const realm = /^bearer\b.*\brealm="([^"]*)"/i.exec(challenge)?.[1];
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const { hostname, pathname, protocol } = new URL(realm);
  if (pathname !== "/token" || protocol !== "https:") return undefined;
  return { realm: hostname, service: /\bservice="([^"]*)"/i.exec(challenge)?.[1] };
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "");
}
