import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { ManifestError, parseManifest } from "../../oci/manifest.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { isForeignLayer } from "../../oci/media-type.ts";

export type Blob = Pick<Descriptor, "digest" | "size">;

/** What a manifest leads to, as far as a copy needs it. */
export interface Links {
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
  /** Of an image. */
  readonly config?: Digest;
  /** What has to be stored before it, each once. */
  readonly blobs: readonly Blob[];
  /** Manifests that an index names. */
  readonly children: readonly Pick<Descriptor, "digest" | "mediaType">[];
  /** What it is about. */
  readonly subject?: Digest;
}

/**
 * What is known of a digest.
 *
 * - `absent`: nothing is stored under it
 * - `unreadable`: nobody here can tell what it leads to
 */
export type Known = Links | "absent" | "unreadable";

/**
 * Reads manifests; what many of them name is held once.
 *
 * One that names something by an algorithm that nobody here can check is `unreadable`: a copy would lack it.
 */
export function createLinkReader(): (body: ManifestBody) => Links | "unreadable" {
  const blobs = new Map<Digest, Blob>();
  const types = new Map<string, string>();
  const shared = ({ digest, size }: Blob): Blob => {
    const known = blobs.get(digest) ?? { digest, size };
    blobs.set(digest, known);
    return known;
  };
  const type = (text: string): string => {
    const known = types.get(text) ?? text;
    types.set(text, known);
    return known;
  };

  return (body) => {
    try {
      const manifest = parseManifest(body);
      const common = {
        mediaType: type(body.mediaType),
        size: body.bytes.length,
        ...(manifest.subject === undefined ? {} : { subject: manifest.subject.digest }),
      };
      if (manifest.kind === "index") {
        if (!isWhole(body, "manifests", manifest.children)) return "unreadable";
        const [plain, children] = partition(manifest.children, isPlainBlob);
        return {
          ...common,
          blobs: unique(plain.map(shared)),
          children: children.map(({ digest, mediaType }) => ({
            digest,
            mediaType: type(mediaType),
          })),
        };
      }
      if (!isWhole(body, "layers", manifest.layers)) return "unreadable";
      const layers = manifest.layers.filter(({ mediaType }) => !isForeignLayer(mediaType));
      return {
        ...common,
        config: manifest.config.digest,
        blobs: unique([manifest.config, ...layers].map(shared)),
        children: [],
      };
    } catch (error) {
      if (error instanceof ManifestError) return "unreadable";
      throw error;
    }
  };
}

/** Types of what no manifest is. Build caches list such things in an index. Source: BuildKit, `cache/remotecache`. */
const PLAIN_BLOB =
  /^application\/vnd\.(?:oci\.image|docker\.image\.rootfs|buildkit\.cacheconfig)\./;
const MANIFEST = /\.(?:manifest|index)\.v/;

function isPlainBlob({ mediaType }: Pick<Descriptor, "mediaType">): boolean {
  return PLAIN_BLOB.test(mediaType) && !MANIFEST.test(mediaType);
}

/** A digest by an algorithm that nobody here can check, if it is not the value of something else. */
const OTHER_DIGEST = /"digest"\s*:\s*"(?!sha256:|sha512:)/;

/** Whether a list of descriptors was read without leaving any of them out. */
function isWhole(
  { bytes }: Pick<ManifestBody, "bytes">,
  field: "manifests" | "layers",
  read: readonly Descriptor[],
): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  if (!OTHER_DIGEST.test(text)) return true;
  const json: unknown = JSON.parse(text);
  const list = new Map<string, unknown>(Object.entries(json ?? {})).get(field);
  return (Array.isArray(list) ? list.length : 0) === read.length;
}

function unique(blobs: readonly Blob[]): readonly Blob[] {
  return [...new Set(blobs)];
}

function partition<Item>(
  items: readonly Item[],
  test: (item: Item) => boolean,
): [yes: Item[], no: Item[]] {
  const yes: Item[] = [];
  const no: Item[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}
