import type { Repository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";
import { LockError } from "./lock.ts";

/** Whose locks, and the repository that tells everybody where they are kept. */
export interface LockRepository {
  readonly project: string;
  readonly repository: Repository;
  readonly registry: () => Promise<Registry>;
  readonly listTags: (signal: AbortSignal) => Promise<readonly string[]>;
}

/** Names the repository of a project's locks; its registry is opened when it is asked first. */
export function lockRepository(
  { project, repository }: Pick<LockRepository, "project" | "repository">,
  openRegistry: () => Promise<Registry>,
): LockRepository {
  let opened: Promise<Registry> | undefined;
  const registry = (): Promise<Registry> => {
    opened ??= openRegistry();
    return opened;
  };
  return {
    project,
    repository,
    registry,
    async listTags(signal) {
      const known = await registry();
      const tags: string[] = [];
      for await (const { tag } of known.listTags(repository, { signal })) tags.push(tag);
      return tags;
    },
  };
}

/**
 * The time that records about locks carry: the milliseconds since 1970 on top of as many as there are in its whole
 * seconds. Others write it so and look for the smallest, so a plain one would always come first. Source: werf 2.
 */
export function recordTime(now: Date): number {
  const ms = now.getTime();
  return Math.floor(ms / 1000) * 1000 + ms;
}

/** What a registry refuses while a place for locks is looked for is a refusal of the lock. */
export async function asLockError<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    const isTemporary = error.code === "unavailable" || error.code === "rate-limited";
    throw new LockError(isTemporary ? "unavailable" : "refused", error.message, { cause: error });
  }
}
