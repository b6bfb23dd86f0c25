import { attempt, deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Reference, Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { DeleteOptions, Registry } from "../../src/registry/registry.ts";
import type { HarborClient } from "./client.ts";
import { findStrangeTag } from "./company.ts";
import type { KnownTags } from "./known-tags.ts";

/** Removes tags and artifacts through the API. */
export interface HarborDeletion {
  readonly deleteTags: Registry["deleteTags"];
  readonly deleteManifests: Registry["deleteManifests"];
}

export function createDeletion(
  clientFor: (repository: Repository) => Promise<HarborClient>,
  base: Pick<Registry, "resolve">,
  known: KnownTags,
): HarborDeletion {
  return {
    deleteTags: (repository, tags, options = {}) =>
      settleAll(tags, async (tag) =>
        tagOutcome(tag, await attempt(options, () => deleteTag(repository, tag, options.signal))),
      ),
    deleteManifests: (repository, digests, options = {}) =>
      settleAll(digests, async (digest) => {
        const error = await attempt(options, () => deleteManifest(repository, digest, options));
        return deletionOutcome(digest, error);
      }),
  };

  /**
   * From the artifact it was seen on: Harbor answers 404 when the tag has moved away from it. That it is really gone, the
   * registry itself has to say: the API may be another server's, or a proxy may have spoilt the name.
   */
  async function deleteTag(
    repository: Repository,
    tag: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { host, name } = repository;
    const client = await clientFor(repository);
    const seenOn = known.digestOf(repository, tag);
    const isDone = await client.deleteTag(repository, seenOn ?? tag, tag, signal);
    if (!isDone) {
      const there = await base.resolve({ host, name, tag }, signal === undefined ? {} : { signal });
      if (there !== undefined) {
        throw seenOn === undefined || there.digest === seenOn
          ? hidden({ host, name, tag })
          : conflict({ host, name, tag }, `it points at ${there.digest} by now`);
      }
    }
    known.note(repository, { tag });
  }

  /** Just before, its tags are read: an artifact goes with every tag on it. */
  async function deleteManifest(
    { host, name }: Repository,
    digest: Digest,
    { tags, signal }: DeleteOptions,
  ): Promise<void> {
    const repository = { host, name };
    const client = await clientFor(repository);
    const artifact = await client.artifact(repository, digest, signal);
    if (artifact !== undefined) {
      const read = (key: string): ReturnType<HarborClient["artifact"]> =>
        client.artifact(repository, key, signal);
      const strange = tags === undefined ? undefined : await findStrangeTag(artifact, tags, read);
      if (strange !== undefined) throw conflict({ host, name, digest }, strange);
      if (await client.deleteArtifact(repository, digest, signal)) return;
    }
    // Whoever lacks the right is answered 403; that it is really gone, the registry itself has to say.
    const options = signal === undefined ? {} : { signal };
    const there = await base.resolve({ host, name, digest }, options);
    if (there !== undefined) throw hidden({ host, name, digest });
  }
}

function conflict(reference: Reference, why: string): RegistryError {
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (${why})`,
    { hint: "It changed since it was listed; run again." },
  );
}

function hidden(reference: Reference): RegistryError {
  return new RegistryError(
    "denied",
    `${reference.host}: cannot delete ${formatReference(reference)}: denied (it is still there, though the answer was 404)`,
    {
      status: 404,
      hint: "Check the permissions of the user or the robot account in this project.",
    },
  );
}
