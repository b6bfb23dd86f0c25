import type { DigestReference, Repository } from "../oci/reference.ts";
import type { AdapterContext } from "../registry/adapter.ts";
import { isRegistryError } from "../registry/error.ts";
import type { RegistryErrorCode } from "../registry/error.ts";
import type { Registry } from "../registry/registry.ts";

/** What a registry is asked to copy by itself. */
export interface ServerCopyRequest {
  readonly target: Repository;
  readonly from: DigestReference;
  /** To be set in the target. */
  readonly tags: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Has one registry copy; rejects with `RegistryError`.
 *
 * - `proved`: its answers named the digest under each tag
 * - `done`: it says so, and where the tags lead is still to be seen
 * - `left`: this one it cannot do, or not without changing more than was asked for; nothing was changed
 */
type OwnCopy = (request: ServerCopyRequest) => Promise<"proved" | "done" | "left">;

/**
 * `copyFrom` of a registry that copies by itself: a refusal is an answer, because whoever asked can copy too, and will be
 * told then what is wrong. What stands against all copies between two repositories is told once, and they are not tried again.
 * So is one that does not answer: it was tried several times by then, and waiting so for each image takes longer than copying.
 */
export function createServerCopy(
  { host, warn }: Pick<AdapterContext, "host" | "warn">,
  { resolve }: Pick<Registry, "resolve">,
  copy: OwnCopy,
): Registry["copyFrom"] {
  /** Names of two repositories each, the source first: nothing is copied between them. */
  const closed = new Set<string>();
  let isTold = false;

  return async function copyFrom(target, from, { tags, signal }) {
    signal?.throwIfAborted();
    const pair = `${from.name} ${target.name}`;
    if (from.host !== target.host || from.name === target.name || closed.has(pair)) {
      return "refused";
    }
    try {
      const request = { target: { host: target.host, name: target.name }, from, tags, signal };
      const outcome = await copy(request);
      const isCopied = outcome === "done" ? await isThere(request) : outcome === "proved";
      return isCopied ? "copied" : "refused";
    } catch (error) {
      signal?.throwIfAborted();
      if (!isRegistryError(error)) throw error;
      if (OF_ONE_IMAGE.has(error.code)) return "refused";
      closed.add(pair);
      if (!isTold) warn(`${host}: ${WITHOUT_COPY}: ${error.message}`);
      isTold = true;
      return "refused";
    }
  };

  /** Whether every tag, or without any the digest, leads to the manifest now. */
  async function isThere({ target, from, tags, signal }: ServerCopyRequest): Promise<boolean> {
    const { digest } = from;
    const references =
      tags.length === 0 ? [{ ...target, digest }] : tags.map((tag) => ({ ...target, tag }));
    const options = signal === undefined ? {} : { signal };
    const found = await Promise.all(references.map((reference) => resolve(reference, options)));
    return found.every((descriptor) => descriptor?.digest === digest);
  }
}

const WITHOUT_COPY =
  "it does not copy images by itself here, so their blobs are mounted, or read and sent";

/** What may be wrong with one image, and right with the next. */
const OF_ONE_IMAGE: ReadonlySet<RegistryErrorCode> = new Set([
  "conflict",
  "invalid",
  "not-found",
  "rate-limited",
]);
