import type { Greeting } from "../../src/registry/adapter.ts";

/** `mirror.gcr.io` and other names below `gcr.io` are not repositories of a project, and stay out. */
export function detectGcr(host: string): boolean {
  const name = host.toLowerCase().replace(/:443$/, "");
  return HOSTS.some((pattern) => pattern.test(name));
}

/** A private name in front of the registry: the token service names itself, and only Google calls its server so. */
export function recogniseGcr({ headers, challenges }: Greeting): "sure" | undefined {
  if (headers["server"] !== "Docker Registry") return undefined;
  return challenges.some((challenge) => OWN_REALM.test(challenge)) ? "sure" : undefined;
}

/** Source: Artifact Registry docs, "Repository and image names", "Regional endpoints", "Transition from Container Registry". */
const HOSTS = [
  /^[a-z0-9]+(?:-[a-z0-9]+)*-docker\.pkg\.dev$/,
  /^docker\.[a-z0-9]+(?:-[a-z0-9]+)*\.rep\.pkg\.dev$/,
  /^(?:(?:us|eu|asia)\.)?gcr\.io$/,
] as const;

const OWN_REALM = /\bbearer\s[^"]*realm="https?:\/\/[^"/]+\/v2\/token"/i;
