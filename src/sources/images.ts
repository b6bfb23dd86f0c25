import type { ManifestBody } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-type.ts";
import { formatPlatform } from "../stages/platform.ts";
import type { FullPlatform } from "../stages/platform.ts";
import type { Content } from "./content.ts";
import { platformOf, readImage, refuseOtherType } from "./image.ts";
import { parseBy } from "./json.ts";
import { index as indexSchema } from "./schema.ts";
import type { FoundDescriptor } from "./schema.ts";
import { SourceError } from "./source.ts";
import type { Source, SourceImage } from "./source.ts";

/** What a source holds. */
export type Images = Pick<Source, "images" | "index">;

export interface ImagesRequest {
  readonly content: Content;
  readonly warn: (message: string) => void;
  /** Children of an index whose manifest is not there are left out, with a warning; else they are an error. */
  readonly sparse: boolean;
}

/** How deep indexes may lie in each other. */
const MAX_DEPTH = 4;

/** Most images of one source. */
const MAX_IMAGES = 256;

/** A child of an index that is left out because nothing runs it. Source: BuildKit, `docs/attestations/attestation-storage.md`. */
const ATTESTATION = "attestation-manifest";
const REFERENCE_TYPE = "vnd.docker.reference.type";

/** Reads the image that a manifest is, or those that an index names: nested ones as if its own. */
export async function readImages(root: ManifestBody, request: ImagesRequest): Promise<Images> {
  if (!isIndexType(root.mediaType))
    return { images: [await readImage(root, undefined, request.content)] };
  const { annotations } = parseIndex(root);
  const found = await flatten(root, request, 1);
  const images = await Promise.all(
    found.map(({ body, platform }) => readImage(body, platform, request.content)),
  );
  refuseSamePlatform(images);
  if (images.length === 1) return { images };
  const { mediaType, bytes } = root;
  return { images, index: { mediaType, annotations: annotations ?? {}, bytes } };
}

interface Child {
  readonly body: ManifestBody;
  readonly platform: FullPlatform | undefined;
}

async function flatten(
  body: ManifestBody,
  request: ImagesRequest,
  depth: number,
): Promise<readonly Child[]> {
  if (depth > MAX_DEPTH) throw new SourceError(`has indexes more than ${MAX_DEPTH} deep`);
  const unique = new Map(parseIndex(body).manifests.map((child) => [child.digest, child]));
  const runnable = [...unique.values()].filter((child) => !isAttestation(child));
  if (runnable.length < unique.size) {
    const count = unique.size - runnable.length;
    const what = count === 1 ? "an attestation is" : `${count} attestations are`;
    request.warn(`${what} left out: what they attest is not the stage that is published`);
  }
  if (runnable.length > MAX_IMAGES) throw new SourceError(`names more than ${MAX_IMAGES} images`);
  const lists = await Promise.all(runnable.map((child) => readChild(child, request, depth)));
  const children = lists.flat();
  if (depth > 1) return children;
  if (children.length === 0) throw new SourceError("is an index that names no image");
  if (children.length > MAX_IMAGES) throw new SourceError(`names more than ${MAX_IMAGES} images`);
  return uniqueBy(children, ({ body: { digest } }) => digest);
}

async function readChild(
  { digest, mediaType, platform }: FoundDescriptor,
  request: ImagesRequest,
  depth: number,
): Promise<readonly Child[]> {
  const body = await request.content.readManifest(digest, mediaType);
  if (body === undefined) {
    const named = platform == null ? digest : `${formatPlatform(platformOf(platform))} (${digest})`;
    if (!request.sparse) throw new SourceError(`its index names ${named}, which is not there`);
    request.warn(`${named} is left out: the index names it, and its content is not there`);
    return [];
  }
  if (isIndexType(body.mediaType)) return await flatten(body, request, depth + 1);
  return [{ body, platform: platform == null ? undefined : platformOf(platform) }];
}

function isAttestation({ platform, annotations }: FoundDescriptor): boolean {
  return (
    annotations?.[REFERENCE_TYPE] === ATTESTATION ||
    (platform?.os === "unknown" && platform.architecture === "unknown")
  );
}

function parseIndex(body: ManifestBody): ReturnType<typeof indexSchema.parse> {
  const index = parseBy(indexSchema, body.bytes, `the index ${body.digest}`);
  refuseOtherType(body, index.mediaType);
  return index;
}

function refuseSamePlatform(images: readonly SourceImage[]): void {
  const byPlatform = Map.groupBy(images, ({ platform }) => platform);
  for (const [platform, [first, second]] of byPlatform) {
    if (first === undefined || second === undefined) continue;
    throw new SourceError(
      `has two images for ${platform} (${first.manifest.digest} and ${second.manifest.digest}); publish one of them by its digest`,
    );
  }
}

function uniqueBy<Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}
