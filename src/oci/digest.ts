import { createHash } from "node:crypto";

/** A content digest, `algorithm:hex`, of a registered algorithm. Source: OCI image-spec, descriptor.md. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether `bytes` hash to `digest`, by the algorithm the digest names. */
export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  const [algorithm, hex] = splitDigest(digest);
  return createHash(algorithm).update(bytes).digest("hex") === hex;
}

/** `sha256:abc` → `["sha256", "abc"]`. */
export function splitDigest(digest: Digest): [algorithm: string, hex: string] {
  const colon = digest.indexOf(":");
  return [digest.slice(0, colon), digest.slice(colon + 1)];
}
