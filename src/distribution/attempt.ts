import type { Digest } from "../oci/digest.ts";
import { isRegistryError } from "../registry/error.ts";
import type { RegistryError } from "../registry/error.ts";
import type {
  CallOptions,
  DeletionOutcome,
  TagOutcome,
  UndeleteOutcome,
} from "../registry/registry.ts";

/**
 * The failure of `action` as a value, whether it was thrown or returned. Rejects with the reason of an aborted signal,
 * and with what is no registry's failure.
 */
export async function attempt<Value>(
  { signal }: CallOptions,
  action: () => Promise<Value>,
): Promise<Value | RegistryError> {
  try {
    return await action();
  } catch (error) {
    signal?.throwIfAborted();
    if (isRegistryError(error)) return error;
    throw error;
  }
}

/** What an attempt to do away with something, or to bring it back, comes to: nothing, unless it failed. */
type Failure = RegistryError | undefined | void;

export function tagOutcome(tag: string, error: Failure): TagOutcome {
  return error === undefined ? { tag, status: "deleted" } : { tag, status: "failed", error };
}

export function deletionOutcome(digest: Digest, error: Failure): DeletionOutcome {
  return error === undefined ? { digest, status: "deleted" } : { digest, status: "failed", error };
}

export function undeleteOutcome(digest: Digest, error: Failure): UndeleteOutcome {
  return error === undefined ? { digest, status: "restored" } : { digest, status: "failed", error };
}
