import type { Digest } from "../oci/digest.ts";
import type { Repository } from "../oci/reference.ts";
import type { CallOptions, Registry } from "../registry/registry.ts";

/** Most bytes of an image config that is read: far above any real one, far below what would hurt. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A blob that is to be looked into, like an image config. `undefined` when it is too large to be one. */
export async function readSmallBlob(
  registry: Pick<Registry, "getBlob">,
  repository: Repository,
  digest: Digest,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await registry.getBlob(repository, digest, options)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
  }
  return Buffer.concat(chunks);
}
