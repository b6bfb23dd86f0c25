import type { Digest } from "../../../oci/digest.ts";
import type { ContentChild } from "../content.ts";
import type { Ground } from "../ground.ts";
import { nameFew } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { isGone, tagsOn } from "./gone.ts";

/** What lacks a blob, as it is called. */
interface Named {
  /** The tag that leads to it, or its digest. */
  readonly subject: string;
  /** `v1`, or `v1 (linux/arm64)` where that is an index. */
  readonly words: string;
}

/** Images that name blobs which are not there; one finding for all that lack the same. */
export function findIncomplete(ground: Ground): readonly Draft[] {
  const { contents, lacking } = ground;
  if (lacking.size === 0) return [];
  const above = findAbove(ground);
  const groups = new Map<string, { readonly lost: readonly string[]; readonly images: Named[] }>();
  for (const [digest, blobs] of lacking) {
    const named = isGone(digest, ground) ? undefined : nameOf(digest);
    if (named === undefined) continue;
    const config = contents.get(digest)?.config;
    const lost = blobs.map((blob) => `${blob === config ? "config" : "blob"} ${blob}`);
    const key = lost.toSorted().join(" ");
    const group = groups.get(key) ?? { lost, images: [] };
    groups.set(key, group);
    group.images.push(named);
  }
  return [...groups.values()].map(({ lost, images }) => {
    const sorted = images.toSorted((a, b) => (a.words < b.words ? -1 : 1));
    const verb = images.length === 1 ? "lacks" : "lack";
    const names = nameFew(sorted.map(({ words }) => words));
    return {
      rule: "incomplete-image",
      subject: sorted[0]?.subject ?? "",
      message: `${names} ${verb} ${nameFew(lost)}, which the registry does not have.`,
    };
  });

  /** `undefined`: what led to it went. */
  function nameOf(digest: Digest): Named | undefined {
    const [tag] = tagsOn(digest, ground);
    if (tag !== undefined) return { subject: tag, words: tag };
    const { index, platform } = above.get(digest) ?? {};
    if (index === undefined) return { subject: digest, words: digest };
    const outer = isGone(index, ground) ? undefined : nameOf(index);
    return outer && { subject: outer.subject, words: `${outer.words} (${platform ?? digest})` };
  }
}

/** The first index that leads to a manifest. */
function findAbove({
  contents,
}: Ground): ReadonlyMap<Digest, Pick<ContentChild, "platform"> & { readonly index: Digest }> {
  const above = new Map<Digest, Pick<ContentChild, "platform"> & { readonly index: Digest }>();
  for (const [index, { children }] of contents) {
    for (const { digest, ...platform } of children) {
      if (!above.has(digest)) above.set(digest, { index, ...platform });
    }
  }
  return above;
}
