import type { Digest } from "../../oci/digest.ts";
import type { InventoryTag } from "../cleanup/inventory.ts";
import type { AuditedTag, HistoryPlace } from "./audit.ts";
import { detailsOf } from "./content.ts";
import type { Content } from "./content.ts";
import type { Ground, Verdict } from "./ground.ts";
import type { Origins } from "./origins.ts";
import { findPlaces } from "./places.ts";
import type { Bytes } from "./share-out.ts";
import type { Times } from "./times.ts";

/** What is found out about tags before they are described. */
export interface Known {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly origins: Origins;
  readonly times: Times;
  /** What a manifest that a tag names holds, with all below it. */
  bytesOf(digest: Digest): Bytes;
}

const NO_BYTES: Bytes = { own: 0, shared: 0 };

/** Describes every tag, sorted by tag. */
export function describeTags(ground: Ground, known: Known): readonly AuditedTag[] {
  const { input, catalog, told = input } = ground;
  const commits = new Set(input.tags.flatMap(({ tag }) => known.origins.commitsOf(tag)));
  const places = findPlaces(commits, told.history);
  const sorted = [...input.tags].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return sorted.map((entry) => {
    const { digest } = entry;
    const content = digest === undefined ? undefined : ground.contents.get(digest);
    const isAlone = digest !== undefined && catalog.byDigest.get(digest)?.length === 1;
    return describe(entry, { known, places, content, isAlone });
  });
}

function describe(
  entry: InventoryTag,
  {
    known: { verdicts, origins, times, bytesOf },
    places,
    content,
    isAlone,
  }: {
    readonly known: Known;
    readonly places: ReadonlyMap<string, HistoryPlace>;
    readonly content: Content | undefined;
    /** Whether no other tag has the same digest. */
    readonly isAlone: boolean;
  },
): AuditedTag {
  const { tag, digest } = entry;
  const verdict = verdicts.get(tag);
  if (verdict === undefined) throw new Error(`the plan says nothing about tag ${tag}`);
  const mediaType = content?.mediaType ?? entry.mediaType;
  const builtAt = times.builtAt(entry);
  const image = origins.imageOf(tag);
  const commits = origins.commitsOf(tag);
  const platforms = platformsOf(content);
  const place = newestPlace(commits, places);
  const { own, shared } = digest === undefined ? NO_BYTES : bytesOf(digest);
  return {
    tag,
    class: verdict.class,
    ...(digest === undefined ? {} : { digest }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(entry.pushedAt === undefined ? {} : { pushedAt: isoOf(entry.pushedAt) }),
    ...(builtAt === undefined ? {} : { builtAt: isoOf(builtAt) }),
    ownBytes: isAlone ? own : 0,
    sharedBytes: isAlone ? shared : own + shared,
    ...(image === undefined ? {} : { image }),
    commits,
    ...(platforms.length === 0 ? {} : { platforms }),
    verdict: verdict.verdict,
    ...(verdict.verdict === "kept"
      ? { reasons: verdict.reasons }
      : { reasons: [], because: verdict.because }),
    ...(place === undefined ? {} : { place }),
  };
}

function platformsOf(content: Content | undefined): readonly string[] {
  if (content?.kind === "index") {
    const platforms = content.children.flatMap(({ platform }) => platform ?? []);
    return [...new Set(platforms)].toSorted();
  }
  const platform = detailsOf(content)?.platform;
  return platform === undefined ? [] : [platform];
}

function newestPlace(
  commits: readonly string[],
  places: ReadonlyMap<string, HistoryPlace>,
): HistoryPlace | undefined {
  let newest: HistoryPlace | undefined;
  for (const commit of commits) {
    const place = places.get(commit);
    if (place !== undefined && (newest === undefined || place.committedAt > newest.committedAt)) {
      newest = place;
    }
  }
  return newest;
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
