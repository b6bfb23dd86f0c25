import { splitDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";

/** Longest algorithm and hex in the tag. Source: OCI distribution-spec, referrers tag schema. */
const MAX_ALGORITHM = 32;
const MAX_ENCODED = 64;

/** `sha256-<hex>`: the tag of the index in which referrers stand on a registry without the endpoint. */
export function referrersTag(digest: Digest): string {
  const [algorithm, hex] = splitDigest(digest);
  return `${algorithm.slice(0, MAX_ALGORITHM)}-${hex.slice(0, MAX_ENCODED)}`;
}
