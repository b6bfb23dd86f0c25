import type { Digest } from "../../src/oci/digest.ts";
import { imageOf } from "../fakes/seed.ts";
import type { SeedContent } from "../fakes/seed.ts";

/** A registry under check, and a repository in it that nobody else uses. */
export interface Target {
  readonly url: string;
  readonly name: string;
}

/** A path below `/v2/NAME/`. */
export async function call(
  { url, name }: Target,
  method: string,
  path: string,
  init: { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string } = {},
): Promise<Response> {
  const body = init.body === undefined ? null : new Uint8Array(Buffer.from(init.body));
  return await fetch(new URL(`/v2/${name}/${path}`, url), {
    method,
    headers: init.headers ?? {},
    body,
  });
}

/** Follows an upload's `Location`, with `digest` added to whatever query it has. */
export function locationOf({ url }: Target, response: Response, digest?: Digest): URL {
  const location = new URL(response.headers.get("location") ?? "", url);
  if (digest !== undefined) location.searchParams.set("digest", digest);
  return location;
}

export const OCTETS = { "content-type": "application/octet-stream" };

/** Pushes a blob by POST and PUT. */
export async function pushBlob(
  target: Target,
  bytes: Uint8Array,
  digest: Digest,
): Promise<Response> {
  const opened = await call(target, "POST", "blobs/uploads/");
  return await fetch(locationOf(target, opened, digest), {
    method: "PUT",
    headers: OCTETS,
    body: new Uint8Array(bytes),
  });
}

/** Pushes an image, blobs first, under each tag; by digest when there is none. */
export async function pushImage(
  target: Target,
  tags: readonly string[] = [],
  image: SeedContent = imageOf(),
): Promise<SeedContent> {
  for (const { bytes, digest } of image.blobs) await pushBlob(target, bytes, digest);
  for (const key of tags.length === 0 ? [image.digest] : tags)
    await putManifest(target, key, image);
  return image;
}

export async function putManifest(
  target: Target,
  key: string,
  { mediaType, bytes }: Pick<SeedContent, "mediaType" | "bytes">,
): Promise<Response> {
  const headers = { "content-type": mediaType };
  return await call(target, "PUT", `manifests/${key}`, { headers, body: bytes });
}
