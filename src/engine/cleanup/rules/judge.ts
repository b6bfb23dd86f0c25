import type { Digest } from "../../../oci/digest.ts";
import { isIndexType } from "../../../oci/media-type.ts";
import type { Catalog } from "../catalog.ts";
import { historyReasons } from "../evidence.ts";
import { judgeHistory } from "../git-policy.ts";
import type { CleanupInput, Facts, Need } from "../inventory.ts";
import type { ClaimedAs } from "../plan.ts";
import type { Reason } from "../reason.ts";
import { askBelow } from "./below.ts";
import { commitOfRevision, createCommitFinder } from "./commits.ts";
import type { FoundCommits } from "./commits.ts";
import { judgeEntry } from "./keep-entry.ts";
import type { Candidate, EntryVerdict, TimeOf } from "./keep-entry.ts";
import { madeAt } from "./made-at.ts";
import type { Rule } from "./rule.ts";

/** What the rules say about the tags that they claim. */
export interface ClaimVerdict {
  /** Why a claimed tag is kept, by tag. */
  readonly reasons: ReadonlyMap<string, readonly Reason[]>;
  readonly claimed: ReadonlyMap<string, ClaimedAs>;
  /** Claimed tags of a commit about which the Git policies decide. */
  readonly byHistory: ReadonlySet<string>;
  /** Those of them whose commit no reference reaches. */
  readonly unknown: ReadonlySet<string>;
  /** What has to be read first; the reasons are then not complete. */
  readonly needs: readonly Need[];
}

const HOUR_MS = 3_600_000;

/** Source: OCI image specification, annotations. */
const REVISION = "org.opencontainers.image.revision";

/** Decides which of the claimed tags are kept for their own sake. */
export function judgeClaims(
  input: CleanupInput,
  catalog: Catalog,
  facts: ReadonlyMap<Digest, Facts>,
): ClaimVerdict {
  const needs: Need[] = [];
  const candidates = [...catalog.claims].flatMap(([tag, claim]) => {
    const digest = catalog.tags.get(tag)?.digest;
    return digest === undefined ? [] : [{ tag, digest, claim }];
  });
  for (const { tag, digest } of candidates) {
    if (mayBeIndex(catalog.tags.get(tag)?.mediaType)) readBelow(digest, facts, needs);
  }
  const built = candidates.map((candidate): Built => {
    const found = writtenCommits(candidate, input, facts, needs);
    return { ...candidate, ...found, hasCommit: found.written.length > 0 };
  });
  const findCommits = commitFinder(input, built);
  const found = built.map((image): Image => ({ ...image, commits: findCommits(image.written) }));
  const claimed = new Map(found.map((image) => [image.tag, claimedAs(image)]));
  const byHistory = found.filter((image) => isByHistory(image, input) && image.hasCommit);
  const unknown = byHistory.filter(
    ({ commits }) => commits.known.length + commits.ambiguous.length === 0,
  );
  const shared = {
    claimed,
    byHistory: new Set(byHistory.map(({ tag }) => tag)),
    unknown: new Set(unknown.map(({ tag }) => tag)),
  };
  if (needs.length > 0 || input.purge === true) return { ...shared, reasons: new Map(), needs };

  const reasons = new Map<string, Reason[]>();
  const keep = (tag: string, ...more: readonly Reason[]): void => {
    if (more.length > 0) reasons.set(tag, [...(reasons.get(tag) ?? []), ...more]);
  };
  for (const [tag, kept] of keptByHistory(byHistory, input)) keep(tag, ...kept);
  const timeOf: TimeOf = ({ digest }) => madeAt(digest, catalog, facts, { now: input.now, needs });
  const verdicts = entryVerdicts(found, timeOf, input.now);
  for (const image of found) {
    const said = verdicts.get(image.tag) ?? [];
    for (const verdict of said) {
      if (verdict.kind === "kept") keep(image.tag, ruleReason(image, verdict.because));
    }
    if (reasons.has(image.tag)) continue;
    keep(image.tag, ...young(image, timeOf, input));
    if (!reasons.has(image.tag)) keep(image.tag, ...doubts(image, said, timeOf, input));
  }
  return { ...shared, reasons, needs };
}

/** A claimed tag and the commits that it, or what it points at, names. */
interface Built extends Candidate {
  /** As written, each once. */
  readonly written: readonly string[];
  /** Whether something that may name a commit cannot be read. */
  readonly isUnreadable: boolean;
  /** What stands where a commit should, and is none. */
  readonly misread?: string;
}

interface Image extends Built {
  readonly commits: FoundCommits;
}

