import type { GoingNode, KeptNode, Proof, ProofNode } from "../engine/cleanup/proof.ts";
import { describeCheck } from "./describe-check.ts";
import { describeBecause, describeReason } from "./describe-reason.ts";

/** Most lines of a proof; a stage that thousands lead to has more. */
const MAX_LINES = 400;

/** Deepest line of a proof. */
const MAX_DEPTH = 40;

/**
 * A proof as an indented tree: below each verdict what it rests on, down to the roots. What was shown before is not shown
 * again.
 *
 * @param asked Names of the nodes that were asked about.
 */
export function proofLines(proof: Proof, asked: readonly string[]): string[] {
  const nodes = new Map(proof.map((node) => [node.name, node]));
  const shown = new Set<string>();
  const lines: string[] = [];
  let cut = 0;
  const add = (depth: number, text: string): void => {
    if (lines.length < MAX_LINES) lines.push(depth === 0 ? text : `${"  ".repeat(depth)}- ${text}`);
    else cut += 1;
  };

  for (const name of asked) {
    const node = nodes.get(name);
    if (node === undefined || shown.has(name)) continue;
    add(0, headline(node));
    show(node, 1);
  }
  return cut === 0
    ? lines
    : [...lines, `… and ${cut} more lines; --output json has the whole proof`];

  function show(node: ProofNode, depth: number): void {
    shown.add(node.name);
    if (node.verdict === "kept") showKept(node, depth);
    else showGoing(node, depth);
  }

  function showKept({ reasons }: KeptNode, depth: number): void {
    for (const reason of reasons) {
      const next = "of" in reason ? nodes.get(reason.of) : undefined;
      follow(describeReason(reason), next, depth);
    }
  }

  function showGoing({ checks, after }: GoingNode, depth: number): void {
    for (const check of checks) {
      const { line, below } = describeCheck(check);
      add(depth, line);
      for (const more of below) add(depth + 1, more);
    }
    for (const name of after) follow(`only after ${name} is gone`, nodes.get(name), depth);
  }

  /** A line that leads to another node, with that node below it unless it was shown. */
  function follow(text: string, next: ProofNode | undefined, depth: number): void {
    if (next === undefined) return add(depth, text);
    if (shown.has(next.name)) return add(depth, `${text} (shown above)`);
    if (depth >= MAX_DEPTH) return add(depth, `${text} (too deep to show)`);
    const because = next.verdict === "deleted" ? `: ${describeBecause(next.because)}` : "";
    add(depth, `${text}${because}`);
    show(next, depth + 1);
  }
}

function headline(node: ProofNode): string {
  const claim =
    node.claim === undefined ? "" : `, claimed by ${node.claim.rule} as image ${node.claim.image}`;
  if (node.verdict === "kept") return `${node.name} is kept${claim}:`;
  const how = node.how === "manifest" ? "with its manifest" : "alone, and its manifest stays";
  return `${node.name} would go, ${how}${claim}: ${describeBecause(node.because)}`;
}
