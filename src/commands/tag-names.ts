import type { Repository } from "../oci/reference.ts";
import { isRegistryError } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";

/** Every tag of a repository; none in a directory or a file that the first push is going to make. */
export async function listTagNames(
  registry: Pick<Registry, "listTags">,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const entries = await Array.fromAsync(registry.listTags(repository, { signal }));
    return entries.map(({ tag }) => tag);
  } catch (error) {
    if (isRegistryError(error, "not-found")) return [];
    throw error;
  }
}
