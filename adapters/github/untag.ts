import { randomUUID } from "node:crypto";
import { attempt, tagOutcome } from "../../src/distribution/attempt.ts";
import { settleAll } from "../../src/distribution/settle.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { ManifestBody } from "../../src/oci/manifest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Repository, TagReference } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { CallOptions, Registry } from "../../src/registry/registry.ts";
import { LAG_DELAYS_MS } from "./deletion.ts";
import type { Deletion, Lookup } from "./deletion.ts";
import { EMPTY_BLOB, placeholder } from "./placeholder.ts";
import type { PackageVersion } from "./schema.ts";
import type { Versions } from "./versions.ts";

type Images = Pick<Registry, "resolve" | "getManifest" | "putManifest" | "hasBlob" | "putBlob">;

export interface UntagParts {
  readonly context: AdapterContext;
  readonly images: Images;
  readonly versions: Versions;
  readonly deletion: Deletion;
}

/**
 * Removes tags. GitHub deletes versions only, with all their tags, so a tag among several gets a manifest of its own
 * first: then its version has this tag and no other, and that one is deleted.
 *
 * Tags of one manifest go one after the other: the last one takes it along.
 */
export function createUntag(parts: UntagParts): Registry["deleteTags"] {
  const { context, images, versions, deletion } = parts;

  return async function* deleteTags(repository, tags, options = {}) {
    options.signal?.throwIfAborted();
    const list = deletion.lookup(repository, options);
    const lines = new Map<Digest, Promise<unknown>>();
    yield* settleAll(tags, async (tag) => {
      const error = await attempt(options, async () => {
        const found = await images.resolve({ ...repository, tag }, options);
        if (found === undefined) return;
        const before = lines.get(found.digest) ?? Promise.resolve();
        const turn = before.then(() =>
          deleteTag({ ...repository, tag }, found.digest, list, options),
        );
        lines.set(
          found.digest,
          turn.catch(() => undefined),
        ); // Each tag has its own outcome.
        await turn;
      });
      return tagOutcome(tag, error);
    });
  };

  async function deleteTag(
    reference: TagReference,
    digest: Digest,
    list: Lookup,
    options: CallOptions,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const { tag, ...repository } = reference;
    const version = await deletion.find(repository, digest, list, options);
    if (version === undefined) return gone(reference, options);
    const siblings = version.tags.filter((other) => other !== tag);
    if (siblings.length === version.tags.length) {
      throw problem(
        reference,
        "conflict",
        "the package has the tag on no version, or on another one",
      );
    }
    if (siblings.length === 0) return deletion.deleteVersion(repository, version, options);
    await isolate(reference, version, siblings, options);
  }

  /** The tag's manifest went meanwhile; then so did the tag. */
  async function gone(reference: TagReference, options: CallOptions): Promise<void> {
    if ((await images.resolve(reference, options)) === undefined) return;
    throw problem(reference, "conflict", "the tag moved meanwhile");
  }

  async function isolate(
    reference: TagReference,
    { digest }: PackageVersion,
    siblings: readonly string[],
    options: CallOptions,
  ): Promise<void> {
    const { tag, ...repository } = reference;
    const there = await stillThere(reference, siblings, options);
    await storeEmptyBlob(repository, options);
    const original = await images.getManifest(reference, options);
    if (original.digest !== digest) throw problem(reference, "conflict", "the tag moved meanwhile");
    const stand = placeholder(tag, digest, randomUUID());
    try {
      await images.putManifest(reference, stand, options);
      const version = await appeared(reference, stand.digest, options);
      await deletion.deleteVersion(repository, version, options);
    } catch (error) {
      throw await putBack(reference, original, stand.digest, error);
    }
    await proveSiblings(reference, there, original, options);
  }

  /** A version may be told with a tag that went before: that one is not put back. */
  async function stillThere(
    reference: TagReference,
    siblings: readonly string[],
    options: CallOptions,
  ): Promise<readonly string[]> {
    const there: string[] = [];
    for (const tag of siblings) {
      if ((await images.resolve({ ...reference, tag }, options)) !== undefined) there.push(tag);
    }
    return there;
  }

  async function storeEmptyBlob(repository: Repository, options: CallOptions): Promise<void> {
    if (await images.hasBlob(repository, EMPTY_BLOB.digest, options)) return;
    await images.putBlob(repository, EMPTY_BLOB, chunk(EMPTY_BLOB.bytes), options);
  }

  /** The list of versions may lag behind a push. */
  async function appeared(
    reference: TagReference,
    digest: Digest,
    options: CallOptions,
  ): Promise<PackageVersion> {
    const { tag, ...repository } = reference;
    for (const delayMs of [0, ...LAG_DELAYS_MS]) {
      if (delayMs > 0) await context.sleep(delayMs, options.signal);
      const recent = await versions.listRecent(repository, options);
      const found = recent.find((version) => version.digest === digest);
      if (found !== undefined && found.tags.length === 1 && found.tags[0] === tag) return found;
    }
    throw problem(
      reference,
      "unavailable",
      "the version that was made for it did not appear in time",
    );
  }

  /** Answers the error to end with. Not even an interruption keeps the tag from being put back. */
  async function putBack(
    reference: TagReference,
    original: ManifestBody,
    stand: Digest,
    error: unknown,
  ): Promise<unknown> {
    try {
      const now = await images.resolve(reference);
      if (now?.digest === stand) await images.putManifest(reference, original);
      return error;
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      const said = error instanceof Error ? error.message : String(error);
      return new RegistryError("protocol", `${said}; and the tag could not be put back: ${why}`, {
        cause: error,
        hint: `${formatReference(reference)} now points at the placeholder ${stand}; it was ${original.digest}.`,
      });
    }
  }

  /** A sibling that went along is put back; the outcome says that something is wrong. */
  async function proveSiblings(
    reference: TagReference,
    siblings: readonly string[],
    original: ManifestBody,
    options: CallOptions,
  ): Promise<void> {
    const lost: string[] = [];
    for (const tag of siblings) {
      if ((await images.resolve({ ...reference, tag }, options)) !== undefined) continue;
      await images.putManifest({ ...reference, tag }, original, options);
      lost.push(tag);
    }
    if (lost.length === 0) return;
    throw problem(reference, "protocol", `${lost.join(", ")} went along, and was put back`);
  }

  function problem(
    reference: TagReference,
    code: "conflict" | "unavailable" | "protocol",
    why: string,
  ): RegistryError {
    return new RegistryError(
      code,
      `${context.host}: cannot delete ${formatReference(reference)}: ${code} (${why})`,
    );
  }
}

async function* chunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
