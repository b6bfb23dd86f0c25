import type { Digest } from "../../oci/digest.ts";
import type { Because } from "./decision.ts";
import { createChecker } from "./checks.ts";
import type { Check } from "./checks.ts";
import type { CleanupInput, Facts } from "./inventory.ts";
import { namesOf } from "./plan.ts";
import type {
  ClaimedAs,
  CleanupPlan,
  DeletedTag,
  Deletion,
  KeptManifest,
  TagLabel,
} from "./plan.ts";
import type { Reason } from "./reason.ts";

/**
 * Why tags and manifests stay or go: first those that were asked about, then everything their reasons name, breadth first,
 * each once. A reason whose `of`, or an `after` whose name, is not among the nodes, is a leaf.
 */
export type Proof = readonly ProofNode[];

export type ProofNode = KeptNode | GoingNode;

interface NodeBase {
  /** The tag, or the digest of what has none. */
  readonly name: string;
  /** Absent when the tag resolves to nothing. */
  readonly digest?: Digest;
  readonly class: TagLabel;
  /** What a rule tells of it. */
  readonly claim?: ClaimedAs;
}

export interface KeptNode extends NodeBase {
  readonly verdict: "kept";
  readonly reasons: readonly Reason[];
}

export interface GoingNode extends NodeBase {
  readonly verdict: "deleted";
  readonly because: Because;
  readonly how: "manifest" | "tag";
  /** Names of what goes before it. */
  readonly after: readonly string[];
  /** What could have kept it, and did not. */
  readonly checks: readonly Check[];
}

/**
 * @param name A tag, or a digest: then everything on it is asked about.
 * @param facts What was read of manifests: who names what no tag names.
 */
export function prove(
  name: string,
  plan: CleanupPlan,
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
): Proof {
  const find = createFinder(plan, input, facts);
  const proof = new Map<string, ProofNode>();
  const queue = find.asked(name);
  for (const next of queue) {
    if (proof.has(next)) continue;
    const node = find.node(next);
    if (node === undefined) continue;
    proof.set(next, node);
    queue.push(...edgesOf(node));
  }
  return [...proof.values()];
}

/** What a node's verdict rests on, by name. */
export function edgesOf(node: ProofNode): readonly string[] {
  if (node.verdict === "deleted") return node.after;
  return node.reasons.flatMap((reason) => ("of" in reason ? [reason.of] : []));
}

interface Finder {
  /** Names that a question is about. */
  asked(name: string): string[];
  node(name: string): ProofNode | undefined;
}

function createFinder(
  plan: CleanupPlan,
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
): Finder {
  const checksOf = createChecker(plan, input);
  const keptTags = new Map(plan.kept.map((entry) => [entry.tag, entry]));
  const keptDigests = new Map<string, KeptManifest>(
    plan.keptManifests?.map((entry) => [entry.digest, entry]),
  );
  const going = new Map<string, { readonly item: Deletion; readonly tag?: DeletedTag }>();
  for (const item of plan.deletions) {
    for (const name of namesOf(item)) going.set(name, { item });
    for (const tag of item.tags) going.set(tag.tag, { item, tag });
  }
  const onDigest = Map.groupBy(input.tags, ({ digest }) => digest?.toString());
  let staying: ReadonlyMap<string, readonly Reacher[]> | undefined;
  return {
    asked(name) {
      const tags = onDigest.get(name)?.map(({ tag }) => tag) ?? [];
      return tags.length === 0 ? [name] : tags;
    },
    node: (name) => keptNode(name) ?? goingNode(name) ?? reachedNode(name),
  };

  function keptNode(name: string): ProofNode | undefined {
    const kept = keptTags.get(name);
    if (kept !== undefined) {
      const { digest, class: label, reasons, claim } = kept;
      return {
        name,
        verdict: "kept",
        ...(digest === undefined ? {} : { digest }),
        class: label,
        ...(claim === undefined ? {} : { claim }),
        reasons,
      };
    }
    const manifest = keptDigests.get(name);
    if (manifest === undefined) return undefined;
    const { digest, reasons } = manifest;
    return {
      name,
      verdict: "kept",
      digest,
      class: "untagged",
      reasons: [...reasons, ...reachers(name)],
    };
  }

  function goingNode(name: string): ProofNode | undefined {
    const found = going.get(name);
    if (found === undefined) return undefined;
    const { item, tag } = found;
    const because = tag?.because ?? item.because;
    if (because === undefined) return undefined;
    return {
      name,
      verdict: "deleted",
      digest: item.digest,
      class: tag?.class ?? "untagged",
      ...(tag?.claim === undefined ? {} : { claim: tag.claim }),
      because,
      how: item.how,
      after: item.after,
      checks: checksOf(item, tag),
    };
  }

  /** A manifest that nobody listed, and that something known names. */
  function reachedNode(name: string): ProofNode | undefined {
    const reasons = reachers(name);
    const [first] = reasons;
    if (first === undefined) return undefined;
    return { name, verdict: "kept", class: "untagged", reasons };
  }

  /** Everything that stays and names a digest: an index, or what is about it. */
  function reachers(name: string): readonly Reason[] {
    staying ??= stayingManifests(plan, facts);
    return (staying.get(name) ?? []).flatMap(({ kind, by }) => {
      const tags = (onDigest.get(by) ?? []).filter(({ tag }) => keptTags.has(tag));
      const names = tags.length === 0 ? [by] : tags.map(({ tag }) => tag);
      return names.map((of): Reason => ({ kind, of }));
    });
  }
}

interface Reacher {
  readonly kind: "index-child" | "subject";
  readonly by: Digest;
}

/** Which manifests that stay name a manifest, by its digest. */
function stayingManifests(
  { kept, keptManifests }: CleanupPlan,
  facts: ReadonlyMap<Digest, Facts>,
): ReadonlyMap<string, readonly Reacher[]> {
  const reachers = new Map<string, Reacher[]>();
  const queue = [...kept, ...(keptManifests ?? [])].flatMap(({ digest }) => digest ?? []);
  const seen = new Set(queue);
  for (const by of queue) {
    const known = facts.get(by);
    if (known?.kind !== "image" && known?.kind !== "index") continue;
    const children = known.kind === "index" ? known.children.map(({ digest }) => digest) : [];
    for (const digest of children) reach(digest, { kind: "index-child", by });
    if (known.subject !== undefined) reach(known.subject, { kind: "subject", by });
  }
  return reachers;

  function reach(digest: Digest, reacher: Reacher): void {
    const known = reachers.get(digest);
    if (known === undefined) reachers.set(digest, [reacher]);
    else known.push(reacher);
    if (seen.has(digest)) return;
    seen.add(digest);
    queue.push(digest);
  }
}
