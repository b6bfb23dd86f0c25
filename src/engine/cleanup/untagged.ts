import type { Digest } from "../../oci/digest.ts";
import { mayPointAtOthers } from "../../oci/media-type.ts";
import type { Catalog } from "./catalog.ts";
import type {
  Answers,
  CleanupInput,
  Facts,
  Need,
  Question,
  UntaggedManifest,
} from "./inventory.ts";
import type { Reason } from "./reason.ts";

/** Manifests that no tag names, as far as anything told of them. */
export interface Untagged {
  /** Those of the listing, those that the registry says are about something, and the children of fallback tags. */
  readonly manifests: ReadonlyMap<Digest, UntaggedManifest>;
  /** What such a manifest is about. */
  readonly subjects: ReadonlyMap<Digest, Digest>;
  /** The same the other way round. */
  readonly about: ReadonlyMap<Digest, readonly Digest[]>;
}

/** Nobody looked. */
export const NO_UNTAGGED: Untagged = {
  manifests: new Map(),
  subjects: new Map(),
  about: new Map(),
};

const HOUR_MS = 3_600_000;

/** Puts together what the listing, the answers and the manifests themselves tell. */
export function findUntagged(
  { untagged: listed = [], planned = [] }: CleanupInput,
  { byDigest, referrers }: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  answers: Answers,
): Untagged {
  const manifests = new Map<Digest, UntaggedManifest>();
  const subjects = new Map<Digest, Digest>();
  const add = (manifest: UntaggedManifest, subject?: Digest): void => {
    const { digest } = manifest;
    if (byDigest.has(digest)) return;
    if (!manifests.has(digest)) manifests.set(digest, manifest);
    if (subject !== undefined && !subjects.has(digest)) subjects.set(digest, subject);
  };
  for (const manifest of listed) add(manifest);
  for (const digest of planned) add({ digest });
  for (const [subject, found] of answers.referrers) for (const child of found) add(child, subject);
  for (const [subject, tags] of referrers) {
    for (const { digest } of tags) {
      const known = digest === undefined ? undefined : facts.get(digest);
      if (known?.kind === "index") for (const child of known.children) add(child, subject);
    }
  }
  for (const digest of manifests.keys()) {
    const known = facts.get(digest);
    // What a manifest says of itself wins over what others say of it.
    const subject = known !== undefined && "subject" in known ? known.subject : undefined;
    if (subject !== undefined) subjects.set(digest, subject);
  }
  const about = new Map<Digest, Digest[]>();
  for (const [digest, subject] of subjects) {
    const others = about.get(subject);
    if (others === undefined) about.set(subject, [digest]);
    else others.push(digest);
  }
  return { manifests, subjects, about };
}

export interface UntaggedRoots {
  /** Why a listed manifest stays for its own sake. */
  readonly digests: ReadonlyMap<Digest, readonly Reason[]>;
  /** Those whose subject is provably not there and that may go. */
  readonly orphans: ReadonlySet<Digest>;
  readonly needs: readonly Need[];
  readonly questions: readonly Question[];
}

/**
 * Which manifests of the listing stay for their own sake: what a person wants kept, what cannot be read, what is young or
 * may be, and what was not asked to go. A referrer whose subject is there does not: it lives and dies with it.
 */
export function findUntaggedRoots(
  input: CleanupInput,
  { byDigest }: Catalog,
  { manifests, subjects }: Untagged,
  facts: ReadonlyMap<Digest, Facts>,
  { answers, childrenGoAlong }: { readonly answers: Answers; readonly childrenGoAlong: boolean },
): UntaggedRoots {
  const digests = new Map<Digest, readonly Reason[]>();
  const orphans = new Set<Digest>();
  const needs: Need[] = [];
  const questions: Question[] = [];
  const children = childrenGoAlong ? childrenOf([...byDigest.keys(), ...manifests.keys()]) : [];
  const isChild = new Set(children);
  for (const manifest of input.untagged ?? []) {
    if (byDigest.has(manifest.digest)) continue;
    const reason = reasonOf(manifest);
    if (reason !== undefined) digests.set(manifest.digest, [reason]);
  }
  return { digests, orphans, needs, questions };

  function reasonOf(manifest: UntaggedManifest): Reason | undefined {
    const { digest, mediaType } = manifest;
    if (input.keepList.has(digest)) return { kind: "keep-list" };
    const known = facts.get(digest);
    if (known === undefined && mayPointAtOthers(mediaType)) needs.push({ digest, config: false });
    if (known?.kind === "absent" || known?.kind === "unreadable") return { kind: "unreadable" };
    const subject = subjects.get(digest);
    if (subject === undefined) {
      if (input.deleteUntagged !== true) return { kind: "untagged" };
      const reason = reasonOfAge(manifest, input);
      // The registry deletes it with its index whatever its age.
      return reason?.kind === "unknown-age" && isChild.has(digest) ? undefined : reason;
    }
    if (byDigest.has(subject) || manifests.has(subject)) return undefined;
    const isThere = answers.presence.get(subject);
    if (isThere === undefined) questions.push({ ask: "presence", digest: subject });
    if (isThere !== false) return { kind: "referrer", of: subject };
    const reason = reasonOfAge(manifest, input);
    if (reason === undefined) orphans.add(digest);
    return reason;
  }

  function childrenOf(indexes: readonly Digest[]): Digest[] {
    return indexes.flatMap((index) => {
      const known = facts.get(index);
      return known?.kind === "index" ? known.children.map(({ digest }) => digest) : [];
    });
  }
}

/** Why something without a tag is too young to go, or may be; `undefined` when it is not. */
export function reasonOfAge(
  { pushedAt }: Pick<UntaggedManifest, "pushedAt">,
  input: Pick<CleanupInput, "now" | "keepBuiltWithinHours" | "keepUntaggedWithinHours">,
): Reason | undefined {
  const { now, keepUntaggedWithinHours: hours = input.keepBuiltWithinHours } = input;
  if (hours <= 0) return undefined;
  if (pushedAt === undefined) return { kind: "unknown-age" };
  if (pushedAt < now - hours * HOUR_MS) return undefined;
  const time = new Date(pushedAt);
  const builtAt = Number.isNaN(time.getTime()) ? String(pushedAt) : time.toISOString();
  return { kind: "built-recently", builtAt, hours };
}
