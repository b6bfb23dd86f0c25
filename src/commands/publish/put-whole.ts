import type { Descriptor } from "../../oci/descriptor.ts";
import type { ManifestBody } from "../../oci/manifest.ts";
import { isInFiles } from "../../oci/reference.ts";
import type { Reference } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { Registry } from "../../registry/registry.ts";
import type { PublishDeps } from "./request.ts";

/** Pauses before a manifest is sent again. Milliseconds. */
const PAUSES_MS = [100, 400, 1_500];

/**
 * Stores a manifest all of whose parts are there. A registry that misses one is asked again: while others store the same
 * part, some do not see it for a moment (docker-registry 2.8 writes its links in place).
 */
export async function putWhole(
  registry: Pick<Registry, "putManifest">,
  reference: Reference,
  manifest: ManifestBody,
  { signal, runner }: Pick<PublishDeps, "signal" | "runner">,
): Promise<Descriptor> {
  for (const pause of PAUSES_MS) {
    try {
      return await registry.putManifest(reference, manifest, { signal });
    } catch (error) {
      // Who looks into files sees what is there at once.
      if (!missesPart(error) || isInFiles(reference)) throw error;
      await runner.sleep(pause);
    }
  }
  return registry.putManifest(reference, manifest, { signal });
}

/** Whether the registry misses a part. Source: distribution-spec, "Error Codes"; a refusal may have several, and the error holds the first. */
export function missesPart(error: unknown): boolean {
  if (!isRegistryError(error, "invalid", "not-found")) return false;
  return /\b(?:MANIFEST_)?BLOB_UNKNOWN\b/.test(`${error.registryCode} ${error.message}`);
}
