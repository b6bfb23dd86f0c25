import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import type { Graphql } from "./api.ts";
import { DestroyAnswer } from "./schema.ts";

/** Most names of one mutation. Source: GitLab, `Mutations::ContainerRepositories::DestroyTags::LIMIT`. */
export const BATCH_SIZE = 20;

/**
 * Removes up to twenty tags in one request. Answers with those that the server says are removed: the mutation leaves out
 * what a rule protects and what it could not remove, so the others are asked for one by one.
 *
 * `undefined`: these credentials have no such mutation, and need not try again. Rejects only with the reason of an aborted
 * signal.
 */
export async function untagBatch(
  graphql: Graphql,
  repository: Repository,
  id: string,
  tags: readonly string[],
  { signal }: CallOptions,
): Promise<readonly string[] | undefined> {
  try {
    const data = await graphql.ask({
      query:
        "mutation destroyTags($id: ContainerRepositoryID!, $tags: [String!]!) { destroyContainerRepositoryTags(input: { id: $id, tagNames: $tags }) { deletedTagNames errors } }",
      variables: { id, tags },
      verb: "delete tags of",
      reference: formatRepository(repository),
      signal,
    });
    const deleted = DestroyAnswer.safeParse(data).data?.destroyContainerRepositoryTags;
    return (deleted?.deletedTagNames ?? []).filter((tag) => tags.includes(tag));
  } catch (error) {
    signal?.throwIfAborted();
    if (!isRegistryError(error)) throw error;
    // What became of the tags shows when each is asked for by itself.
    return isRegistryError(error, "unavailable", "rate-limited", "protocol") ? [] : undefined;
  }
}
