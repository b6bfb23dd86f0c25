import type { Digest } from "../../oci/digest.ts";
import type { Repository } from "../../oci/reference.ts";
import { isRegistryError } from "../../registry/error.ts";
import type { UploaderDeps } from "./upload.ts";

/** Mounts where it can work, and stops asking where it does not. */
export interface Mounting {
  /** From a repository that surely has the blob; absent: there is none. */
  fromSure(digest: Digest, from: Repository | undefined): Promise<boolean>;
  /** From the repositories that may have it. */
  fromNeighbours(digest: Digest): Promise<boolean>;
}

/** Refusals in a row after which a neighbour is not asked again: each costs two requests. */
const MAX_MISSES = 3;

export function createMounting(deps: Omit<UploaderDeps, "slots" | "knowledge">): Mounting {
  const { registry, repository, neighbours, signal } = deps;
  /** Refusals in a row, by name of the repository asked. */
  const misses = new Map<string, number>();

  return {
    // One refusal of what is surely there tells all: this registry does not mount, or we may not read there.
    fromSure: async (digest, from) => from !== undefined && (await mount(digest, from, 1)),
    async fromNeighbours(digest) {
      for (const neighbour of neighbours) {
        if (await mount(digest, neighbour, MAX_MISSES)) return true;
      }
      return false;
    },
  };

  async function mount(digest: Digest, from: Repository, maxMisses: number): Promise<boolean> {
    if (from.host !== repository.host || from.name === repository.name) return false;
    const missed = misses.get(from.name) ?? 0;
    if (missed >= maxMisses) return false;
    try {
      const isMounted = await registry.mountBlob(repository, digest, from, { signal });
      misses.set(from.name, isMounted ? 0 : (misses.get(from.name) ?? 0) + 1);
      return isMounted;
    } catch (error) {
      signal.throwIfAborted();
      // A mount is asked for once. The question that comes next is repeated, and fails if the registry stays away.
      if (isRegistryError(error, "unavailable")) return false;
      throw error;
    }
  }
}
