import type { Digest } from "../../../oci/digest.ts";
import type { CleanupInput, Facts, Need } from "../inventory.ts";
import type { ClaimedAs } from "../plan.ts";
import { askBelow } from "./below.ts";
import { commitOfRevision, createCommitFinder } from "./commits.ts";
import type { FoundCommits } from "./commits.ts";
import type { Candidate } from "./keep-entry.ts";
import type { Rule } from "./rule.ts";

/** A claimed tag and the commits that it, or what it points at, names. */
export interface BuiltImage extends Candidate {
  /** As written, each once. */
  readonly written: readonly string[];
  /** Whether something that may name a commit cannot be read. */
  readonly isUnreadable: boolean;
  /** What stands where a commit should, and is none. */
  readonly misread?: string;
  readonly commits: FoundCommits;
  /** Whether the Git policies decide about it. */
  readonly byHistory: boolean;
}

/** Source: OCI image specification, annotations. */
const REVISION = "org.opencontainers.image.revision";

/** Finds the commits of claimed tags. What has to be read first goes into `needs`. */
export function findCommits(
  claimed: readonly Pick<Candidate, "tag" | "digest" | "claim">[],
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): BuiltImage[] {
  const named = claimed.map((candidate) => ({
    ...candidate,
    ...writtenCommits(candidate, input, facts, needs),
  }));
  const find = commitFinder(
    input,
    named.flatMap(({ written }) => written),
  );
  return named.map((image) => {
    const hasCommit = image.written.length > 0;
    const byHistory = hasCommit && usesHistory(image.claim.rule, input);
    return { ...image, hasCommit, byHistory, commits: find(image.written) };
  });
}

/** What a plan tells of it. */
export function claimedAs({ claim: { rule, image }, written, commits }: BuiltImage): ClaimedAs {
  const found = [...commits.known, ...commits.unknown, ...commits.ambiguous];
  return { rule: rule.name, image, commits: found.length === 0 ? written : found };
}

function writtenCommits(
  { digest, claim: { rule, commit } }: Pick<Candidate, "digest" | "claim">,
  input: CleanupInput,
  facts: ReadonlyMap<Digest, Facts>,
  needs: Need[],
): Pick<BuiltImage, "written" | "isUnreadable" | "misread"> {
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

/** Without a history no commit is known, and none is unknown. */
function commitFinder(
  { history }: CleanupInput,
  written: readonly string[],
): (written: readonly string[]) => FoundCommits {
  if (history === undefined) return () => ({ known: [], unknown: [], ambiguous: [] });
  return createCommitFinder(history.graph, new Set(written));
}
