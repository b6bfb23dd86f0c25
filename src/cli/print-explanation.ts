import type { Explanation } from "../commands/cleanup/explain.ts";
import type { RequestCounts } from "../http/client.ts";
import { proofLines } from "../report/proof-lines.ts";
import type { Host } from "./host.ts";
import type { SharedFlags } from "./shared-options.ts";

/** Prints why a tag, or what lies under a digest, stays or would go. */
export function printExplanation(
  host: Host,
  flags: SharedFlags,
  explanation: Explanation,
  requests: RequestCounts,
): void {
  const { name, proof, warnings } = explanation;
  if (flags.output === "json") {
    host.print(`${JSON.stringify(explanationJson(explanation, requests))}\n`);
    return;
  }
  const asked = proof.filter((node) => node.name === name || node.digest === name);
  host.print(
    `${proofLines(
      proof,
      asked.map((node) => node.name),
    ).join("\n")}\n`,
  );
  for (const warning of warnings) host.warn(`warning: ${warning}`);
}

/** The JSON form: `kept` and `deletion` as before there was a proof, then the proof, its nodes in a list. */
function explanationJson(
  { repository, name, verdict, kept, deletion, proof, warnings }: Explanation,
  { GET, HEAD, PUT, POST, DELETE }: RequestCounts,
): object {
  return {
    schema: 1,
    command: "explain",
    repository,
    summary: { requests: { GET, HEAD, PUT, POST, DELETE } },
    tag: name,
    verdict,
    kept,
    deletion,
    proof,
    warnings,
  };
}
