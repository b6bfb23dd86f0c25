import type { Digest } from "../../../oci/digest.ts";
import { isWithin } from "../policy.ts";
import type { Claim } from "./claim.ts";
import type { KeepEntry, Version } from "./rule.ts";
import { compareVersions, isInRange } from "./version.ts";

/** A claimed tag, as far as the entries of its rule look at it. */
export interface Candidate {
  readonly tag: string;
  readonly digest: Digest;
  readonly claim: Claim;
  readonly hasCommit: boolean;
}

/**
 * What an entry says about a tag that it looks at.
 *
 * - `kept`: it keeps it
 * - `unsure`: it would have to know more
 * - `left`: it has a limit or a range, and does not keep it
 */
export type EntryVerdict =
  | { readonly kind: "kept" | "unsure"; readonly because: string }
  | { readonly kind: "left" };

/** When a tag was pushed, or else its image made; milliseconds since the epoch. `undefined`: nothing tells. */
export type TimeOf = (candidate: Candidate) => number | undefined;

/** What one entry says about the tags of its rule; what it does not look at is missing. */
export function judgeEntry(
  entry: KeepEntry,
  candidates: readonly Candidate[],
  timeOf: TimeOf,
  now: number,
): ReadonlyMap<string, EntryVerdict> {
  const verdicts = new Map<string, EntryVerdict>();
  const { tags } = entry;
  const named = tags === undefined ? undefined : new RegExp(tags.regexp, tags.flags);
  const looked = candidates.filter(
    (candidate) => looksAt(entry, candidate) && named?.test(candidate.tag) !== false,
  );
  const inRange = looked.filter(({ claim: { version } }) => isAdmitted(entry, version));
  for (const { tag } of looked) verdicts.set(tag, { kind: "left" });
  for (const [group, members] of Map.groupBy(inRange, (candidate) => groupOf(entry, candidate))) {
    const times = timesOf(entry, members, timeOf);
    const rankOf = ranks(entry, members, times);
    for (const candidate of members) {
      const time = times.get(candidate.tag);
      const age = time === undefined ? undefined : now - time;
      verdicts.set(
        candidate.tag,
        verdictOf(entry, candidate, { group, rank: rankOf(candidate), age }),
      );
    }
  }
  return verdicts;
}

interface Standing {
  readonly group: string;
  /** 0 is the newest; `undefined`: nothing tells. */
  readonly rank: number | undefined;
  /** Milliseconds; `undefined`: nothing tells, or nobody asks. */
  readonly age: number | undefined;
}

/** What is not known may be the best or the worst: where both come to the same, it does not matter. */
function verdictOf(
  entry: KeepEntry,
  { claim: { version } }: Candidate,
  { group, rank, age }: Standing,
): EntryVerdict {
  const atBest = isWithin(entry.limit, rank ?? 0, age ?? 0);
  const atWorst = isWithin(entry.limit, rank ?? Infinity, age ?? Infinity);
  if (atBest && atWorst) return { kind: "kept", because: describe(entry, version, group) };
  if (!atBest) return { kind: "left" };
  return { kind: "unsure", because: "nothing tells when it was made" };
}

function looksAt({ withoutCommit, versions }: KeepEntry, candidate: Candidate): boolean {
  if (withoutCommit && candidate.hasCommit) return false;
  return versions === undefined || candidate.claim.version !== undefined;
}

function isAdmitted({ versions }: KeepEntry, version: Version | undefined): boolean {
  return versions === undefined || (version !== undefined && isInRange(version, versions));
}

/** `image web`, `image web 1.4`. */
function groupOf({ per }: KeepEntry, { claim: { image, version } }: Candidate): string {
  if (per === "image" || version === undefined) return `image ${image}`;
  const { major, minor } = version;
  return `image ${image} ${per === "major" ? major : `${major}.${minor}`}`;
}

/**
 * The time of each tag that matters. Where images are counted, it is that of the youngest tag on the image: they stay or go
 * together. Tags that are not compared do not count: were they to go, this one would look older than before.
 */
function timesOf(
  { limit, versions }: KeepEntry,
  members: readonly Candidate[],
  timeOf: TimeOf,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  if (limit.inMs === undefined && (limit.last === undefined || versions !== undefined))
    return times;
  const youngest = new Map<string, number>();
  const keyOf = ({ tag, digest }: Candidate): string => (versions === undefined ? digest : tag);
  for (const member of members) {
    const time = timeOf(member);
    if (time === undefined) continue;
    youngest.set(keyOf(member), Math.max(time, youngest.get(keyOf(member)) ?? time));
  }
  for (const member of members) {
    const time = youngest.get(keyOf(member));
    if (time !== undefined) times.set(member.tag, time);
  }
  return times;
}

/**
 * The place of each member, from 0: how many versions are higher, or how many other images are younger. What is as young
 * as another shares its place, and what nothing tells the time of takes none.
 */
function ranks(
  entry: KeepEntry,
  members: readonly Candidate[],
  times: ReadonlyMap<string, number>,
): (candidate: Candidate) => number | undefined {
  if (entry.limit.last === undefined) return () => undefined;
  if (entry.versions !== undefined) return versionRanks(members);
  const images = new Map(members.map(({ tag, digest }) => [digest, times.get(tag)]));
  const newestFirst = [...images.values()].flatMap((time) => time ?? []).sort((a, b) => b - a);
  const rankAt = new Map<number, number>();
  for (const [place, time] of newestFirst.entries()) {
    if (!rankAt.has(time)) rankAt.set(time, place);
  }
  return ({ tag }) => rankAt.get(times.get(tag) ?? Number.NaN);
}

function versionRanks(members: readonly Candidate[]): (candidate: Candidate) => number | undefined {
  const highestFirst = members
    .flatMap(({ tag, claim: { version } }) => (version === undefined ? [] : [{ tag, version }]))
    .sort((a, b) => compareVersions(b.version, a.version));
  const rankOf = new Map<string, number>();
  let rank = -1;
  let last: Version | undefined;
  for (const { tag, version } of highestFirst) {
    if (last === undefined || compareVersions(last, version) !== 0) rank += 1;
    last = version;
    rankOf.set(tag, rank);
  }
  return ({ tag }) => rankOf.get(tag);
}

/** What comes after "it is". */
function describe(
  { tags, withoutCommit, versions, limit }: KeepEntry,
  version: Version | undefined,
  group: string,
): string {
  const parts = [
    ...(versions === undefined || version === undefined
      ? []
      : [`version ${formatVersion(version)}, in the range ${versions.range}`]),
    ...(tags === undefined ? [] : [`matched by ${tags.pattern}`]),
    ...(withoutCommit ? ["without a commit"] : []),
  ];
  const { last, inMs } = limit;
  const limits = [
    ...(last === undefined || last < 0
      ? []
      : [`among the ${versions === undefined ? "newest" : "highest"} ${last} of ${group}`]),
    ...(inMs === undefined ? [] : [`younger than ${formatAge(inMs)}`]),
  ];
  const joined = limits.join(limit.operator === "And" ? " and " : " or ");
  return [...parts, ...(joined === "" ? [] : [joined])].join(", ") || "claimed";
}

function formatVersion({ major, minor, patch, pre }: Version): string {
  const release = `${major}.${minor}.${patch}`;
  return pre.length === 0 ? release : `${release}-${pre.join(".")}`;
}

/** As the configuration writes it: `168h`, `90m`, `45s`. */
function formatAge(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}
