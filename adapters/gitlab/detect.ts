import type { Ask, Greeting, Page } from "../../src/registry/adapter.ts";

/** Self-managed and dedicated instances stand on hosts of their own: their answer tells, not their name. */
export function detectGitlab(host: string): boolean {
  return /^registry\.gitlab\.com(?::443)?$/i.test(host);
}

/** Source: gitlab-org/container-registry, docs, "Custom headers on GET /v2/"; GitLab's token service. */
export function recogniseGitlab({ headers, challenges }: Greeting): "sure" | undefined {
  const isItself = OWN_HEADERS.some((name) => headers[name] !== undefined);
  return isItself || challenges.some(isOwnChallenge) ? "sure" : undefined;
}

/** The registry's own API: there when its metadata database is, and 401 to who brings no token. */
export async function probeGitlab(ask: Ask): Promise<boolean> {
  const page = await ask("/gitlab/v1/");
  return page !== undefined && isOwnPage(page);
}

const OWN_HEADERS = [
  "gitlab-container-registry-version",
  "gitlab-container-registry-features",
  "gitlab-container-registry-database-enabled",
] as const;

function isOwnPage({ status, headers }: Page): boolean {
  if (status !== 200 && status !== 401) return false;
  if (OWN_HEADERS.some((name) => headers[name] !== undefined)) return true;
  return isOwnChallenge(headers["www-authenticate"] ?? "");
}

/** Gitea has the same service name; the path is GitLab's alone. */
function isOwnChallenge(challenge: string): boolean {
  return (
    /\bbearer\s/i.test(challenge) &&
    /\brealm="https?:\/\/[^"/]+(?:\/[^"]*)?\/jwt\/auth"/i.test(challenge) &&
    /\bservice="container_registry"/i.test(challenge)
  );
}
