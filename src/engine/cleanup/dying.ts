import type { Digest } from "../../oci/digest.ts";
import { isIndexType, mayPointAtOthers } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import type { Closure } from "./closure.ts";
import type { Decision } from "./decision.ts";
import type { Answers, Facts, InventoryTag, Need, Question } from "./inventory.ts";
import type { Untagged } from "./untagged.ts";

/** What goes because of what it is about. */
export interface Dying {
  /** Manifests without a tag, with what each is about. */
  readonly untagged: ReadonlyMap<Digest, Digest>;
  /** Every digest that goes with all its tags, or would if nothing else kept it than what it is about. */
  readonly digests: ReadonlySet<Digest>;
  readonly needs: readonly Need[];
  /** Whose referrers nobody has asked for yet. */
  readonly questions: readonly Question[];
}

export interface DyingFindings {
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly catalog: Catalog;
  readonly closure: Pick<Closure, "reached">;
  readonly untagged: Untagged;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly answers: Answers;
  /** Digests that are provably not there, and what is about them goes. */
  readonly dead: Iterable<Digest>;
  /** Listed manifests without a tag that go unless something keeps them. */
  readonly swept: Iterable<Digest>;
  /** Whether the registry has to be asked which manifests are about what goes. */
  readonly asks: boolean;
}

/** Follows referrers from every manifest that goes with all its tags, and from what is dead already. */
export function findDying(findings: DyingFindings): Dying {
  const { decisions, catalog, closure, untagged, facts, answers, dead, swept, asks } = findings;
  const found = new Map<Digest, Digest>();
  const needs: Need[] = [];
  const questions: Question[] = [];
  const isDead = new Set<Digest>(dead);
  const queue = new Set<Digest>(isDead);
  for (const digest of swept) if (!closure.reached.has(digest)) queue.add(digest);
  for (const [digest, entries] of catalog.byDigest) {
    if (!closure.reached.has(digest) && entries.every(isGoing)) queue.add(digest);
  }
  // A set yields what is added while it is read.
  for (const digest of queue) {
    if (asks && isAskedFor(digest) && !answers.referrers.has(digest)) {
      questions.push({ ask: "referrers", digest });
    }
    for (const { digest: signature, mediaType } of catalog.referrers.get(digest) ?? []) {
      if (signature === undefined || closure.reached.has(signature)) continue;
      // Of what was never there, only those go that were asked to.
      const follows = isDead.has(digest) ? isGoing : mayDie;
      if (catalog.byDigest.get(signature)?.every(follows) !== true) continue;
      if (mediaType === undefined || isIndexType(mediaType)) read(signature);
      queue.add(signature);
    }
    for (const referrer of untagged.about.get(digest) ?? []) {
      if (closure.reached.has(referrer)) continue;
      if (mayPointAtOthers(untagged.manifests.get(referrer)?.mediaType)) read(referrer);
      const known = facts.get(referrer)?.kind;
      if (known === "absent" || known === "unreadable") continue;
      found.set(referrer, digest);
      queue.add(referrer);
    }
  }
  return { untagged: found, digests: queue, needs, questions };

  function isGoing({ tag }: InventoryTag): boolean {
    const decision = decisions.get(tag);
    return decision !== undefined && "because" in decision;
  }

  /** Goes, or is a signature that nothing but its subject keeps. */
  function mayDie(entry: InventoryTag): boolean {
    return isGoing(entry) || (entry.class.kind === "signature" && isUnclaimed(entry));
  }

  function isUnclaimed({ tag }: InventoryTag): boolean {
    const decision = decisions.get(tag);
    if (decision === undefined || !("reasons" in decision)) return false;
    return decision.reasons.every(({ kind }) => kind === "foreign");
  }

  /** Images are signed; records and signatures as tags are not asked for. */
  function isAskedFor(digest: Digest): boolean {
    const entries = catalog.byDigest.get(digest);
    if (entries === undefined) return untagged.manifests.has(digest);
    return entries.some(({ class: { kind } }) => IMAGES.has(kind));
  }

  function read(digest: Digest): void {
    if (!facts.has(digest)) needs.push({ digest, config: false });
  }
}

const IMAGES: ReadonlySet<string> = new Set(["stage", "index", "foreign"]);
