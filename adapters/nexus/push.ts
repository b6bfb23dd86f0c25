import { formatReference } from "../../src/oci/reference.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";

/**
 * Stores manifests, and tells a policy from a mistake: Nexus answers a PUT that its deployment policy forbids with 400
 * `BLOB_UPLOAD_INVALID`, as if bytes were wrong. Source: jib#2395, jib#3057, NEXUS-25275.
 */
export function createPutManifest({
  putManifest,
}: Pick<Registry, "putManifest">): Registry["putManifest"] {
  return async (reference, body, options) => {
    try {
      return await putManifest(reference, body, options);
    } catch (error) {
      if (!isRegistryError(error, "invalid") || error.registryCode !== POLICY_CODE) throw error;
      throw new RegistryError(
        "conflict",
        `${reference.host}: cannot store ${formatReference(reference)}: conflict (the deployment policy of the repository forbids it)`,
        {
          ...(error.status === undefined ? {} : { status: error.status }),
          registryCode: POLICY_CODE,
          hint: 'With "Disable redeploy" a tag cannot be written twice, with "Read-only" nothing can.',
          cause: error,
        },
      );
    }
  };
}

const POLICY_CODE = "BLOB_UPLOAD_INVALID";
