import type { Digest } from "../../oci/digest.ts";

/** Digests as bytes, since their hex digits pack badly and are seldom looked at. */
export interface PackedDigests {
  /** 32 bytes for each row, in base64; zeros where the row has no sha256 digest. */
  readonly packed: string;
  /** By row: the digest where it is another one, empty where there is none. */
  readonly others: Readonly<Record<number, string>>;
}

const BYTES = 32;

export function packDigests(digests: readonly (Digest | undefined)[]): PackedDigests {
  const packed = Buffer.alloc(digests.length * BYTES);
  const others: Record<number, string> = {};
  for (const [row, digest = ""] of digests.entries()) {
    const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
    if (hex === undefined) others[row] = digest;
    else packed.write(hex, row * BYTES, "hex");
  }
  return { packed: packed.toString("base64"), others };
}
