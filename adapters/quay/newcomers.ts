import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { formatReference } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { DeleteOptions } from "../../src/registry/registry.ts";
import type { QuayClient } from "./client.ts";

/**
 * Refusals for manifests that have a tag besides those that the caller knows: Quay would take it along.
 *
 * The first page is enough: the tag that moved last comes first. Source: quay/quay `data/model/oci/tag.py`.
 */
export async function refuseNewcomers(
  client: QuayClient,
  repository: Repository,
  digests: readonly Digest[],
  { tags: known, signal }: DeleteOptions,
): Promise<ReadonlyMap<Digest, RegistryError>> {
  const refused = new Map<Digest, RegistryError>();
  if (known === undefined || digests.length === 0) return refused;
  const wanted = new Set<string>(digests);
  const page = await client.tags(repository, 1, signal);
  for (const { name, manifest_digest: digest } of page?.tags ?? []) {
    if (typeof digest !== "string" || !isDigest(digest) || !wanted.has(digest)) continue;
    if (known.get(digest)?.includes(name) === true) continue;
    refused.set(digest, hasOtherTag({ ...repository, digest }, name));
  }
  return refused;
}

function hasOtherTag(
  reference: Repository & { readonly digest: Digest },
  tag: string,
): RegistryError {
  return new RegistryError(
    "conflict",
    `${reference.host}: cannot delete ${formatReference(reference)}: conflict (it has the tag ${tag} too)`,
    { hint: "A manifest goes with every tag on it, so it stays." },
  );
}
