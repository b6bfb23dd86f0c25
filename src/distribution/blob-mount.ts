import { isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import type { UploadRequests } from "./upload-session.ts";

/** Mounts blobs between the repositories of one host. */
export function createMount(requests: UploadRequests): Registry["mountBlob"] {
  return async function mountBlob(repository, digest, from, options = {}) {
    options.signal?.throwIfAborted();
    if (from.host !== repository.host || from.name === repository.name) return false;
    const blob = { ...options, repository, digest };
    try {
      const session = await requests.mount(blob, from.name);
      if (session === undefined) return true;
      await requests.cancel(blob, session);
      return false;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isNoMount(error)) return false;
      throw error;
    }
  };
}

/**
 * Whether a refusal may mean the mount alone: the other repository is not there or may not be read, or the registry knows
 * no such thing. Whatever else it means, the upload that follows is refused as well, and says so.
 */
function isNoMount(error: unknown): boolean {
  return isRegistryError(
    error,
    "not-found",
    "unauthorized",
    "denied",
    "unsupported",
    "invalid",
    "conflict",
  );
}
