import type { Digest } from "../../../oci/digest.ts";
import type { Ground } from "../ground.ts";
import { count, nameFew } from "./draft.ts";
import type { Draft } from "./draft.ts";

/**
 * What something names and is not there: manifests of tags, children of indexes, subjects of signatures. What went with its
 * tag or moved while the repository was read is no fault.
 */
export function findGone(ground: Ground): readonly Draft[] {
  return [...danglingTags(ground), ...brokenIndexes(ground), ...loneSignatures(ground)];
}

function danglingTags({ input, missing, gone }: Ground): Draft[] {
  return input.tags.flatMap(({ tag, digest }): Draft[] => {
    if (gone.tags.has(tag) || (digest !== undefined && !missing.has(digest))) return [];
    const where = digest === undefined ? "nothing" : `${digest}, which the registry does not have`;
    return [
      { rule: "dangling-tag", subject: tag, message: `${tag} is listed and leads to ${where}.` },
    ];
  });
}

function brokenIndexes(ground: Ground): Draft[] {
  const { contents, missing } = ground;
  return [...contents].flatMap(([digest, { kind, children }]): Draft[] => {
    if (kind !== "index" || isGone(digest, ground)) return [];
    const lost = children.filter((child) => missing.has(child.digest));
    if (lost.length === 0) return [];
    const named = lost.map(({ digest: child, platform }) =>
      platform === undefined ? child : `${child} (${platform})`,
    );
    const subject = nameOf(digest, ground);
    return [
      {
        rule: "index-without-child",
        subject,
        message: `${subject} names ${count(children.length, "manifest")} and lacks ${nameFew(named)}.`,
      },
    ];
  });
}

/** One finding for each subject, whatever number of signatures is about it. */
function loneSignatures(ground: Ground): Draft[] {
  const { input, contents, missing } = ground;
  const about = new Map<Digest, Set<string>>();
  const note = (subject: Digest, name: string): void => {
    if (!missing.has(subject)) return;
    const known = about.get(subject) ?? new Set();
    about.set(subject, known.add(name));
  };
  for (const { tag, class: known } of input.tags) {
    if (known.kind === "signature" && !ground.gone.tags.has(tag)) note(known.subject, tag);
  }
  for (const [digest, { subject }] of contents) {
    if (subject !== undefined && !isGone(digest, ground)) note(subject, nameOf(digest, ground));
  }
  return [...about].map(([subject, names]) => {
    const [first = "", ...others] = [...names].toSorted();
    const verb = others.length === 0 ? "is" : "are";
    return {
      rule: "signature-without-subject",
      subject: first,
      message: `${nameFew([first, ...others])} ${verb} about ${subject}, which is not there.`,
    };
  });
}

/** Whether a manifest went, or every tag of it. */
export function isGone(
  digest: Digest,
  { catalog, gone }: Pick<Ground, "catalog" | "gone">,
): boolean {
  const tags = catalog.byDigest.get(digest);
  return gone.manifests.has(digest) || tags?.every(({ tag }) => gone.tags.has(tag)) === true;
}

/** The first tag on a digest, or the digest. */
function nameOf(digest: Digest, ground: Pick<Ground, "catalog" | "gone">): string {
  return tagsOn(digest, ground)[0] ?? digest;
}

/** The tags that lead to a digest yet, sorted. */
export function tagsOn(
  digest: Digest,
  { catalog, gone }: Pick<Ground, "catalog" | "gone">,
): readonly string[] {
  const tags = catalog.byDigest.get(digest)?.map(({ tag }) => tag) ?? [];
  return tags.filter((tag) => !gone.tags.has(tag)).toSorted();
}
