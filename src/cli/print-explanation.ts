import type { Explanation } from "../commands/explain.ts";
import type { Kept } from "../engine/cleanup/plan.ts";
import type { RequestCounts } from "../http/client.ts";
import { describeBecause, describeReason } from "./describe-reason.ts";
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
  const how = deletion.how === "manifest" ? "with its manifest" : "alone; its manifest stays";
  const after = deletion.after.map((first) => `  after ${first}`);
  return [`${tag} would go, ${how}: ${describeBecause(deletion.because)}`, ...after];
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
