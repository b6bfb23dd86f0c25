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
  const { content } = request;
  if (!isIndexType(root.mediaType)) return { images: [await readImage(root, undefined, content)] };
  const children = await readChildren(root, request);
  const found = await Promise.all(
    children.map(({ body, platform }) => readImage(body, platform, content)),
  );
  const images = uniqueBy(found, ({ platform, manifest }) => `${platform} ${manifest.digest}`);
  refuseSamePlatform(images);
  if (images.length === 0) throw new SourceError("is an index that names no image");
  if (images.length === 1) return { images };
  const { mediaType, bytes } = root;
  return { images, index: { mediaType, annotations: parseIndex(root).annotations ?? {}, bytes } };
}

interface Child {
  readonly body: ManifestBody;
  /** As the index tells it. */
  readonly platform: FullPlatform | undefined;
}

/** The images that an index names, and those that an index in it names. Says what is left out. */
async function readChildren(
  root: ManifestBody,
  { content, warn, sparse }: ImagesRequest,
): Promise<readonly Child[]> {
  let named = 0;
  let attestations = 0;
  const children = await flatten(root, 1);
  if (attestations > 0) {
    const what = attestations === 1 ? "an attestation is" : `${attestations} attestations are`;
    warn(`${what} left out: what they attest is not the stage that is published`);
  }
  return children;

  async function flatten(body: ManifestBody, depth: number): Promise<readonly Child[]> {
    if (depth > MAX_DEPTH) throw new SourceError(`has indexes more than ${MAX_DEPTH} deep`);
    const { manifests } = parseIndex(body);
    const runnable = manifests.filter((child) => !isAttestation(child));
    attestations += manifests.length - runnable.length;
    named += runnable.length;
    if (named > MAX_IMAGES) throw new SourceError(`names more than ${MAX_IMAGES} images`);
    const lists = await Promise.all(runnable.map((child) => readChild(child, depth)));
    return lists.flat();
  }

  async function readChild(child: FoundDescriptor, depth: number): Promise<readonly Child[]> {
    const { digest, mediaType } = child;
    const platform = child.platform == null ? undefined : platformOf(child.platform);
    const body = await content.readManifest(digest, mediaType);
    if (body !== undefined) {
      return isIndexType(body.mediaType) ? await flatten(body, depth + 1) : [{ body, platform }];
    }
    const name = platform === undefined ? digest : `${formatPlatform(platform)} (${digest})`;
    if (!sparse) throw new SourceError(`its index names ${name}, which is not there`);
    warn(`${name} is left out: the index names it, and its content is not there`);
    return [];
  }
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
