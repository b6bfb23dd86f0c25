import type { ExplainedDeletion, Explanation } from "../commands/explain.ts";
import type { Kept } from "../engine/cleanup/plan.ts";
import type { RequestCounts } from "../http/client.ts";
import { describeBecause, describeReason } from "../report/describe-reason.ts";
import type { Host } from "./host.ts";
import type { SharedFlags } from "./shared-options.ts";

/** Prints why a tag stays or would go. */
export function printExplanation(
  host: Host,
  flags: SharedFlags,
  explanation: Explanation,
  requests: RequestCounts,
): void {
  const { GET, HEAD, PUT, POST, DELETE } = requests;
  const { repository, tag, verdict, kept, deletion, warnings } = explanation;
  if (flags.output === "json") {
    const summary = { requests: { GET, HEAD, PUT, POST, DELETE } };
    const body = {
      schema: 1,
      command: "explain",
      repository,
      summary,
      tag,
      verdict,
      kept,
      deletion,
    };
    host.print(`${JSON.stringify({ ...body, warnings })}\n`);
    return;
  }
  host.print(`${textOf(explanation).join("\n")}\n`);
  for (const warning of warnings) host.warn(`warning: ${warning}`);
}

function textOf({ tag, kept, deletion }: Explanation): string[] {
  if (deletion === undefined) return [`${tag} is kept:`, ...proofLines(tag, kept)];
  const how = deletion.how === "manifest" ? "with its manifest" : "alone, and its manifest stays";
  const after = deletion.after.map((first) => `only after ${first} is gone`);
  return [
    `${tag} would go, ${how}: ${describeBecause(deletion.because)}`,
    ...[...evidenceLines(deletion), ...after].map((line) => `  - ${line}`),
  ];
}

/** What could have kept a stage, and did not. */
function evidenceLines(deletion: ExplainedDeletion): string[] {
  if (deletion.class !== "stage" && deletion.class !== "index") return [];
  const { because, commits, builtAt, keepBuiltWithinHours: hours } = deletion;
  const needed =
    "nothing that stays has it as child, ancestor, import or dependency, and the keep list does not name it";
  if (because === "rejected") return ["so neither Git nor its age keeps it", needed];
  const age = hours === 0 ? "age keeps nothing" : `not built within the last ${hours} hours`;
  return [
    ...(commits.length === 0 ? ["no record ties it to a commit"] : []),
    ...commits.map((commit) => `no keep policy keeps it for commit ${commit.slice(0, 12)}`),
    builtAt === undefined ? age : `${age}: it was built at ${builtAt}`,
    needed,
  ];
}

/** The reasons of a tag, and below each the reasons of what it names, down to the roots. */
function proofLines(tag: string, kept: readonly Kept[]): string[] {
  const byTag = new Map(kept.map((entry) => [entry.tag, entry]));
  const shown = new Set<string>();
  const lines: string[] = [];
  const show = (name: string, depth: number): void => {
    const entry = byTag.get(name);
    if (entry === undefined || shown.has(name)) return;
    shown.add(name);
    for (const reason of entry.reasons) {
      lines.push(`${"  ".repeat(depth)}- ${describeReason(reason)}`);
      if ("of" in reason) show(reason.of, depth + 1);
    }
  };
  show(tag, 1);
  return lines;
}
