import { createHash } from "node:crypto";

/** What joins the arguments of every hash of the storage format. Source: werf's `util.Sha3_224Hash`. */
const JOINER = ":::";

/** Lower-case hex SHA3-224 of the joined arguments, 56 characters: a stage's digest. */
export function sha3Hash(...args: readonly string[]): string {
  return createHash("sha3-224").update(args.join(JOINER)).digest("hex");
}

/** Lower-case hex SHA-256 of the joined arguments, 64 characters. */
export function sha256Hash(...args: readonly string[]): string {
  return createHash("sha256").update(args.join(JOINER)).digest("hex");
}

/**
 * MurmurHash3 x86 32-bit with seed 0 of the joined arguments, in hex without leading zeros: 1 to 8 characters.
 */
export function murmurHash(...args: readonly string[]): string {
  return murmur3(new TextEncoder().encode(args.join(JOINER))).toString(16);
}

function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < tail; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= tail; at -= 1) rest = (rest << 8) | (bytes[at] ?? 0);
  hash ^= scramble(rest) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
