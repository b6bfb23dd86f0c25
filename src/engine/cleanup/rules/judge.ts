import type { Digest } from "../../../oci/digest.ts";
import { isIndexType } from "../../../oci/media-type.ts";
import type { Catalog } from "../catalog.ts";
import { historyReasons } from "../evidence.ts";
import { judgeHistory } from "../git-policy.ts";
import type { CleanupInput, Facts, Need } from "../inventory.ts";
import type { ClaimedAs } from "../plan.ts";
import type { Reason } from "../reason.ts";
import { claimedAs, findCommits } from "./built-image.ts";
import type { BuiltImage } from "./built-image.ts";
import { doubtAbout } from "./doubt.ts";
import { judgeEntry } from "./keep-entry.ts";
import type { Candidate, EntryVerdict, TimeOf } from "./keep-entry.ts";
import { madeAt } from "./made-at.ts";

/** What the rules say about the tags that they claim. */
export interface ClaimVerdict {
  /** Why a claimed tag is kept, by tag. */
  readonly reasons: ReadonlyMap<string, readonly Reason[]>;
  readonly claimed: ReadonlyMap<string, ClaimedAs>;
  /** Claimed tags of a commit about which the Git policies decide. */
  readonly byHistory: ReadonlySet<string>;
  /** Those of them whose commit no reference reaches. */
  readonly unknown: ReadonlySet<string>;
  /** What has to be read first; there are no reasons then. */
  readonly needs: readonly Need[];
}

const HOUR_MS = 3_600_000;

/** Decides which of the claimed tags are kept for their own sake. */
export function judgeClaims(
  input: CleanupInput,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
): ClaimVerdict {
  const needs: Need[] = [];
  const images = findCommits(claimedImages(catalog), input, facts, needs);
  for (const { tag, digest } of images) {
    if (mayBeIndex(catalog.tags.get(tag)?.mediaType)) readBelow(digest, facts, needs);
  }
  const byHistory = images.filter((image) => image.byHistory);
  const unknown = byHistory.filter(
    ({ commits: { known, ambiguous } }) => known.length + ambiguous.length === 0,
  );
  const told = {
    claimed: new Map(images.map((image) => [image.tag, claimedAs(image)])),
    byHistory: tagsOf(byHistory),
    unknown: tagsOf(unknown),
  };
  const none: ClaimVerdict["reasons"] = new Map();
  if (needs.length > 0 || input.purge === true) return { ...told, reasons: none, needs };
  const reasons = findReasons(images, catalog, facts, { input, needs });
  return { ...told, reasons: needs.length > 0 ? none : reasons, needs };
}

/** A claimed tag that resolves to nothing stays as unreadable, whatever its rule says. */
function claimedImages({ claims, tags }: Catalog): Pick<Candidate, "tag" | "digest" | "claim">[] {
  return [...claims].flatMap(([tag, claim]) => {
    const digest = tags.get(tag)?.digest;
    return digest === undefined ? [] : [{ tag, digest, claim }];
  });
}

function findReasons(
  images: readonly BuiltImage[],
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
  { input, needs }: { readonly input: CleanupInput; readonly needs: Need[] },
): ReadonlyMap<string, readonly Reason[]> {
  const { now } = input;
  const timeOf: TimeOf = ({ tag, digest }) =>
    catalog.tags.get(tag)?.pushedAt ?? madeAt(digest, facts, { now, needs });
  const kept = keptByHistory(images, input);
  const verdicts = entryVerdicts(images, timeOf, now);
  const reasons = new Map<string, readonly Reason[]>();
  for (const image of images) {
    const said = verdicts.get(image.tag) ?? [];
    const found = [
      ...(kept.get(image.tag) ?? []),
      ...said.flatMap((each) => ruleReason(image, each)),
    ];
    if (found.length === 0) found.push(...young(image, timeOf, input));
    const doubt = found.length > 0 ? undefined : doubtAbout(image, said, timeOf, input);
    const rule = image.claim.rule.name;
    if (doubt !== undefined) found.push({ kind: "undecided", rule, because: doubt });
    if (found.length > 0) reasons.set(image.tag, found);
  }
  return reasons;
}

/** The keep policies, as for stages; tags of one image name are one image, whichever rules claim them. */
function keptByHistory(
  images: readonly BuiltImage[],
  { history, policies, now }: CleanupInput,
): ReadonlyMap<string, readonly Reason[]> {
  const kept = new Map<string, readonly Reason[]>();
  if (history === undefined) return kept;
  const built = images.filter(({ byHistory }) => byHistory);
  const records = built.flatMap(({ tag, claim: { image }, commits }) =>
    commits.known.map((commit) => ({ tag, stageId: tag, image, commit })),
  );
  for (const [tag, evidence] of judgeHistory(records, history, policies, now).kept) {
    kept.set(
      tag,
      historyReasons(evidence, (image) => image),
    );
  }
  if (history.mayBeBehind !== true) return kept;
  for (const { tag, commits } of built) {
    const [commit] = commits.unknown;
    if (commit !== undefined && !kept.has(tag)) kept.set(tag, [{ kind: "unknown-commit", commit }]);
  }
  return kept;
}

/** What each entry of its rule says about a tag. */
function entryVerdicts(
  images: readonly BuiltImage[],
  timeOf: TimeOf,
  now: number,
): ReadonlyMap<string, readonly EntryVerdict[]> {
  const verdicts = new Map<string, EntryVerdict[]>();
  for (const [rule, members] of Map.groupBy(images, ({ claim }) => claim.rule)) {
    for (const entry of rule.keep) {
      for (const [tag, verdict] of judgeEntry(entry, members, timeOf, now)) {
        verdicts.set(tag, [...(verdicts.get(tag) ?? []), verdict]);
      }
    }
  }
  return verdicts;
}

/** What was made within the last hours stays, as stages do. */
function young(
  image: BuiltImage,
  timeOf: TimeOf,
  { now, keepBuiltWithinHours: hours }: CleanupInput,
): Reason[] {
  if (hours <= 0) return [];
  const time = timeOf(image);
  if (time === undefined || time < now - hours * HOUR_MS) return [];
  return [{ kind: "built-recently", builtAt: new Date(time).toISOString(), hours }];
}

function ruleReason({ claim: { rule } }: BuiltImage, verdict: EntryVerdict): Reason[] {
  if (verdict.kind !== "kept") return [];
  return [{ kind: "rule", rule: rule.name, because: verdict.because }];
}

function tagsOf(images: readonly BuiltImage[]): ReadonlySet<string> {
  return new Set(images.map(({ tag }) => tag));
}

function mayBeIndex(mediaType: string | undefined): boolean {
  return mediaType === undefined || isIndexType(mediaType);
}

/** An index that may go has to be read, so that it goes before its children. */
function readBelow(digest: Digest, facts: ReadonlyMap<Digest, Facts>, needs: Need[]): void {
  const visited = new Set<Digest>();
  const open = [digest];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (visited.has(next)) continue;
    visited.add(next);
    const known = facts.get(next);
    if (known === undefined) needs.push({ digest: next, config: false });
    if (known?.kind !== "index") continue;
    for (const child of known.children) if (isIndexType(child.mediaType)) open.push(child.digest);
  }
}
