import { createHash } from "node:crypto";

const MAX_TAG_LENGTH = 128;
const MANAGED_IMAGE_PREFIX = "managed-image-";

/** Hex SHA3-224 of a text. */
export function sha3(text: string): string {
  return createHash("sha3-224").update(text).digest("hex");
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** MurmurHash3 x86 32-bit with seed 0, in hex without leading zeros. */
export function murmur(text: string): string {
  const bytes = Buffer.from(text);
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash = rotate(hash ^ scramble(bytes.readUInt32LE(at)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  const tail = bytes.subarray(whole).reduceRight((word, byte) => (word << 8) | byte, 0);
  hash = finish(hash ^ scramble(tail) ^ bytes.length);
  return hash.toString(16);
}

function scramble(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function finish(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A slug of at most `limit` characters, for ASCII text. */
export function limitedSlug(text: string, limit: number): string {
  const slug = slugify(text);
  if (slug === text && text.length <= limit) return text;
  const hash = murmur(text);
  return `${slug.slice(0, limit - hash.length - 1)}-${hash}`;
}

function slugify(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[ &(){}[\]_,.;:=+<>~/]/g, "-")
    .replaceAll(/[^0-9a-z-]/g, "")
    .replaceAll(/-+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

export function managedImageTag(name: string): string {
  return MANAGED_IMAGE_PREFIX + managedImageId(name);
}

/** `meta-H_COMMIT_TAG`; the hash is that of the name as its managed image record tells it. */
export function metadataTag(imageName: string, commit: string, stageTag: string): string {
  const told = managedImageId(imageName)
    .replaceAll("__slash__", "/")
    .replaceAll("__space__", " ")
    .replaceAll("__plus__", "+")
    .replace(/^__nameless__$/, "");
  return `meta-${murmur(told)}_${commit}_${stageTag}`;
}

export function customTagRecord(tag: string): string {
  return `custom-tag-meta-${limitedSlug(tag, 48)}`;
}

function managedImageId(name: string): string {
  const id = name
    .replaceAll(" ", "__space__")
    .replaceAll("/", "__slash__")
    .replaceAll("+", "__plus__");
  if (id === "") return "__nameless__";
  const isTag = /^\w[\w.-]*$/.test(id) && id.length <= MAX_TAG_LENGTH;
  return isTag ? id : limitedSlug(id, MAX_TAG_LENGTH - MANAGED_IMAGE_PREFIX.length);
}
