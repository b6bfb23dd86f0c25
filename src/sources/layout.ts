import { digestOf } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import { OCI_INDEX } from "../oci/media-type.ts";
import { chooseOne } from "./choose.ts";
import type { Wanted } from "./choose.ts";
import { readImages } from "./images.ts";
import type { Images, ImagesRequest } from "./images.ts";
import { parseBy } from "./json.ts";
import { index as indexSchema } from "./schema.ts";
import type { FoundDescriptor } from "./schema.ts";
import { SourceError } from "./source.ts";

/** A manifest that a layout names. */
export interface LayoutEntry {
  readonly names: readonly string[];
  readonly digest: Digest;
  /** Absent: its own fields tell. */
  readonly mediaType?: string | undefined;
}

export interface LayoutRequest extends ImagesRequest {
  /** The bytes of `index.json`; absent where there is none. */
  readonly index?: Uint8Array;
  /** The entries that have names; absent: `index.json` tells them. */
  readonly tagged?: readonly LayoutEntry[];
  readonly wanted: Wanted;
  /** Whether two names are one; absent: those that are the same text. */
  readonly isSameName?: (a: string, b: string) => boolean;
}

/** Most bytes of `index.json`: a hundred thousand tags take about twenty million. */
export const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/** The annotations that name an entry. Source: OCI image-spec, annotations.md; containerd, `images/annotations.go`. */
const REF_NAME = "org.opencontainers.image.ref.name";
const IMAGE_NAME = "io.containerd.image.name";

/** An entry that is only there to keep its manifest. Source: the README of the adapter `layout`. */
const HELD = "io.tidemark.held";

/** Reads the images that an OCI image layout holds, or those of them that are wanted. Source: OCI image-spec, image-layout.md. */
export async function readLayout(request: LayoutRequest): Promise<Images> {
  return await readImages(await findRoot(request), request);
}

async function findRoot({
  index,
  tagged,
  wanted,
  content,
  isSameName,
}: LayoutRequest): Promise<ManifestBody> {
  if (wanted.digest !== undefined) return await readRoot(content, { digest: wanted.digest });
  const found =
    index === undefined ? [] : parseBy(indexSchema, index, "index.json").manifests.filter(isShown);
  const isNamed = (entry: FoundDescriptor): boolean =>
    tagged === undefined ? namesOf(entry).length > 0 : entry.annotations?.[REF_NAME] !== undefined;
  const named = tagged ?? found.filter(isNamed).map(entryOf);
  const known = new Set(named.map(({ digest }) => digest));
  const unnamed = found.filter((entry) => !isNamed(entry) && !known.has(entry.digest));
  if (index !== undefined && wanted.name === undefined && named.length === 0) {
    const isIndex = unnamed.length > 1 && unnamed.every(({ platform }) => platform != null);
    if (isIndex) return { mediaType: OCI_INDEX, digest: digestOf(index), bytes: index };
  }
  const candidates = [...named, ...unnamed.map(entryOf)].map((entry) => ({
    ...entry,
    id: entry.digest,
  }));
  return await readRoot(content, chooseOne(candidates, wanted.name, isSameName));
}

async function readRoot(
  content: ImagesRequest["content"],
  { digest, mediaType }: Pick<LayoutEntry, "digest" | "mediaType">,
): Promise<ManifestBody> {
  const root = await content.readManifest(digest, mediaType);
  if (root === undefined) throw new SourceError(`the manifest ${digest} is not there`);
  return root;
}

function entryOf(entry: FoundDescriptor): LayoutEntry {
  return { names: namesOf(entry), digest: entry.digest, mediaType: entry.mediaType };
}

/** The full name first: it tells apart what has the same tag in two repositories. */
function namesOf({ annotations }: FoundDescriptor): readonly string[] {
  const names = [annotations?.[IMAGE_NAME], annotations?.[REF_NAME]];
  return names.flatMap((name) => (name === undefined || name === "" ? [] : [name]));
}

function isShown({ annotations }: FoundDescriptor): boolean {
  return annotations?.[HELD] === undefined;
}
