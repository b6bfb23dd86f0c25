import type { ContentCache } from "../journal/content-cache.ts";
import { digestOf } from "../oci/digest.ts";
import type { Digest } from "../oci/digest.ts";
import { sniffMediaType } from "../oci/manifest.ts";
import type { ManifestBody } from "../oci/manifest.ts";
import type { Registry } from "../registry/registry.ts";

/** Most bytes of a blob that is kept: image configs are far smaller, layers are not worth it. */
const MAX_BLOB_BYTES = 256 * 1024;

/** Most bytes of manifests that are held in memory. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

/** The same registry; manifests and small blobs asked for by digest are taken from the cache where it has them. */
export function withContentCache(registry: Registry, cache: ContentCache): Registry {
  /** Manifests that are going to be asked for again in this run: files would take longer than they did. */
  const held = new Map<Digest, ManifestBody>();
  let heldBytes = 0;
  return {
    ...registry,
    async getManifest(reference, options) {
      const near = "digest" in reference ? held.get(reference.digest) : undefined;
      if (near !== undefined) return near;
      const known = "digest" in reference ? await cache.read(reference.digest) : undefined;
      const mediaType = known === undefined ? undefined : sniffMediaType(known, undefined);
      if ("digest" in reference && known !== undefined && mediaType !== undefined) {
        return { mediaType, digest: reference.digest, bytes: known };
      }
      const body = await registry.getManifest(reference, options);
      const isHeld = options?.again === true && hold(body);
      if (!isHeld && ("digest" in reference || options?.again === true)) {
        await cache.write(body.digest, body.bytes);
      }
      return body;
    },
    async getBlob(repository, digest, options) {
      const known = await cache.read(digest);
      if (known !== undefined) {
        return new Blob([Uint8Array.from(known)]).slice(options?.from ?? 0).stream();
      }
      if (options?.passing === true) return registry.getBlob(repository, digest, options);
      return keepSmall(await registry.getBlob(repository, digest, options), (bytes) =>
        digestOf(bytes) === digest ? cache.write(digest, bytes) : Promise.resolve(),
      );
    },
    async [Symbol.asyncDispose]() {
      await cache.sweep();
      await registry[Symbol.asyncDispose]();
    },
  };

  /** Whether there is room for it. */
  function hold(body: ManifestBody): boolean {
    if (held.has(body.digest)) return true;
    if (heldBytes + body.bytes.length > MAX_HELD_BYTES) return false;
    heldBytes += body.bytes.length;
    held.set(body.digest, body);
    return true;
  }
}

/** Passes a stream on and hands over its bytes when it has ended and was small. */
function keepSmall(
  stream: ReadableStream<Uint8Array>,
  keep: (bytes: Uint8Array) => Promise<void>,
): ReadableStream<Uint8Array> {
  let chunks: Uint8Array[] | undefined = [];
  let size = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        if (size > MAX_BLOB_BYTES) chunks = undefined;
        chunks?.push(chunk);
        controller.enqueue(chunk);
      },
      async flush() {
        if (chunks !== undefined) await keep(Buffer.concat(chunks));
      },
    }),
  );
}
