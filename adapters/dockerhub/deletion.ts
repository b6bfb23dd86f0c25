import { randomBytes } from "node:crypto";
import { attempt, deletionOutcome, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { DigestReference, Repository, TagReference } from "../../src/oci/reference.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import type { HubClient } from "./client.ts";
import { NEEDS_DELETE, reclassified } from "./errors.ts";
import type { AsConflict } from "./immutability.ts";

export interface DeletionOptions {
  /** The registry's `/v2/`. */
  readonly base: Registry;
  /** Rejects where no credentials for the Hub API are known. */
  readonly clientFor: (repository: Repository) => Promise<HubClient>;
  readonly asConflict: AsConflict;
  readonly listTags: Registry["listTags"];
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export function createDeletion({
  base,
  clientFor,
  asConflict,
  listTags,
  sleep,
}: DeletionOptions): Pick<Registry, "deleteTags" | "deleteManifests"> {
  const rights = new Map<string, Promise<boolean>>();

  return {
    async *deleteTags(repository, tags, options = {}) {
      const { host, name } = repository;
      yield* settleAll(tags, async (tag) =>
        tagOutcome(tag, await attempt(options, () => deleteTag({ host, name, tag }, options))),
      );
    },
    async *deleteManifests(repository, digests, options = {}) {
      const { host, name } = repository;
      if (digests.length === 0) return;
      const tags = options.tags ?? (await tagsByDigest(repository, options));
      yield* settleAll(digests, async (digest) => {
        const error = await attempt(options, () =>
          deleteManifest({ host, name, digest }, tags.get(digest) ?? [], options),
        );
        return deletionOutcome(digest, error);
      });
    },
  };

  /** A list without a digest for each tag is completed by HEAD. */
  async function tagsByDigest(
    repository: Repository,
    options: CallOptions,
  ): Promise<ReadonlyMap<Digest, readonly string[]>> {
    const { host, name } = repository;
    const found = new Map<Digest, string[]>();
    for await (const entry of listTags(repository, options)) {
      const { tag } = entry;
      const digest = entry.digest ?? (await base.resolve({ host, name, tag }, options))?.digest;
      if (digest === undefined) continue;
      found.set(digest, [...(found.get(digest) ?? []), tag]);
    }
    return found;
  }

  async function deleteTag(
    reference: TagReference,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const client = await clientFor(reference);
    const outcome = await client.deleteTag(reference, options);
    if (outcome === "deleted") return undefined;
    if (outcome !== "absent") {
      return asConflict(outcome, reference, options);
    }
    // The Hub hides by a 404 what these credentials may not see.
    const isThere = (await base.resolve(reference, options)) !== undefined;
    return isThere ? hidden(reference) : undefined;
  }

  /** The tags that the caller knows, then the manifest: the registry keeps it while anything else names it. */
  async function deleteManifest(
    reference: DigestReference,
    tags: readonly string[],
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const { host, name } = reference;
    for (const tag of tags) {
      const current = await base.resolve({ host, name, tag }, options);
      // Gone, or moved to another manifest since: not this one's any more. HEAD is free of the limit on pulls.
      if (current?.digest !== reference.digest) continue;
      const error = await deleteTag({ host, name, tag }, options);
      if (error !== undefined) return error;
    }
    const error = await deleteByDigest(reference, options);
    if (error === undefined || error.code === "unavailable") {
      // It may go on in the background, after an answer or after none.
      return (await isGone(reference, options)) ? undefined : (error ?? lingering(reference));
    }
    const isRule = error.status === 403 && (await mayDelete({ host, name }, options));
    return isRule ? reclassified(error, "conflict", STILL_NAMED) : error;
  }

  async function deleteByDigest(
    { host, name, digest }: DigestReference,
    options: CallOptions,
  ): Promise<RegistryError | undefined> {
    const { signal } = options;
    const only = signal === undefined ? {} : { signal };
    for await (const outcome of base.deleteManifests({ host, name }, [digest], only)) {
      if (outcome.status === "failed") return outcome.error;
    }
    return undefined;
  }

  async function isGone(reference: DigestReference, options: CallOptions): Promise<boolean> {
    for (const waitMs of [0, ...POLLS_MS]) {
      if (waitMs > 0) await sleep(waitMs, options.signal);
      if ((await base.resolve(reference, options)) === undefined) return true;
    }
    return false;
  }

  /**
   * Whether these credentials may delete a manifest at all, tried with a digest that nobody has. Rejects with
   * `RegistryError` where nobody can tell; then it is tried again the next time.
   */
  function mayDelete({ host, name }: Repository, options: CallOptions): Promise<boolean> {
    const nobody: Digest = `sha256:${randomBytes(32).toString("hex")}`;
    const known =
      rights.get(name) ??
      deleteByDigest({ host, name, digest: nobody }, options).then((error) => {
        if (error === undefined) return true;
        if (isRegistryError(error, "denied", "unauthorized")) return false;
        throw error;
      });
    rights.set(name, known);
    known.catch(() => rights.delete(name));
    return known;
  }
}

/** Milliseconds between the looks at a manifest that should be gone: a minute in all. */
const POLLS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;

const STILL_NAMED =
  "Docker Hub keeps a manifest that a tag or an index still names; remove those first.";

function hidden(reference: TagReference): RegistryError {
  return new RegistryError(
    "denied",
    `${reference.host}: cannot delete ${formatReference(reference)}: denied (it is still there, though the answer was 404)`,
    { status: 404, hint: NEEDS_DELETE },
  );
}

function lingering(reference: DigestReference): RegistryError {
  return new RegistryError(
    "unavailable",
    `${reference.host}: cannot delete ${formatReference(reference)}: unavailable (the deletion was accepted, and the manifest is still there)`,
    { hint: "Docker Hub deletes large manifests in the background; look again later." },
  );
}
