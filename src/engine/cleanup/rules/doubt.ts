import type { CleanupInput } from "../inventory.ts";
import type { BuiltImage } from "./built-image.ts";
import type { EntryVerdict, TimeOf } from "./keep-entry.ts";

/**
 * Why nobody can tell whether a tag that nothing keeps may go, as a clause; `undefined` when it may.
 *
 * It may go when the Git policies decide about its commit, or an entry of its rule with a limit or a range looks at it.
 */
export function doubtAbout(
  image: BuiltImage,
  said: readonly EntryVerdict[],
  timeOf: TimeOf,
  input: CleanupInput,
): string | undefined {
  const { commits, byHistory, hasCommit, isUnreadable, misread } = image;
  if (isUnreadable) return "what may name its commit cannot be read";
  for (const verdict of said) if (verdict.kind === "unsure") return verdict.because;
  const [ambiguous] = commits.ambiguous;
  if (byHistory && ambiguous !== undefined) {
    return `its commit ${ambiguous} is the beginning of several`;
  }
  if (byHistory && commits.known.length === 0) {
    const number = commits.unknown.find(mayBeNumber);
    if (number !== undefined)
      return `${number} is in no history, and it may be a number that is no commit`;
    // Somebody may have pushed it just now, from a commit that no branch has yet.
    const isAgeOff = input.keepBuiltWithinHours <= 0;
    if (isAgeOff || timeOf(image) !== undefined) return undefined;
    return "neither its commit is known nor when it was made";
  }
  if (byHistory || said.some(({ kind }) => kind === "left")) return undefined;
  if (misread !== undefined) return `its revision "${misread}" names no commit`;
  if (!hasCommit) return "it names no commit";
  return "the Git policies do not count, and no other part of the rule looks at it";
}

/** Dates and the numbers of builds look like abbreviated commits. */
function mayBeNumber(commit: string): boolean {
  return commit.length < 40 && /^[0-9]+$/.test(commit);
}
