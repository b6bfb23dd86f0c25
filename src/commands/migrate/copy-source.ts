import type { PlannedManifest } from "../../engine/migrate/plan.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import type { Repository } from "../../oci/reference.ts";
import type { Registry } from "../../registry/registry.ts";
import { originIn } from "../publish/blob-origins.ts";
import type { BlobOrigin } from "../transfer/upload.ts";

/** A repository of the source, as the copying reads it. */
export interface CopySource extends BlobOrigin {
  readonly repository: Repository;
  /** A manifest, with the media type that the plan says: a cache of manifests does not know what the source says. */
  read(
    planned: Pick<PlannedManifest, "digest" | "mediaType">,
    signal: AbortSignal,
  ): Promise<ManifestBody>;
  /** Whether a failure came from reading here. */
  isToBlame(error: unknown): boolean;
}

export function openCopySource(registry: Registry, repository: Repository): CopySource {
  const { host, name } = repository;
  const origin = originIn({ registry, repository });
  const failures = new WeakSet<Error>();
  const note = (error: unknown): unknown => {
    if (error instanceof Error) failures.add(error);
    return error;
  };
  return {
    repository,
    async read({ digest, mediaType }, signal) {
      try {
        const body = await registry.getManifest({ host, name, digest }, { signal });
        return { ...body, mediaType };
      } catch (error) {
        throw note(error);
      }
    },
    async *openBlob(...blob) {
      const chunks = origin.openBlob(...blob)[Symbol.asyncIterator]();
      try {
        for (;;) {
          // What is thrown in at the `yield` comes from whoever reads.
          const { done, value } = await chunks.next().catch((error: unknown) => {
            throw note(error);
          });
          if (done === true) return;
          yield value;
        }
      } finally {
        await chunks.return?.();
      }
    },
    isToBlame: (error) => error instanceof Error && failures.has(error),
  };
}
