import type { Clone } from "./clone.ts";
import { offline } from "./environment.ts";
import { streamGit } from "./stream.ts";

/** Most characters of a subject that are kept. */
const MAX_LENGTH = 120;

/**
 * First lines of the messages of commits, by hex id, in one process. A message without a line has an empty one. Rejects
 * with `GitError` when a commit is not in the clone.
 */
export async function readSubjects(
  clone: Clone,
  commits: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const subjects = new Map<string, string>();
  if (commits.length === 0) return subjects;
  const chunks: Buffer[] = [];
  await streamGit(
    { ...clone, env: offline({ ...clone.env }) },
    {
      args: ["rev-list", "--no-walk=unsorted", "--encoding=UTF-8", "--format=%s", "--stdin"],
      input: commits.map((commit) => `${commit}\n`).join(""),
      onChunk: (chunk) => void chunks.push(chunk),
    },
  );
  const lines = Buffer.concat(chunks).toString("utf8").split("\n");
  // `commit ID` and then the subject, in turn: a subject is one line, whatever it says.
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const id = /^commit ([0-9a-f]{40,64})$/.exec(lines[at] ?? "")?.[1];
    if (id !== undefined) subjects.set(id, shortened(lines[at + 1] ?? ""));
  }
  return subjects;
}

function shortened(subject: string): string {
  return subject.length > MAX_LENGTH ? `${subject.slice(0, MAX_LENGTH - 1)}…` : subject;
}
