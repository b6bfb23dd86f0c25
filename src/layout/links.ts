import { hasDigest, isDigest } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { isObject } from "./entry.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/** What one stored manifest names. */
export interface Links {
  /** May be manifests themselves: children, the subject, and anything of a shape unknown here. */
  readonly manifests: readonly Digest[];
  /** Configs and layers. */
  readonly blobs: readonly Digest[];
  readonly subject?: Digest;
}

const NONE: Links = { manifests: [], blobs: [] };

/** Fields that hold content, not manifests, in every manifest format there has been. */
const CONTENT_FIELDS = new Set(["config", "layers", "blobs"]);

export type LinkReader = (digest: Digest) => Promise<Links | undefined>;

export interface LinkCache {
  readonly read: LinkReader;
  /** To be called for a manifest that was removed. */
  readonly forget: (digest: Digest) => void;
}

/**
 * Reads what manifests name, each file once: what a digest names never changes.
 *
 * Answers `undefined` for a blob that is not there, and no links for one that is no JSON object. Throws
 * `protocol` when the bytes do not hash to the digest: what they named is unknown then.
 */
export function createLinkCache(blobs: StoredBlobs): LinkCache {
  const known = new Map<Digest, Links>();
  return {
    forget: (digest) => void known.delete(digest),
    async read(digest) {
      const found = known.get(digest);
      if (found !== undefined) return found;
      const bytes = await readJsonBytes(blobs, digest);
      if (bytes === undefined) return undefined;
      const links = bytes.length === 0 ? NONE : linksOf(bytes);
      if (hasLinks(links)) known.set(digest, links);
      return links;
    },
  };
}

export function hasLinks({ manifests, blobs }: Links): boolean {
  return manifests.length > 0 || blobs.length > 0;
}

/** Everything that `roots` reach, themselves included. */
export async function closure(
  readLinks: LinkReader,
  roots: Iterable<Digest>,
): Promise<Set<Digest>> {
  const reached = new Set<Digest>();
  const visited = new Set<Digest>();
  const queue = [...roots];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (visited.has(digest)) continue;
    visited.add(digest);
    reached.add(digest);
    const links = await readLinks(digest);
    for (const blob of links?.blobs ?? []) reached.add(blob);
    queue.push(...(links?.manifests ?? []));
  }
  return reached;
}

const OPENING_BRACE = 0x7b;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const HEAD_BYTES = 64;

/** The bytes of a blob that starts like a JSON object; none when it starts otherwise, as a layer does. */
async function readJsonBytes(blobs: StoredBlobs, digest: Digest): Promise<Uint8Array | undefined> {
  const start = await blobs.readStart(digest, HEAD_BYTES);
  if (start === undefined) return undefined;
  if (start.find((byte) => !BLANKS.has(byte)) !== OPENING_BRACE) return new Uint8Array();
  const bytes = await blobs.readSmall(digest, Number.POSITIVE_INFINITY);
  if (bytes !== undefined && !hasDigest(bytes, digest)) throw blobs.wrongBytes(digest);
  return bytes;
}

/**
 * Every descriptor in the document, wherever it stands: a field this version does not know may hold content
 * that must not be collected.
 */
function linksOf(bytes: Uint8Array): Links {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return NONE;
  }
  const manifests = new Set<Digest>();
  const blobs = new Set<Digest>();
  walk(json, false);
  const subject =
    isObject(json) && isObject(json["subject"]) ? json["subject"]["digest"] : undefined;
  return {
    manifests: [...manifests],
    blobs: [...blobs],
    ...(typeof subject === "string" && isDigest(subject) ? { subject } : {}),
  };

  function walk(value: unknown, isContent: boolean): void {
    if (Array.isArray(value)) for (const element of value) walk(element, isContent);
    if (!isObject(value)) return;
    const { digest, mediaType } = value;
    if (typeof digest === "string" && isDigest(digest)) {
      const isBlob = isContent && !/manifest|index/.test(String(mediaType));
      (isBlob ? blobs : manifests).add(digest);
    }
    for (const [name, field] of Object.entries(value)) {
      if (name !== "annotations") walk(field, isContent || CONTENT_FIELDS.has(name));
    }
  }
}
