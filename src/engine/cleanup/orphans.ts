import type { Digest } from "../../oci/digest.ts";
import type { Catalog } from "./catalog.ts";
import type { Closure } from "./closure.ts";
import type { Answers, CleanupInput, InventoryTag, Question } from "./inventory.ts";
import { reasonOfAge } from "./untagged.ts";
import type { Untagged } from "./untagged.ts";

/** Signature and fallback tags without what they are about. */
export interface Orphans {
  /** By the digest that is provably not there. */
  readonly tags: ReadonlyMap<Digest, readonly InventoryTag[]>;
  /** Those among them that may go. */
  readonly going: ReadonlySet<string>;
  /** Subjects that nobody has asked after yet. */
  readonly questions: readonly Question[];
}

/**
 * Finds tags about a digest that no tag names, nothing kept reaches and nothing told of. Where the registry tells when a
 * tag was pushed, a young one stays: a signature may come before its image.
 */
export function findOrphans(
  input: CleanupInput,
  { byDigest, referrers }: Catalog,
  { manifests }: Untagged,
  { reached, kept }: Pick<Closure, "reached" | "kept">,
  { presence }: Answers,
): Orphans {
  const tags = new Map<Digest, readonly InventoryTag[]>();
  const going = new Set<string>();
  const questions: Question[] = [];
  for (const [subject, entries] of referrers) {
    if (byDigest.has(subject) || manifests.has(subject) || reached.has(subject)) continue;
    const isThere = presence.get(subject);
    if (isThere === undefined) questions.push({ ask: "presence", digest: subject });
    if (isThere !== false) continue;
    tags.set(subject, entries);
    if (input.deleteOrphans !== true) continue;
    for (const entry of entries) {
      const isYoung = entry.pushedAt !== undefined && reasonOfAge(entry, input) !== undefined;
      if (entry.digest !== undefined && !kept.has(entry.tag) && !isYoung) going.add(entry.tag);
    }
  }
  return { tags, going, questions };
}
