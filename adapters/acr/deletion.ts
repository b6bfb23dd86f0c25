import { attempt, deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { DigestReference, TagReference } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import type { AcrClient } from "./client.ts";
import { asConflict, isLocked } from "./locks.ts";

/** Tags by the registry's own call, manifests by digest: the latter takes every tag along, so it is looked at right before. */
export function createDeletion(
  base: Registry,
  client: AcrClient,
): Pick<Registry, "deleteTags" | "deleteManifests"> {
  return {
    async *deleteTags(repository, tags, options = {}) {
      const { host, name } = repository;
      yield* settleAll(tags, async (tag) =>
        tagOutcome(tag, await attempt(options, () => deleteTag({ host, name, tag }, options))),
      );
    },
    async *deleteManifests(repository, digests, options = {}) {
      const { host, name } = repository;
      yield* settleAll(digests, async (digest) => {
        const known = options.tags === undefined ? undefined : (options.tags.get(digest) ?? []);
        const error = await attempt(options, () =>
          deleteManifest({ host, name, digest }, known, options),
        );
        return deletionOutcome(digest, error);
      });
    },
  };

  async function deleteTag(
    reference: TagReference,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const outcome = await client.deleteTag(reference, options);
    if (outcome === "deleted") return undefined;
    if (outcome.code !== "not-found") return asConflict(outcome, { client, reference, options });
    // Who lacks the right may get the same answer.
    const isThere = (await base.resolve(reference, options)) !== undefined;
    return isThere ? hidden(reference) : undefined;
  }

  /** @param known Absent: whatever tags it has may go. */
  async function deleteManifest(
    reference: DigestReference,
    known: readonly string[] | undefined,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const { host, name, digest } = reference;
    const error = known === undefined ? undefined : await lookAtTags(reference, known, options);
    if (error !== undefined) return error;
    const { signal } = options;
    const only = signal === undefined ? {} : { signal };
    for await (const outcome of base.deleteManifests({ host, name }, [digest], only)) {
      if (outcome.status === "failed") {
        return asConflict(outcome.error, { client, reference, options });
      }
    }
    return undefined;
  }

  /**
   * What forbids to take the manifest's tags along. By the list of tags: what a manifest tells of its own tags has been
   * seen to lack some (Azure/azure-cli#7438).
   */
  async function lookAtTags(
    reference: DigestReference,
    known: readonly string[],
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const tags = await client.tagsOn(reference, options);
    const other = tags.find(({ name }) => !known.includes(name));
    if (other !== undefined) return kept(reference, `it has got the tag ${other.name} since`);
    const fast = tags.find(({ changeableAttributes }) => isLocked(changeableAttributes));
    return fast === undefined ? undefined : kept(reference, `its tag ${fast.name} is locked`);
  }
}

function kept(reference: DigestReference, why: string): RegistryError {
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (${why})`,
  );
}

function hidden(reference: TagReference): RegistryError {
  return new RegistryError(
    "denied",
    `${reference.host}: cannot delete ${formatReference(reference)}: denied (it is still there, though the answer was 404)`,
    {
      status: 404,
      hint: "The identity needs the role AcrDelete, a token the action content/delete in its scope map.",
    },
  );
}
