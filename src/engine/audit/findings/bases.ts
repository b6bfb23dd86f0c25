import { baseReleases } from "../base-releases.ts";
import type { BaseRelease } from "../base-releases.ts";
import type { Content } from "../content.ts";
import { PULLED } from "../ground.ts";
import type { Ground } from "../ground.ts";
import type { Known } from "../tags.ts";
import { count } from "./draft.ts";
import type { Draft } from "./draft.ts";

interface Group {
  readonly base: BaseRelease;
  readonly image: string | undefined;
  tags: number;
  newest: string;
  newestAt: number;
}

/** Images that stay and are built on what gets no more fixes; one finding for each image and release. */
export function findOldBases(
  { input, contents }: Ground,
  { verdicts, origins, times }: Known,
): readonly Draft[] {
  const today = new Date(input.now).toISOString().slice(0, 10);
  const groups = new Map<string, Group>();
  for (const entry of input.tags) {
    const verdict = verdicts.get(entry.tag);
    if (verdict?.verdict !== "kept" || !PULLED.has(verdict.class)) continue;
    const content = entry.digest === undefined ? undefined : contents.get(entry.digest);
    if (content === undefined) continue;
    const image = origins.imageOf(entry.tag);
    const cameAt = times.cameAt(entry) ?? 0;
    for (const base of oldBasesOf(content, contents, today)) {
      const key = `${image === undefined ? entry.tag : `image ${image}`} ${base.name}`;
      const group = groups.get(key) ?? {
        base,
        image,
        tags: 0,
        newest: entry.tag,
        newestAt: cameAt,
      };
      groups.set(key, group);
      group.tags += 1;
      const isNewer =
        cameAt > group.newestAt || (cameAt === group.newestAt && entry.tag < group.newest);
      if (isNewer) [group.newest, group.newestAt] = [entry.tag, cameAt];
    }
  }
  return [...groups.values()].map(({ base: { name, end, by }, image, tags, newest }) => {
    const what = image === undefined ? newest : `Image ${image}`;
    const where =
      image === undefined ? "" : `; ${count(tags, "tag")} that stay, the newest ${newest}`;
    return {
      rule: "base-image-past-support",
      subject: newest,
      message: `${what} is built on ${name}, whose support ended on ${end} (${by})${where}.`,
    };
  });
}

/** Of an index: of all that is below it. */
function oldBasesOf(
  content: Content,
  contents: Ground["contents"],
  today: string,
): readonly BaseRelease[] {
  const below = new Set([content]);
  // A set yields what is added while it is read.
  for (const { children } of below) {
    for (const { digest } of children) {
      const child = contents.get(digest);
      if (child !== undefined) below.add(child);
    }
  }
  const bases = [...below].flatMap(baseReleases).filter(({ end }) => end < today);
  return [...new Map(bases.map((base) => [base.name, base])).values()];
}
