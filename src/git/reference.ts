import type { Clone } from "./clone.ts";
import { failure, runGit } from "./command.ts";
import { GitError } from "./error.ts";
import { parseSeconds } from "./seconds.ts";
import type { ReferenceSource } from "./synchronize.ts";
import { readTagTargets } from "./tag-target.ts";

/** A branch or tag that names a commit. */
export interface FoundReference {
  readonly kind: "branch" | "tag";
  /** Without prefix: `feature/x`. */
  readonly name: string;
  /** Hex. */
  readonly commit: string;
  /** Seconds since 1970, of an annotated tag whose outermost object has a date; else the commit's date counts. */
  readonly tagged: number | undefined;
}

export interface FoundReferences {
  readonly references: readonly FoundReference[];
  readonly warnings: readonly string[];
}

const FIELDS = [
  "refname",
  "objecttype",
  "objectname",
  "type",
  "object",
  "taggerdate:unix",
  "symref",
];

/** All references of a source in one listing, and one more for each level of tags of tags. */
export async function readReferences(
  clone: Clone,
  source: ReferenceSource,
  remote: string,
): Promise<FoundReferences> {
  const prefixes = prefixesOf(source, remote);
  const format = `--format=${FIELDS.map((field) => `%(${field})`).join("%00")}`;
  const outcome = await runGit(clone, ["for-each-ref", format, ...Object.values(prefixes)]);
  // Git leaves out a reference that it cannot read, and succeeds.
  if (
    outcome.exitCode !== 0 ||
    /ignoring (?:broken ref|ref with broken name)/.test(outcome.stderr)
  ) {
    throw failure(clone, "for-each-ref", complaining(outcome));
  }
  const listed = parseListing(outcome.stdout).filter(
    (entry) => !isRemoteHead(entry, prefixes.branch),
  );
  const targets = await readTagTargets(
    clone,
    listed.filter((entry) => entry.target.type === "tag").map((entry) => entry.target.id),
  );
  const peeled = listed.map((entry) => ({
    ...entry,
    target: targets.get(entry.target.id) ?? entry.target,
  }));
  return {
    references: peeled.flatMap((entry) => {
      if (entry.target.type !== "commit") return [];
      const kind = entry.refname.startsWith(`${prefixes.tag}/`) ? "tag" : "branch";
      const name = entry.refname.slice(prefixes[kind].length + 1);
      return [{ kind, name, commit: entry.target.id, tagged: entry.tagged } as const];
    }),
    warnings: peeled
      .filter((entry) => entry.target.type !== "commit")
      .map(
        (entry) => `${entry.refname} points at a ${entry.target.type}, not at a commit: ignored`,
      ),
  };
}

interface ListedReference {
  readonly refname: string;
  /** What the reference, or the tag object it names, points at: itself perhaps a tag. */
  readonly target: { readonly id: string; readonly type: string };
  readonly tagged: number | undefined;
  readonly isSymbolic: boolean;
}

function parseListing(text: string): readonly ListedReference[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [refname, type, id, targetType, targetId, tagged, symref, ...more] = line.split("\0");
      if (!refname || !type || !id || symref === undefined || more.length > 0) {
        throw new GitError(
          "failed",
          `git for-each-ref gave a line that makes no sense: ${JSON.stringify(line)}`,
        );
      }
      const isTag = type === "tag";
      return {
        refname,
        target: isTag ? { id: targetId ?? "", type: targetType ?? "" } : { id, type },
        tagged: isTag ? parseSeconds(tagged ?? "") : undefined,
        isSymbolic: symref !== "",
      };
    });
}

function prefixesOf(source: ReferenceSource, remote: string): Record<"branch" | "tag", string> {
  switch (source) {
    case "remote":
      return { branch: "refs/tidemark/heads", tag: "refs/tidemark/tags" };
    case "remote-tracking":
      return { branch: `refs/remotes/${remote}`, tag: "refs/tags" };
    case "local":
      return { branch: "refs/heads", tag: "refs/tags" };
  }
}

/** The remote's default branch is a second name of a branch that is listed anyway. */
function isRemoteHead(entry: ListedReference, branches: string): boolean {
  return (
    entry.isSymbolic && branches.startsWith("refs/remotes/") && entry.refname === `${branches}/HEAD`
  );
}

/** With the line about the reference as the one that tells. */
function complaining(outcome: {
  readonly exitCode: number;
  readonly stderr: string;
}): typeof outcome {
  return {
    ...outcome,
    stderr: outcome.stderr.replaceAll(/^warning: (?=ignoring (?:broken|ref))/gm, "fatal: "),
  };
}
