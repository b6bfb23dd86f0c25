import type { Ask, Greeting } from "../../src/registry/adapter.ts";

/** `<server>.jfrog.io`, and `<server>-<repository key>.jfrog.io`, whose label has at most 63 characters. */
const CLOUD_HOST = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.jfrog\.io$/i;

export function detectArtifactory(host: string): boolean {
  return CLOUD_HOST.test(host.replace(/:\d+$/, ""));
}

/** Of a challenge: the token service of one repository, or of none (`null`). */
const TOKEN_REALM = /realm="[^"]*\/api\/docker\/[^"/]+\/v2\/token"/i;
const BASIC_REALM = /^basic\s+realm="artifactory realm"/i;

/** Source: observed answers of versions 6 and 7, with and without a proxy in front. */
export function recogniseArtifactory({ headers, challenges }: Greeting): "sure" | undefined {
  const isOwn =
    headers["x-jfrog-version"]?.startsWith("Artifactory/") === true ||
    headers["x-artifactory-id"] !== undefined ||
    headers["x-artifactory-node-id"] !== undefined ||
    challenges.some((challenge) => TOKEN_REALM.test(challenge) || BASIC_REALM.test(challenge));
  return isOwn ? "sure" : undefined;
}

/** The ping answers `OK`; a host that answers any path so proves nothing. */
export async function probeArtifactory(ask: Ask): Promise<boolean> {
  const ping = await ask("/artifactory/api/system/ping");
  if (ping?.status !== 200 || ping.text.trim() !== "OK") return false;
  const nonsense = await ask("/artifactory/api/system/no-such-page");
  return nonsense !== undefined && nonsense.status !== 200;
}