function writtenCommits(
  { digest, claim: { rule, commit } }: Pick<Candidate, "digest" | "claim">,
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): Omit<Built, keyof Candidate> {
  if (commit !== undefined) return { written: [commit], isUnreadable: false };
  const matters = usesHistory(rule, input) || rule.keep.some((entry) => entry.withoutCommit);
  if (!rule.readRevision || !matters) return { written: [], isUnreadable: false };
  const named = (text: string | undefined): string | undefined => (text === "" ? undefined : text);
  const { values, isUnreadable } = askBelow(digest, facts, needs, {
    annotations: (annotations) => named(annotations[REVISION]),
    image: ({ labels }) => named(labels[REVISION]),
  });
  const written = values.flatMap((value) => commitOfRevision(value) ?? []);
  const misread = values.find((value) => commitOfRevision(value) === undefined);
  return {
    written: [...new Set(written)],
    isUnreadable,
    ...(misread === undefined ? {} : { misread }),
  };
}

function usesHistory({ gitHistory }: Rule, { history }: CleanupInput): boolean {
  return gitHistory && history !== undefined;
}

function isByHistory({ claim: { rule } }: Image, input: CleanupInput): boolean {
  return usesHistory(rule, input);
}

/** Without a history no commit is known, and none is unknown. */
function commitFinder(
  { history }: CleanupInput,
  built: readonly Built[],
): (written: readonly string[]) => FoundCommits {
  if (history === undefined) return () => ({ known: [], unknown: [], ambiguous: [] });
  return createCommitFinder(history.graph, new Set(built.flatMap(({ written }) => written)));
}

function claimedAs({ claim: { rule, image }, written, commits }: Image): ClaimedAs {
  const known = [...commits.known, ...commits.unknown, ...commits.ambiguous];
  return { rule: rule.name, image, commits: known.length === 0 ? written : known };
}

/** The keep policies, as for stages; tags of one image name are one image, whichever rules claim them. */
function keptByHistory(
  images: readonly Image[],
  { history, policies, now }: CleanupInput,
): ReadonlyMap<string, readonly Reason[]> {
  const kept = new Map<string, readonly Reason[]>();
  if (history === undefined) return kept;
  const records = images.flatMap(({ tag, claim: { image }, commits }) =>
    commits.known.map((commit) => ({ tag, stageId: tag, image, commit })),
  );
  for (const [tag, evidence] of judgeHistory(records, history, policies, now).kept) {
    kept.set(
      tag,
      historyReasons(evidence, (image) => image),
    );
  }
  if (history.mayBeBehind !== true) return kept;
  for (const { tag, commits } of images) {
    const [commit] = commits.unknown;
    if (commit !== undefined && !kept.has(tag)) kept.set(tag, [{ kind: "unknown-commit", commit }]);
  }
  return kept;
}

/** What each entry of its rule says about a tag. */
function entryVerdicts(
  images: readonly Image[],
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
  image: Image,
  timeOf: TimeOf,
  { now, keepBuiltWithinHours: hours }: CleanupInput,
): Reason[] {
  if (hours <= 0) return [];
  const time = timeOf(image);
  if (time === undefined || time < now - hours * HOUR_MS) return [];
  return [{ kind: "built-recently", builtAt: new Date(time).toISOString(), hours }];
}

/** Why nobody can tell whether a tag that nothing keeps may go. */
function doubts(
  image: Image,
  said: readonly EntryVerdict[],
  timeOf: TimeOf,
  input: CleanupInput,
): Reason[] {
  const because = doubtAbout(image, said, timeOf, input);
  return because === undefined ? [] : [{ kind: "undecided", rule: image.claim.rule.name, because }];
}

function doubtAbout(
  image: Image,
  said: readonly EntryVerdict[],
  timeOf: TimeOf,
  input: CleanupInput,
): string | undefined {
  const { commits, hasCommit, isUnreadable, misread } = image;
  if (isUnreadable) return "what may name its commit cannot be read";
  for (const verdict of said) if (verdict.kind === "unsure") return verdict.because;
  const isDecidedByHistory = isByHistory(image, input) && hasCommit;
  const [ambiguous] = commits.ambiguous;
  if (isDecidedByHistory && ambiguous !== undefined) {
    return `its commit ${ambiguous} is the beginning of several`;
  }
  if (isDecidedByHistory && commits.known.length === 0) {
    // Somebody may have pushed it just now, from a commit that no branch has yet.
    const isAgeOff = input.keepBuiltWithinHours <= 0;
    return isAgeOff || timeOf(image) !== undefined
      ? undefined
      : "neither its commit is known nor when it was made";
  }
  if (isDecidedByHistory || said.some(({ kind }) => kind === "left")) return undefined;
  if (misread !== undefined) return `its revision "${misread}" names no commit`;
  if (!hasCommit) return "it names no commit";
  return "the Git policies do not count, and no other part of the rule looks at it";
}

function ruleReason({ claim: { rule } }: Image, because: string): Reason {
  return { kind: "rule", rule: rule.name, because };
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
